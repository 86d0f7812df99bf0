import { ArchiveError } from '../errors.ts';
import { recordingEmpty } from '../pbx/errors.ts';
import type { Container } from './container.ts';
import type { VerifiedBy } from './verified-by.ts';

/** A complete download that could not be verified. `at`: when the first one with these bytes ended (epoch ms). */
export interface EarlierDownload {
  bytes: number;
  crc32: number;
  at: number;
}

/** Facts about a recording besides its bytes. Times are epoch ms. */
export interface Expectation {
  /** Size of the complete file according to the PBX, when the download began. */
  totalBytes?: number | undefined;
  /**
   * The same, according to the response to a range. The bytes have to be as many, but it is no evidence: what the
   * upload says of the recording was written without it.
   */
  rangeTotalBytes?: number | undefined;
  /** Size in the PBX's list of recordings, of a file in the format that was delivered. */
  listedBytes?: number | undefined;
  /** Facts from the file's header; `undefined` if its format is unknown. */
  container?: Container | undefined;
  /** How long the parties talked, according to the PBX. */
  talkSeconds?: number | undefined;
  /** When the call ended or, if that is unknown, when it was reported. */
  endedAt: number;
  earlier?: EarlierDownload | undefined;
}

/** The recording may be complete, but a later look has to confirm it. */
export class Unverified extends ArchiveError {
  readonly download: EarlierDownload | undefined;

