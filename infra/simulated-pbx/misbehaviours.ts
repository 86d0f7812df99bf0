/** The two requests of a recording's download. */
export type Step = 'get_random' | 'download';

/**
 * One way of going wrong with one recording. It does so `times` times (default 1, `deleted` for ever) and
 * then behaves. Of a list, the first one has to be used up before the second one is looked at.
 */
export type Misbehaviour = { times?: number } & (
  | { kind: 'hang-up-before-reply'; at?: Step }
  | { kind: 'http-500'; at?: Step }
  | { kind: 'http-redirect'; location: string; at?: Step }
  /** The token dies just before the request; the request then meets 20004. */
  | { kind: 'token-dropped'; at?: Step }
  | { kind: 'not-ready'; at?: Step }
  | { kind: 'deleted' }
  | { kind: 'random-refused' }
  /**
   * `afterBytes` of this reply, whichever part of the file it holds. `fin`: an orderly end of the connection;
   * `reset`: a TCP RST. `contentLength` as the PBX's own by default.
   */
  | { kind: 'cut'; afterBytes: number; how: 'fin' | 'reset'; contentLength?: boolean }
  /** Sends `afterBytes` (default 1,000), then nothing more, until the client or `close()` ends it. */
  | { kind: 'stall'; afterBytes?: number }
  | { kind: 'drip'; chunkBytes?: number }
  /** A `Content-Length` of `delta` more (the socket ends early) or fewer bytes than follow. */
  | { kind: 'wrong-length'; delta: number }
  /** `contentType`: the one of audio by default. */
  | { kind: 'json-instead-of-audio'; errno: string; contentType?: string }
  | { kind: 'html-instead-of-audio'; contentType?: string }
  | { kind: 'text-instead-of-audio'; text?: string; contentType?: string }
  | { kind: 'empty-body'; contentType?: string }
);

type Early = 'hang-up-before-reply' | 'http-500' | 'http-redirect' | 'token-dropped';
/** What happens before the PBX has looked at token and random. */
export type EarlyMisbehaviour = Extract<Misbehaviour, { kind: Early }>;
/** What happens instead of the right answer to a right request. */
export type LateMisbehaviour = Exclude<Misbehaviour, { kind: Early }>;

/** What the misbehaviours of CDR downloads are planned for, in a recording's place. */
export const CDR_FILE = 'the CDR file';

/** The misbehaviours still due, by recording. */
export class Misbehaviours {
  #due = new Map<string, { misbehaviour: Misbehaviour; left: number }[]>();

  plan(recording: string, misbehaviours: Misbehaviour[]): void {
    const due = misbehaviours.map((misbehaviour) => {
      const timesByDefault = misbehaviour.kind === 'deleted' ? Number.POSITIVE_INFINITY : 1;
      return { misbehaviour, left: misbehaviour.times ?? timesByDefault };
    });
    this.#due.set(recording, due);
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
