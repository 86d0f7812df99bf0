import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 30 * 60_000;

/** The paths under which files are offered for download, for 30 minutes each. */
export class Downloads {
  #now: () => number;
  #offers = new Map<string, { recording: string; issuedAt: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  offer(recording: string, firmware: string): string {
    const extension = recording.split('.').at(-1);
    const random = randomBytes(8).toString('hex');
    const path = `/api/download/Recording-${firmware}-download-20251009105502-${random}.${extension}`;
    this.#offers.set(path, { recording, issuedAt: this.#now() });
    return path;
  }

  find(path: string): string | undefined {
    const offer = this.#offers.get(path);
    return offer && this.#now() - offer.issuedAt < LIFETIME_MS ? offer.recording : undefined;
  }
}
