import type { Trace } from '../engine/trace.ts';

/** What must always hold. The names are printed for violations and caught bugs. */
export type Invariant =
  | 'every recording is archived or dead-lettered'
  | 'no object is incomplete, wrong or forged'
  | 'the index has what the bucket has'
  | 'no object is overwritten'
  | 'the longest sound version is under the name'
  | 'every object has the right metadata'
  | 'no multipart upload stays open'
  | 'no message expires'
  | 'every dead letter has its reason'
  | 'no job is dead-lettered without a cause'
  | 'every reported call is queued'
  | 'every row of a call log is read'
  | 'a wrong clock is noticed'
  | 'reconciliation queues one job for a recording'
  | 'a recording has at most one dead letter'
  | 'every lost recording is counted once'
  | 'there is no alarm for what is no loss'
  | 'every call without a recording is settled'
  | 'what is archived is not downloaded again'
  | 'no random string is used twice or late'
  | 'no refused login is repeated'
  | 'no address is blocked'
  | 'no PBX has more than eight tokens'
  | 'no token is wasted'
  | 'no token is renewed while it is good'
  | 'a new token is saved before it is used'
  | 'every request is one that the PBX knows'
  | 'nothing leaves for another host'
  | 'every version of a session secret has a token'
  | 'no PBX has more than two downloads at a time'
  | 'no secret is logged'
  | 'every function finishes its work in time'
  | 'every failure has a cause'
  | 'no function lacks a permission'
  | 'no rejection is unhandled'
  | 'all work finishes';

export interface Violation {
  invariant: Invariant;
  detail: string;
}

/** Collects violations; the first one ends the run of the seed. */
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
