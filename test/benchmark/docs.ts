import type { Table } from './tables.ts';

/** The documents with measured figures. */
export const DOCUMENTS = ['docs/benchmarks.md', 'docs/costs.md'];

/** Puts each table that has a place in the document between its two markers, and the conditions between theirs. */
export function enterTables(document: string, tables: readonly Table[], conditions: string): string {
  const blocks = new Map([['conditions', `Measured ${conditions}.`]]);
  for (const table of tables) blocks.set(table.name, `${table.title}:\n\n${toMarkdown(table)}`);
  return document.replaceAll(
    /<!-- benchmark: ([a-z-]+) -->.*?<!-- benchmark: end of \1 -->/gs,
    (_, name: string) => {
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`The benchmark has no table "${name}".`);
      return `<!-- benchmark: ${name} -->\n\n${block}\n\n<!-- benchmark: end of ${name} -->`;
    },
  );
}

export const toMarkdown = ({ head, rows }: Table): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
