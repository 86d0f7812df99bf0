import { toArchiveError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import type { PbxClient, RecordingSource } from '../shared/pbx/types.ts';
import type { Download } from './save-recording.ts';

export interface OpenDeps {
  client: PbxClient;
  token: string;
  signal: AbortSignal;
}

/**
 * Opens a recording where the runs before this one have stopped; from its beginning where there were none, and
 * where the PBX, or another size of the file, leaves no other way.
 */
export async function openDownload(job: Job, deps: OpenDeps): Promise<Download> {
  const { recording, progress } = job;
  const { client, token, signal } = deps;
  const openWhole = () => client.openRecording(token, recording, signal);
  if (progress === undefined) return { source: await openWhole(), isResumable: true };

  const beginAgain = (why: string) =>
    log('info', 'begun-again', { pbx: job.pbx, recording, why, storedBytes: progress.bytes });
  let source: RecordingSource;
  try {
    source = await client.openRecording(token, recording, signal, progress.bytes);
  } catch (error) {
    const { code } = toArchiveError(error);
    if (code !== 'pbx-bad-range') throw error;
    beginAgain(code);
    return { source: await openWhole(), isResumable: false };
  }
  // The PBX ignores ranges; or it sends an error in the recording's place, which is seen when it is read.
  if (source.start === 0) return { source, isResumable: false };
  const { totalBytes = source.totalBytes } = progress;
  if (source.totalBytes === undefined || source.totalBytes === totalBytes) {
    return { source, stored: progress, isResumable: true };
  }
  beginAgain('size-changed');
  source.body.destroy();
  return { source: await openWhole(), isResumable: true };
}