  constructor(code: string, message: string, notBefore?: number, download?: EarlierDownload) {
    super(code, message, { notBefore });
    this.download = download;
  }
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long a recorder may still be writing: a transferred call is reported when its first leg ends. */
export const SETTLED_AFTER_MS = HOUR_MS;

/** How long after the first download another one with the same bytes shows that it is the file that is cut. */
export const CUT_CONFIRMED_AFTER_MS = HOUR_MS;

/** A first look at the file of a call that has just ended is followed by one after this time, then after twice as long. */
const FIRST_LOOK_MS = 2 * MINUTE_MS;

/** The PBX's talk time is in whole seconds, and recorders start and stop a little late or early. */
const TALK_TIME_TOLERANCE_SECONDS = 5;

/**
 * How the completeness of `bytes` bytes is verified, doubts included. The decision table is in docs/architecture.md.
 * Throws
 * - `recording-empty`;
 * - `recording-incomplete` if the PBX announced more bytes, `recording-inconsistent` if it announced fewer;
 * - an `Unverified` if the recorder may still be writing (`recording-unfinished`), and until a later download has had
 *   the same bytes (`recording-unverified`, or `recording-incomplete` if the header states more).
 */
export function verify(
  { bytes, crc32 }: { bytes: number; crc32: number },
  expectation: Expectation,
  now: number,
): VerifiedBy[] {
  const { rangeTotalBytes, totalBytes = rangeTotalBytes, earlier } = expectation;
  if (bytes === 0) throw recordingEmpty();
  if (totalBytes !== undefined && bytes !== totalBytes)
    throw bytes < totalBytes ? incomplete(bytes, totalBytes) : inconsistent(bytes, totalBytes);

  const download = firstIdenticalDownload({ bytes, crc32 }, earlier, now);
  checkIsFinished(bytes, expectation, now, download);
  const intervalMs = repetitionIntervalMs(bytes, expectation);
  if (now < download.at + intervalMs) throw unverified(download, intervalMs, expectation);
  return verificationFor(bytes, expectation);
}

/** The download, with the time of the first one that had the same bytes. */
export const firstIdenticalDownload = (
  { bytes, crc32 }: { bytes: number; crc32: number },
  earlier: EarlierDownload | undefined,
  now: number,
): EarlierDownload =>
  earlier?.bytes === bytes && earlier.crc32 === crc32 ? earlier : { bytes, crc32, at: now };

/**
 * Throws `recording-unfinished` if the recorder may still be writing: it has not written the sizes into the header, or
 * the audio is shorter than the call. After an hour it is taken as it is.
 */
export function checkIsFinished(
  bytes: number,
  expectation: Expectation,
  now: number,
  download?: EarlierDownload,
): void {
  const { endedAt } = expectation;
  const ageMs = now - endedAt;
  if (ageMs >= SETTLED_AFTER_MS) return;
  const isUnwritten = compareHeader(bytes, expectation) === 'unwritten' || isForEmptyFile(bytes, expectation);
  if (!isUnwritten && !isShorterThanTalkTime(bytes, expectation)) return;
  const what = isUnwritten ? 'its header has no sizes yet' : 'its audio is shorter than the call';
  throw new Unverified(
    'recording-unfinished',
    `The PBX may still be writing the recording: ${what} (${bytes} bytes).`,
    Math.min(now + Math.max(ageMs, FIRST_LOOK_MS), endedAt + SETTLED_AFTER_MS),
    download,
  );
}

/** The result of `verify` for a recording of this size, if it is verified. */
export function verificationFor(bytes: number, expectation: Expectation): VerifiedBy[] {
  const header = compareHeader(bytes, expectation);
  const { totalBytes, container, listedBytes } = expectation;
  const verifiedBy: VerifiedBy[] = totalBytes === undefined ? [] : ['content-length'];
  if (bytes === listedBytes) verifiedBy.push('listed-size');
  if (header === 'agrees' && container !== undefined) verifiedBy.push(`${container.format}-header`);
  if (repetitionIntervalMs(bytes, expectation) > 0) verifiedBy.push('identical-downloads');
  if (header === 'exceeds' && totalBytes === undefined) verifiedBy.push('header-states-more');
  else if (header === 'exceeds' || header === 'contradicts') verifiedBy.push('header-contradicts');
  if (header === 'unwritten') verifiedBy.push('header-unwritten');
  if (isShorterThanTalkTime(bytes, expectation)) verifiedBy.push('shorter-than-talk-time');
  if (container === undefined) verifiedBy.push('unknown-format');
  return verifiedBy;
}

/** Some recorders write the header of an empty file first, and the sizes at the end. */
const isForEmptyFile = (bytes: number, { container }: Expectation) =>
  container?.audioEndsAt !== undefined &&
  container.audioEndsAt === container.audioStartsAt &&
  bytes > container.audioEndsAt;

/** What the header says about the number of bytes. `exceeds`: it states more. */
type HeaderFinding = 'agrees' | 'exceeds' | 'contradicts' | 'unwritten' | 'silent';

function compareHeader(bytes: number, { container }: Expectation): HeaderFinding {
  if (container === undefined || container.sizes === 'none') return 'silent';
  const { sizes, totalBytes = 0, audioStartsAt = 0, audioEndsAt = audioStartsAt } = container;
  if (bytes < Math.max(totalBytes, audioEndsAt)) return 'exceeds';
  // A file of odd size may be padded with one byte that the header does not count.
  const isTotal = bytes === totalBytes || bytes === totalBytes + (totalBytes % 2);
  if (totalBytes > 0 && !isTotal) return 'contradicts';
  return sizes === 'unwritten' ? sizes : 'agrees';
}

/**
 * How long a second download with the same bytes has to be apart from the first; 0 if there is evidence enough. Where
 * the header states more and the PBX announced no length, the connection may have been cut twice at the same byte.
 */
function repetitionIntervalMs(bytes: number, expectation: Expectation): number {
  const header = compareHeader(bytes, expectation);
  const isAnnounced = expectation.totalBytes !== undefined || bytes === expectation.listedBytes;
  if (header === 'exceeds' && !isAnnounced) return CUT_CONFIRMED_AFTER_MS;
  if (header === 'exceeds' || header === 'contradicts' || expectation.container === undefined)
    return FIRST_LOOK_MS;
  return isAnnounced || header === 'agrees' ? 0 : FIRST_LOOK_MS;
}

function isShorterThanTalkTime(bytes: number, { container, talkSeconds = 0 }: Expectation): boolean {
  if (container?.bytesPerSecond === undefined) return false;
  const { bytesPerSecond, audioStartsAt = 0, audioEndsAt = bytes, sizes } = container;
  const end = sizes === 'written' ? Math.min(audioEndsAt, bytes) : bytes;
  const seconds = (end - audioStartsAt) / bytesPerSecond;
  // A header without any audio may be all that has been written yet, even of a call of a few seconds.
  return seconds <= 0 ? talkSeconds > 0 : seconds < talkSeconds - TALK_TIME_TOLERANCE_SECONDS;
}

const incomplete = (bytes: number, expected: number) =>
  new ArchiveError(
    'recording-incomplete',
    `The recording is incomplete: received ${bytes} of ${expected} bytes.`,
  );

const inconsistent = (bytes: number, announced: number) =>
  new ArchiveError(
    'recording-inconsistent',
    `The PBX sent ${bytes} bytes of the recording, but announced ${announced}.`,
  );

/** A connection that was cut is worth another attempt at once. An odd file is not: it has to stay as it is. */
function unverified(download: EarlierDownload, intervalMs: number, expectation: Expectation): Unverified {
  const { bytes, at } = download;
  const { totalBytes, container } = expectation;
  if (totalBytes === undefined && compareHeader(bytes, expectation) === 'exceeds') {
    const stated = Math.max(container?.totalBytes ?? 0, container?.audioEndsAt ?? 0);
    const message = `The recording is incomplete: received ${bytes} of the ${stated} bytes that its header states.`;
    return new Unverified('recording-incomplete', message, undefined, download);
  }
  const message =
    `Nothing confirms that the ${bytes} bytes received are the complete recording. It is archived when a later ` +
    'download has the same bytes.';
  return new Unverified('recording-unverified', message, at + intervalMs, download);
}
