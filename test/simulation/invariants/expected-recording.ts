import { crc32 } from 'node:zlib';
import type { Office } from '../pbx/office.ts';
import type { HeaderKind } from '../pbx/recordings.ts';

/** A file that the PBX has had under the name of a recording. */
export interface Version {
  bytes: Buffer;
  header: HeaderKind;
  audioSeconds: number | undefined;
}

/** What a report or the list of a PBX says of a call. */
export interface Account {
  /** By the names of the metadata; empty if it does not say. */
  details: Readonly<Record<string, string>>;
  /** 0 if it does not say. */
  talkSeconds: number;
  /** It is a list that has the size of the file, too. */
  isList: boolean;
}

/** A call for which the PBX has named the recording. */
export interface RecordedCall {
  callId: string;
  report: Record<string, unknown>;
  /** When it began, by the clock of the PBX: `yyyy-MM-dd HH:mm:ss`. */
  start: string;
  /** By any of these the archive may know of it. */
  accounts: Account[];
  /** Something in the report was broken on its way. */
  isReportSpoilt: boolean;
}

/** What the archive should contain under a name, computed here and not by the code of the product. */
export interface ExpectedRecording {
  office: Office;
  name: string;
  key: string;
  contentType: string;
  /** Under which the PBX sends it, if that is another name. */
  deliveredAs: string | undefined;
  /** More than one after a transfer, or if the PBX uses a name again. */
  calls: RecordedCall[];
  /** In the order in which the PBX had them. */
  versions: Version[];
  /** The version that the archive has to have in the end; `undefined` if any of them will do. */
  due: Version | undefined;
  /**
   * `not-recorded`: nobody answered, and the PBX made no recording; `empty`: it made a file without anything in it.
   */
  ending: 'archived' | 'not-recorded' | 'empty';
  /** A report of it was accepted. */
  isReported: boolean;
  /** It was not reported, and the PBX's clock was so wrong that its call log does not tell either. */
  isHidden: boolean;
  /** The PBX has deleted it. */
  isDeleted: boolean;
  /** The PBX's own archive has moved it, and the PBX says so. */
  isMovedAway: boolean;
  /** The PBX will respond with a permanent error. */
  mayBeGivenUp: boolean;
}

/** The recorder's clock and the PBX's differ by less. */
const TALK_TIME_TOLERANCE_SECONDS = 5;

/**
 * The values of `verified-by` that are right for a version, if the archive knew of the call by this account
 * (docs/architecture.md).
 */
export function rightVerifiedBy(recording: ExpectedRecording, version: Version, account: Account): string[] {
  // A list has the size of the format that it names, and a file that grows had another one when it was listed.
  const isListed = account.isList && recording.contentType === 'audio/wav';
  const isListedSize = isListed ? [true, ...(recording.versions.length > 1 ? [false] : [])] : [false];
  return isListedSize.flatMap((listed) => verifiedByWith(listed, recording.office, version, account));
}

function verifiedByWith(
  isListedSize: boolean,
  { contentLength }: Office,
  { header, audioSeconds }: Version,
  { talkSeconds }: Account,
): string[] {
  const isAnnounced = contentLength || isListedSize;
  const isRepeated = header === 'lying' || header === 'unknown' || (header !== 'right' && !isAnnounced);
  const items = [
    ...(contentLength ? ['content-length'] : []),
    ...(isListedSize ? ['listed-size'] : []),
    ...(header === 'right' ? ['riff-header'] : []),
    ...(isRepeated ? ['identical-downloads'] : []),
    ...(header === 'lying' ? ['header-contradicts'] : []),
    ...(header === 'unwritten' ? ['header-unwritten'] : []),
  ];
  const unknown = header === 'unknown' ? ['unknown-format'] : [];
  const isWithoutAudio = audioSeconds === 0 && talkSeconds > 0;
  const isShort =
    isWithoutAudio ||
    (audioSeconds !== undefined && audioSeconds < talkSeconds - TALK_TIME_TOLERANCE_SECONDS);
  const asIs = [...items, ...unknown].join(' ');
  const asShort = [...items, 'shorter-than-talk-time', ...unknown].join(' ');
  // A header that states too little may be believed when the length of the audio is computed. One that states too much
  // is told apart if nothing else says how long the recording is.
  if (header === 'lying') {
    const texts = [asIs, asShort];
    if (contentLength) return texts;
    return [...texts, ...texts.map((text) => text.replace('header-contradicts', 'header-states-more'))];
  }
  return [isShort ? asShort : asIs];
}

/**
 * Nothing tells the archive of the recording: neither a report, nor a list of recordings, which in some families has only
 * those that are there.
 */
export const isUnknowable = ({ office, isHidden, isReported, isDeleted, ending }: ExpectedRecording) =>
  isHidden || (!isReported && !office.hasCallLog && (isDeleted || ending !== 'archived'));

/** `NAME~CRC32.EXT`, the key of a recording whose own is taken. */
export function keyBeside(key: string, bytes: Buffer): string {
  const checksum = crc32(bytes).toString(16).padStart(8, '0');
  return key.replace(/(\.[^./]+)?$/, (extension) => `~${checksum}${extension}`);
}
