import { basename } from 'node:path/posix';
import type { Job } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import { recordingKey } from '../shared/recording-name.ts';
import type { Upload, Uploads } from './uploads.ts';

type Aborts = Pick<Uploads, 'abort'>;

/** Frees what an upload holds that nobody will go on with. Never fails. */
export async function discardUpload(upload: Upload, uploads: Aborts): Promise<void> {
  try {
    await uploads.abort(upload);
  } catch (error) {
    // The bucket's lifecycle rule clears it a day later.
    log('warn', 'upload-not-aborted', {
      recording: basename(upload.key),
      code: error instanceof Error ? error.name : 'unknown',
    });
  }
}

/** The same for the upload that the job, or its interrupted transfer, would have gone on with. */
export async function discardStored(
  { pbx, recording }: Pick<Job, 'pbx' | 'recording'>,
  stored: { uploadId: string } | undefined,
  uploads: Aborts,
): Promise<void> {
  if (stored === undefined) return;
  await discardUpload({ key: recordingKey(pbx, recording), uploadId: stored.uploadId }, uploads);
}
