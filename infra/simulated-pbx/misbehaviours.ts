/** The two requests that download a recording. */
export type Step = 'get_random' | 'download';

/**
 * One way to misbehave with one recording. It happens `times` times (default 1; `deleted` forever), then the PBX
 * behaves. In a list, each misbehaviour is used up before the next one applies.
 */
export type Misbehaviour = { times?: number } & (
  | { kind: 'hang-up-before-reply'; at?: Step }
  | { kind: 'http-500'; at?: Step }
  | { kind: 'http-redirect'; location: string; at?: Step }
  /** The token is dropped just before the request, which then gets 20004. */
  | { kind: 'token-dropped'; at?: Step }
  | { kind: 'not-ready'; at?: Step }
  | { kind: 'deleted' }
  | { kind: 'random-refused' }
  /**
   * Cuts the connection after `afterBytes` of this response, whichever part of the file it contains. `fin`: ends
   * it in order; `reset`: by a TCP RST. `contentLength` defaults to the PBX's own option.
   */
  | { kind: 'cut'; afterBytes: number; how: 'fin' | 'reset'; contentLength?: boolean }
  /** Sends `afterBytes` (default 1,000), then nothing more, until the client or `close()` ends it. */
  | { kind: 'stall'; afterBytes?: number }
  | { kind: 'drip'; chunkBytes?: number }
  /** Sends a `Content-Length` that is `delta` bytes more (the connection ends early) or fewer than follow. */
  | { kind: 'wrong-length'; delta: number }
  /** `contentType` defaults to that of audio. */
  | { kind: 'json-instead-of-audio'; errno: string; padding?: string; contentType?: string }
  | { kind: 'html-instead-of-audio'; contentType?: string }
  | { kind: 'text-instead-of-audio'; text?: string; contentType?: string }
  | { kind: 'empty-body'; contentType?: string }
);

type Early = 'hang-up-before-reply' | 'http-500' | 'http-redirect' | 'token-dropped';
/** Happens before the PBX checks token and random. */
export type EarlyMisbehaviour = Extract<Misbehaviour, { kind: Early }>;
/** Happens instead of the right response to a valid request. */
export type LateMisbehaviour = Exclude<Misbehaviour, { kind: Early }>;

/** Stands for the name of a recording where misbehaviours of CDR downloads are planned. */
export const CDR_FILE = 'the CDR file';

/** The planned misbehaviours that are still to come, by recording. */
export class Misbehaviours {
  #due = new Map<string, { misbehaviour: Misbehaviour; left: number }[]>();

  plan(recording: string, misbehaviours: Misbehaviour[]): void {
    const due = misbehaviours.map((misbehaviour) => {
      const timesByDefault = misbehaviour.kind === 'deleted' ? Number.POSITIVE_INFINITY : 1;
      return { misbehaviour, left: misbehaviour.times ?? timesByDefault };
    });
    this.#due.set(recording, due);
  }

  /** Cancels what is still to come of a kind. */
  cancel(recording: string, kind: Misbehaviour['kind']): void {
    const due = this.#due.get(recording) ?? [];
    this.#due.set(
      recording,
      due.filter(({ misbehaviour }) => misbehaviour.kind !== kind),
    );
  }

  takeEarly(recording: string, step: Step): EarlyMisbehaviour | undefined {
    const next = this.#due.get(recording)?.[0]?.misbehaviour;
    if (!next || !isEarly(next) || (next.at ?? 'download') !== step) return undefined;
    this.#countDown(recording);
    return next;
  }

  takeLate(recording: string, step: Step): LateMisbehaviour | undefined {
    const next = this.#due.get(recording)?.[0]?.misbehaviour;
    if (!next || isEarly(next)) return undefined;
    const isDue =
      next.kind === 'deleted' ||
      step === (next.kind === 'not-ready' ? (next.at ?? 'get_random') : 'download');
    if (!isDue) return undefined;
    this.#countDown(recording);
    return next;
  }

  #countDown(recording: string): void {
    const due = this.#due.get(recording);
    const first = due?.[0];
    if (due && first && --first.left <= 0) due.shift();
  }
}

function isEarly(misbehaviour: Misbehaviour): misbehaviour is EarlyMisbehaviour {
  const early: readonly string[] = ['hang-up-before-reply', 'http-500', 'http-redirect', 'token-dropped'];
  return early.includes(misbehaviour.kind);
}
