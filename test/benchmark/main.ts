import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../infra/commands/run-command.ts';
import { flag, parseCommandLine, UsageError, value } from '../../infra/shared/command-line.ts';
import { DOCUMENTS, enterTables, toMarkdown } from './docs.ts';
import { measureAll, measureSearchOnly } from './measure.ts';
import { PROJECT_ROOT } from './stack.ts';
import { searchTable, type Table, tablesOf } from './tables.ts';

const HELP = `Measures the bundles that the stack deploys, with AWS and the PBXs emulated on this machine.

  --runs N        Measure streaming and memory N times, cold starts 3 N times (default: 7)
  --sizes M,N     Stream recordings of M and N MiB (default: 60,200,1024)
  --seconds N     Post reports for N seconds at each rate (default: 20)
  --backlogs M,N  Work through queues of M and N jobs (default: 100,1000)
  --buckets M,N   Request links with M and N recordings in the bucket, at least 50 (default: 1000,10000)
  --rows N        Search an index of N rows (default: 100000, and with --docs 1000000, which takes a while)
  --only search   Measure searches and nothing else
  --docs          Write the tables to ${DOCUMENTS.join(' and ')}
  --help          Show this text`;

await runCommand(async () => {
  const { values } = parseCommandLine({
    args: process.argv.slice(2),
    options: {
      runs: value,
      sizes: value,
      seconds: value,
      backlogs: value,
      buckets: value,
      rows: value,
      only: value,
      docs: flag,
      help: flag,
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const rows = readCount('--rows', values.rows ?? (values.docs ? '1000000' : '100000'));
  if (values.only !== undefined) {
    if (values.only !== 'search') throw new UsageError('--only must be search.');
    if (values.docs) throw new UsageError('Give either --only or --docs, not both.');
    const measured = await measureSearchOnly(rows);
    show(measured.conditions, [searchTable(measured)]);
    return true;
  }
  const results = await measureAll({
    runs: readCount('--runs', values.runs ?? '7'),
    sizes: readCounts('--sizes', values.sizes ?? '60,200,1024'),
    seconds: readCount('--seconds', values.seconds ?? '20'),
    backlogs: readCounts('--backlogs', values.backlogs ?? '100,1000'),
    buckets: readCounts('--buckets', values.buckets ?? '1000,10000'),
    rows,
  });
  const tables = tablesOf(results);
  show(results.conditions, tables);
  if (values.docs) {
    for (const document of DOCUMENTS) {
      const path = join(PROJECT_ROOT, document);
      await writeFile(path, enterTables(await readFile(path, 'utf8'), tables, results.conditions));
    }
  }
  return true;
});

function show(conditions: string, tables: readonly Table[]): void {
  console.log(conditions);
  for (const table of tables) console.log(`\n${table.title}\n\n${toMarkdown(table)}`);
}

function readCount(option: string, text: string): number {
  const [count, ...others] = readCounts(option, text);
  if (count !== undefined && others.length === 0) return count;
  throw new UsageError(`${option} must be a single number.`);
}

function readCounts(option: string, text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1)) return counts;
  throw new UsageError(`${option} must be whole numbers of at least 1, separated by commas.`);
}
