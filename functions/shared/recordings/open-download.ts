import { toArchiveError } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import type { PbxClient } from '../pbx/pbx-client.ts';
import type { RecordingSource } from '../pbx/recording-source.ts';
import { log } from '../telemetry/log.ts';
import type { Download } from './save-recording.ts';

interface OpenDeps {
  client: PbxClient;
  signal: AbortSignal;
}

/**
 * Opens a recording where earlier runs stopped. Opens it from its start if there were none, if the PBX does not send
 * the requested range, or if the file's size has changed.
 */
export async function openDownload(job: Job, token: string, { client, signal }: OpenDeps): Promise<Download> {
  const { recording, progress } = job;
  const openFromStart = () => client.openRecording(token, recording, signal);
  if (progress === undefined) return { source: await openFromStart(), isResumable: true };

  const logRestart = (why: string) =>
    log('info', 'restarted', { pbx: job.pbx, recording, why, storedBytes: progress.bytes });
  let source: RecordingSource;
  try {
    source = await client.openRecording(token, recording, signal, progress.bytes);
  } catch (error) {
    const { code } = toArchiveError(error);
    if (code !== 'pbx-bad-range') throw error;
    logRestart(code);
    return { source: await openFromStart(), isResumable: false };
  }
  // The PBX ignores ranges, or it sends an error instead of the recording, which is detected when the body is read.
  if (source.start === 0) return { source, isResumable: false };
  const { totalBytes = source.totalBytes } = progress;
  if (source.totalBytes === undefined || source.totalBytes === totalBytes) {
    return { source, stored: progress, isResumable: true };
  }
  logRestart('size-changed');
  source.body.destroy();
  return { source: await openFromStart(), isResumable: true };
}
