import { availableParallelism } from 'node:os';
import { createRandom } from './engine/random.ts';
import { drawWeather } from './faults.ts';
import type { Invariant } from './invariants/violations.ts';
import { MUTATIONS, type Mutation, mutationNamed } from './mutations.ts';
import type { Options } from './options.ts';
import { drawFamilies } from './pbx/families.ts';
import type { Family } from './pbx/office.ts';
import { runTasks } from './workers.ts';

/** A bug that survives this many seeds is not caught. */
const MAX_SEEDS = 100;

/** Seeds among which those are chosen whose faults reveal a bug. */
const CANDIDATES = 1000;

interface Catch {
  mutation: Mutation;
  seed?: number;
  invariants: Invariant[];
}

/** Runs the product with each bug until a seed catches it, and prints which. Returns whether all are caught. */
export async function checkMutations({ mutation, calls }: Options): Promise<boolean> {
  const wanted = mutation?.map(mutationNamed) ?? MUTATIONS;
  const queue = wanted.values();
  const catches: Catch[] = [];
  const runLane = async () => {
    for (const next of queue) {
      const caught = await tryToCatch(next, calls);
      catches.push(caught);
      console.log(describe(caught));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runLane));
  const survivors = catches.filter(({ seed }) => seed === undefined).length;
  console.log(`${catches.length} bugs, ${catches.length - survivors} of them caught.`);
  return survivors === 0;
}

async function tryToCatch(mutation: Mutation, calls: number): Promise<Catch> {
  const tasks = seedsFor(mutation).map((seed) => ({ seed, calls, isTraced: false }));
  for await (const { seed, violations, digest } of runTasks(tasks.values(), mutation.name)) {
    const invariants = [...new Set(violations.map(({ invariant }) => invariant))];
    // On a busy machine, a seed may run out of real time without any fault of the product.
    if (invariants.length > 0 && digest !== '') return { mutation, seed, invariants };
  }
  return { mutation, invariants: [] };
}

/**
 * The first seeds, or those with most of the faults that the bug needs and fewest others, which hide it and cost time,
 * with a PBX of its family.
 */
function seedsFor({ seeds = [], needs = [], family }: Mutation): number[] {
  const candidates = Array.from({ length: CANDIDATES }, (_, index) => {
    const weather = drawWeather(createRandom(index + 1, 'weather'));
    return {
      seed: index + 1,
      chance: needs.reduce((product, kind) => product * (weather.get(kind) ?? 0), 1),
      others: needs.length === 0 ? 0 : weather.size,
    };
  });
  const ranked = candidates
    .filter(({ seed, chance }) => chance > 0 && (family === undefined || firstFamily(seed) === family))
    .sort((one, other) => other.chance - one.chance || one.others - other.others)
    .map(({ seed }) => seed);
  return [...new Set([...seeds, ...ranked])].slice(0, MAX_SEEDS);
}

function firstFamily(seed: number): Family | undefined {
  const [[, family] = []] = drawFamilies(createRandom(seed, 'families'), ['head-office']);
  return family;
}

function describe({ mutation: { name }, seed, invariants }: Catch): string {
  if (seed === undefined) return `${name.padEnd(42)} SURVIVES ${MAX_SEEDS} seeds`;
  return `${name.padEnd(42)} seed ${String(seed).padStart(3)}  ${invariants.join('; ')}`;
}
