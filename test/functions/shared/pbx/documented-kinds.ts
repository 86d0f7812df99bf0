import { sourceOf } from '../../../imports.ts';

/**
 * The kind of failure for each error number of a family, as docs/architecture.md says under "Error numbers of the PBX";
 * and that for `any other`.
 */
export function documentedKinds(family: 'S-Series' | 'P-Series'): Map<string, string> {
  const [, section = ''] = sourceOf('docs/architecture.md').split(`\n${family}:\n\n`);
  const rows = section.split('\n\n')[0]?.matchAll(/^\| ([^|]+) \| `([^`]+)` \|/gm) ?? [];
  return new Map(
    Array.from(rows).flatMap(([, cell = '', kind = '']) => {
      // Rows for one request only are about the client.
      const numbers = cell.includes(', when ') ? [] : cell.split(', ');
      return numbers.filter((number) => /^-?\d+$|^any other$/.test(number)).map((number) => [number, kind]);
    }),
  );
}
