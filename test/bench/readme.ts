import type { Results } from './results.ts';
import { fixedCostTable, recordingCostTable, type Table, targetTable, toMarkdown } from './tables.ts';

/** Puts the figures into a README's text, each between its own two comments. */
export function enterFigures(readme: string, results: Results): string {
  const { machine, date, runs } = results;
  const { node, processor, cores, architecture } = machine;
  const where = `${date}, Node ${node}, ${cores} cores of ${processor} (${architecture}), medians of ${runs} runs`;
  return [
    ['targets', `${where}:\n\n${toMarkdown(targetTable(results))}`],
    ['recording-costs', titled(recordingCostTable(results))],
    ['fixed-costs', titled(fixedCostTable(results))],
  ].reduce((text, [name = '', block = '']) => replaceBlock(text, name, block), readme);
}

const titled = (table: Table) => `${table.title}:\n\n${toMarkdown(table)}`;

function replaceBlock(text: string, name: string, block: string): string {
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- bench: end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The README has no place for ${name}: ${begin} and ${end}.`);
  return `${text.slice(0, from)}${begin}\n\n${block}\n\n${text.slice(to)}`;
}
