import type { Item } from '../aws/dynamodb.ts';
import type { World } from '../world.ts';

/** What the rows of the index say is what the bucket has, in the end. Derived from the keys, without the product's help. */
export class IndexChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  atEnd(): void {
    const { aws, violations } = this.#world;
    const rows = Map.groupBy(
      aws.dynamoDb.items.filter(({ sk }) => /^\d/.test(sk?.S ?? '')),
      ({ pbx, recording }) => `${pbx?.S} ${recording?.S}`,
    );
    const report = (problem: string) => violations.add('the index has what the bucket has', problem);
    for (const [name, found] of rows) if (found.length > 1) report(`${name} has ${found.length} rows`);
    const expected = new Set<string>();
    for (const [key, { bytes, crc32 }] of aws.s3.objects) {
      const name = nameIn(key, 'recordings');
      if (name === undefined) continue;
      expected.add(name);
      const row = rows.get(name)?.[0];
      const said = describe(row);
      const right = `archived, ${bytes.length} bytes, ${crc32}`;
      if (said !== right) report(`${key} is ${right}, but its row says: ${said}`);
    }
    for (const [name, states] of this.#markedStates()) {
      if (expected.has(name)) continue;
      expected.add(name);
      const state = rows.get(name)?.[0]?.state?.S;
      if (!states.includes(state)) report(`${name} should be ${states.join(' or ')}, but is ${state}`);
    }
    for (const name of rows.keys()) if (!expected.has(name)) report(`${name} has a row, but no object`);
  }

  /** The states that a recording without an object may have. */
  #markedStates(): Map<string, (string | undefined)[]> {
    const states = new Map<string, (string | undefined)[]>();
    for (const [key, { metadata }] of this.#world.aws.s3.objects) {
      for (const [folder, state] of Object.entries(ENDINGS)) {
        const name = nameIn(key, `reconciliation/${folder}`);
        const ending = folder === 'ended' ? metadata.ending : state;
        if (name === undefined) continue;
        const said = ending === 'not-recorded' ? undefined : ending;
        const others = (states.get(name) ?? []).filter((other) => other !== 'waiting');
        if (said !== 'waiting' || others.length === 0) states.set(name, [...others, said]);
      }
    }
    return states;
  }
}

/** What markers say, by their folders. */
const ENDINGS: Readonly<Record<string, string>> = {
  ended: 'ended',
  lost: 'lost',
  'dead-lettered': 'dead-lettered',
  'not-recorded': 'not-recorded',
  queued: 'waiting',
};

function nameIn(key: string, folder: string): string | undefined {
  if (!key.startsWith(`${folder}/`)) return undefined;
  const [pbx = '', ...path] = key.slice(folder.length + 1).split('/');
  const file = path.at(-1) ?? '';
  return `${pbx} ${path.at(-2) === 'encoded' ? decodeURIComponent(file) : file}`;
}

const describe = (row: Item | undefined) =>
  row === undefined ? 'nothing' : `${row.state?.S}, ${row.bytes?.N} bytes, ${row.crc32?.S}`;
