import { type BodyMisbehaviour, sendAudio } from './audio-response.ts';
import { type CdrWindow, cdrCsv, isInWindow } from './cdr-csv.ts';
import type { Errno } from './errno.ts';
import { CDR_FILE } from './misbehaviours.ts';
import type { ApiRequest, PbxParts } from './parts.ts';
import { type Selection, selectRange } from './ranges.ts';

/** The resources that a random can be bound to. */
export const recordingResource = (name: string) => `recording ${name}`;
export const cdrResource = ({ extensions, starttime, endtime }: CdrWindow) =>
  `cdr ${extensions} ${starttime} ${endtime}`;

/** Sends the response itself, or returns the error number to respond with. */
type Download = (pbx: PbxParts, request: ApiRequest) => Promise<Errno | undefined>;

export const downloads: Readonly<Record<string, Download>> = {
  'recording/download': async (pbx, request) => {
    const { response, query } = request;
    const { emit } = pbx;
    const recording = query.get('recording') ?? '';
    const isRefused = takeRandom(pbx, request, recordingResource(recording));
    const bytes = pbx.storage.readRecording(recording);
    if (isRefused || !bytes) return '20012';
    if (pbx.storageErrno) return pbx.storageErrno;

    const misbehaviour = takeLate(pbx, recording);
    if (typeof misbehaviour === 'string') return misbehaviour;

    emit({ type: 'download-started', recording, bytes: bytes.length });
    response.on('close', () => {
      emit({ type: 'download-finished', recording, complete: response.writableFinished });
    });
    // A range of a compressed file would be one of its compressed bytes.
    const ranges = pbx.compression === 'none' ? pbx.ranges : 'ignored';
    const selection = selectRange(bytes, request.range, ranges);
    await sendFile(pbx, request, { ...selection, contentType: 'audio/x-wav' }, misbehaviour);
    return undefined;
  },

  'cdr/download': async (pbx, request) => {
    const { query } = request;
    const window = {
      extensions: query.get(pbx.apiVersion === 'v2.0.0' ? 'number' : 'extid') ?? '',
      starttime: query.get('starttime') ?? '',
      endtime: query.get('endtime') ?? '',
    };
    if (takeRandom(pbx, request, cdrResource(window))) return '20012';
    const reports = pbx.storage.reports.filter((report) => isInWindow(report, window));
    const misbehaviour = takeLate(pbx, CDR_FILE);
    if (typeof misbehaviour === 'string') return misbehaviour;
    pbx.emit({ type: 'cdr-downloaded', rows: reports.length });
    const csv = selectRange(Buffer.from(pbx.writeCdrs(cdrCsv(reports))), undefined, 'ignored');
    await sendFile(pbx, request, { ...csv, contentType: 'text/csv' }, misbehaviour);
    return undefined;
  },
};

/** Returns what goes wrong with the body, or the error number that is sent instead. */
function takeLate(
  { misbehaviours, emit }: PbxParts,
  recording: string,
): BodyMisbehaviour | Errno | undefined {
  const misbehaviour = misbehaviours.takeLate(recording, 'download');
  if (misbehaviour) emit({ type: 'misbehaved', recording, kind: misbehaviour.kind });
  if (misbehaviour?.kind === 'not-ready' || misbehaviour?.kind === 'deleted') return '20014';
  return misbehaviour?.kind === 'random-refused' ? '20012' : misbehaviour;
}

function sendFile(
  { contentLength, compression, reset }: PbxParts,
  { response }: ApiRequest,
  file: Selection & { contentType: string },
  misbehaviour: BodyMisbehaviour | undefined,
): Promise<void> {
  return sendAudio({ response, ...file, contentLength, compression, misbehaviour, reset });
}

function takeRandom(pbx: PbxParts, { query, address }: ApiRequest, resource: string): boolean {
  const reason = pbx.randoms.take(query.get('random') ?? '', resource, address);
  if (reason) pbx.emit({ type: 'random-refused', resource, reason });
  return reason !== undefined;
}
