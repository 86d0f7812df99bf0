/** A source of random values that gives the same sequence for the same seed. */
export interface Random {
  /** From 0 up to but not including 1. */
  next(): number;
  isTrue(probability: number): boolean;
  /** Both ends included. */
  integer(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  bytes(count: number): Buffer;
  /** Lower-case letters and digits. */
  text(length: number): string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Each `purpose` has its own sequence, so that an additional draw for one does not change the others. */
export function createRandom(seed: number, purpose: string): Random {
  let state = [...purpose].reduce(
    (hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x01000193),
    seed ^ 0x811c9dc5,
  );
  /** mulberry32 */
  const nextWord = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = () => nextWord() / 2 ** 32;
  const integer = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error('There is nothing to pick from.');
    return items[integer(0, items.length - 1)] as T;
  };
  return {
    next,
    isTrue: (probability) => next() < probability,
    integer,
    pick,
    bytes: (count) => {
      const words = new Uint32Array(Math.ceil(count / 4));
      for (let index = 0; index < words.length; index++) words[index] = nextWord();
      return Buffer.from(words.buffer).subarray(0, count);
    },
    text: (length) => Array.from({ length }, () => pick([...ALPHABET])).join(''),
  };
}
