import { crc32 } from 'node:zlib';
import type { Office } from '../pbx/office.ts';
import type { HeaderKind } from '../pbx/recordings.ts';

/** A file that the PBX has had under the name of a recording. */
export interface Version {
  bytes: Buffer;
  header: HeaderKind;
  audioSeconds: number | undefined;
}

/** A call for which the PBX has named the recording. */
export interface RecordedCall {
  callId: string;
  report: Record<string, unknown>;
  /** Something in the report was broken on its way. */
  isReportSpoilt: boolean;
}

/** What the archive should contain under a name, computed here and not by the code of the product. */
export interface ExpectedRecording {
  office: Office;
  name: string;
  key: string;
  contentType: string;
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
  /** It was not reported, and the PBX's clock was so wrong that its call log does not tell either. */
  isHidden: boolean;
  /** The PBX has deleted it. */
  isDeleted: boolean;
  /** The PBX will respond with a permanent error. */
  mayBeGivenUp: boolean;
}

/** The recorder's clock and the PBX's differ by less. */
const TALK_TIME_TOLERANCE_SECONDS = 5;

/** The values of `verified-by` that are right for a version, if it was archived for this call (docs/architecture.md). */
export function rightVerifiedBy(
  { office }: ExpectedRecording,
  { header, audioSeconds }: Version,
  { report }: RecordedCall,
): string[] {
  const { contentLength } = office;
  const isRepeated = header === 'lying' || header === 'unknown' || (header !== 'right' && !contentLength);
  const items = [
    ...(contentLength ? ['content-length'] : []),
    ...(header === 'right' ? ['riff-header'] : []),
    ...(isRepeated ? ['identical-downloads'] : []),
    ...(header === 'lying' ? ['header-contradicts'] : []),
    ...(header === 'unwritten' ? ['header-unwritten'] : []),
  ];
  const unknown = header === 'unknown' ? ['unknown-format'] : [];
  const talkSeconds = Number(report.talkduraction ?? 0);
  const isShort = audioSeconds !== undefined && audioSeconds < talkSeconds - TALK_TIME_TOLERANCE_SECONDS;
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

/** `NAME~CRC32.EXT`, the key of a recording whose own is taken. */
export function keyBeside(key: string, bytes: Buffer): string {
  const checksum = crc32(bytes).toString(16).padStart(8, '0');
  return key.replace(/(\.[^./]+)?$/, (extension) => `~${checksum}${extension}`);
}
