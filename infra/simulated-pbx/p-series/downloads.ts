import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 30 * 60_000;

interface Offer {
  recording: string;
  /** The access token that asked for the file. */
  token: string;
  issuedAt: number;
}

/** The paths under which files are offered for download, for 30 minutes each. */
export class Downloads {
  #now: () => number;
  #offers = new Map<string, Offer>();

  constructor(now: () => number) {
    this.#now = now;
  }

  offer(recording: string, firmware: string, token: string): string {
    const extension = recording.split('.').at(-1);
    const random = randomBytes(8).toString('hex');
    const path = `/api/download/Recording-${firmware}-download-20251009105502-${random}.${extension}`;
    this.#offers.set(path, { recording, token, issuedAt: this.#now() });
    return path;
  }

  /**
   * The recording, or the code of a failure. The guide does not say whether another valid token may fetch the file, so
   * it gets the response of one that has ended.
   */
  find(path: string, token: string): string | number {
    const offer = this.#offers.get(path);
    if (offer === undefined || this.#now() - offer.issuedAt >= LIFETIME_MS) return 60001;
    return offer.token === token ? offer.recording : 10004;
  }
}
