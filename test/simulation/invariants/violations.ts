import type { Trace } from '../engine/trace.ts';

/** What must never happen. The names are those that the mutation check tells. */
export type Invariant =
  | 'each recording is stored'
  | 'no object is partial or foreign'
  | 'no object is overwritten'
  | 'an object is described rightly'
  | 'no upload stays open'
  | 'no message vanishes'
  | 'a dead letter has its reason'
  | 'nothing is given up without a cause'
  | 'a lost recording is counted once'
  | 'no random is used twice or late'
  | 'a refused login is not repeated'
  | 'a PBX has two downloads at most'
  | 'no secret is logged'
  | 'a function ends in time, with all its work'
  | 'a failure has a cause'
  | 'no promise is forgotten'
  | 'everything comes to rest';

export interface Violation {
  invariant: Invariant;
  detail: string;
}

/** Collects what was broken; the first one ends the seed's run. */
export class Violations {
  readonly found: Violation[] = [];
  readonly #trace: Trace;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  add(invariant: Invariant, detail: string): void {
    this.#trace.add('VIOLATION', `${invariant}: ${detail}`);
    this.found.push({ invariant, detail });
  }
}
