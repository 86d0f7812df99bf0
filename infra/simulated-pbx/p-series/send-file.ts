import type { ServerResponse } from 'node:http';
import { type BodyMisbehaviour, sendAudio } from '../audio-response.ts';
import type { Step } from '../misbehaviours.ts';
import { selectRange } from '../ranges.ts';
import { sendHtml } from '../responses.ts';
import { sendOutcome } from './errcode.ts';
import { toMp3 } from './mp3.ts';
import type { PSeriesParts } from './parts.ts';

interface FileRequest {
  range: string | undefined;
  response: ServerResponse;
}

/** `undefined` if there is none, or it cannot be read at the moment. */
export const readFile = ({ storage, changed }: PSeriesParts, recording: string) =>
  changed.isStorageAway ? undefined : storage.readRecording(recording);

/** `undefined`: the response has been sent, or never will be. */
export function misbehaveEarly(
  pbx: PSeriesParts,
  recording: string,
  step: Step,
  { response }: FileRequest,
): number | undefined | 'behaves' {
  const early = pbx.misbehaviours.takeEarly(recording, step);
  const late = step === 'get_random' && !early ? pbx.misbehaviours.takeLate(recording, step) : undefined;
  const misbehaviour = early ?? late;
  if (misbehaviour) pbx.emit({ type: 'misbehaved', recording, kind: misbehaviour.kind });
  switch (misbehaviour?.kind) {
    case 'hang-up-before-reply':
      response.socket?.destroy();
      return undefined;
    case 'http-redirect':
      response.setHeader('Location', misbehaviour.location);
      sendHtml(response, 302, 'Found');
      return undefined;
    case 'http-500':
      sendHtml(response, 500, 'Internal Server Error');
      return undefined;
    case 'token-dropped':
      pbx.tokens.dropAll();
      return 10004;
    case 'not-ready':
    case 'deleted':
      return 60001;
    default:
      return 'behaves';
  }
}

export async function sendFile(pbx: PSeriesParts, recording: string, request: FileRequest): Promise<void> {
  const { range, response } = request;
  const outcome = misbehaveEarly(pbx, recording, 'download', request);
  if (outcome === undefined) return;
  if (outcome !== 'behaves') return sendOutcome(response, outcome);
  const stored = readFile(pbx, recording);
  if (stored === undefined) return sendOutcome(response, 60001);
  const misbehaviour = takeLate(pbx, recording);
  if (typeof misbehaviour === 'number') return sendOutcome(response, misbehaviour);
  const isMp3 = pbx.delivers === 'mp3';
  const bytes = isMp3 ? toMp3(stored) : stored;
  pbx.stats.downloads++;
  if (isMp3) pbx.mp3Downloads++;
  pbx.emit({ type: 'download-started', recording, bytes: bytes.length });
  response.on('close', () => {
    if (isMp3) pbx.mp3Downloads--;
    pbx.emit({ type: 'download-finished', recording, complete: response.writableFinished });
  });
  await sendAudio({
    response,
    ...selectRange(bytes, range, pbx.ranges),
    contentType: 'application/octet-stream',
    contentLength: pbx.contentLength,
    compression: 'none',
    misbehaviour,
    reset: pbx.reset,
  });
}

/** What goes wrong with the body, or the code that is sent instead. */
function takeLate(pbx: PSeriesParts, recording: string): BodyMisbehaviour | number | undefined {
  const misbehaviour = pbx.misbehaviours.takeLate(recording, 'download');
  if (misbehaviour) pbx.emit({ type: 'misbehaved', recording, kind: misbehaviour.kind });
  switch (misbehaviour?.kind) {
    case 'not-ready':
    case 'deleted':
      return 60001;
    case 'random-refused':
      return 10004;
    case 'json-instead-of-audio': {
      // In this family's form.
      const { errno, padding = '', ...rest } = misbehaviour;
      const text = `{"errcode":${errno},"errmsg":"FAILURE"}${padding}`;
      return { ...rest, kind: 'text-instead-of-audio', text };
    }
    default:
      return misbehaviour;
  }
}
