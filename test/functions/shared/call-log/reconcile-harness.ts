import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createArchiveIndex } from '../../../../functions/shared/call-log/archive-index.ts';
import type { FindDeps } from '../../../../functions/shared/call-log/find-missing.ts';
import {
  createMarkers,
  type MarkerKind,
  markerKey,
} from '../../../../functions/shared/recordings/markers.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import type { SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { startPbxHarness } from '../../../infra/simulated-pbx/harness.ts';
import { useS3 } from '../../aws-services.ts';
import { clientOf } from '../pbx/scripted-pbx.ts';
import { startSession } from '../session/session-harness.ts';

await useS3();
const s3 = new S3Client({ forcePathStyle: true });

/** A simulated PBX, an empty bucket in the embedded S3, and the dependencies of a comparison between them. */
export async function startReconcileHarness(options: SimulatedPbxOptions = {}) {
  const { pbx, clock } = await startPbxHarness(options);
  const client = clientOf(pbx.url, { tls: { fingerprint256: pbx.fingerprint256 } });
  const { session } = await startSession(client, { clock });
  const bucket = randomUUID();
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const deps: FindDeps = {
    pbxId: 'test',
    client,
    session,
    archive: createArchiveIndex(s3, bucket),
    timeZone: options.timeZone ?? 'UTC',
    now: () => clock.now,
    signal: new AbortController().signal,
  };
  return {
    pbx,
    clock,
    deps,
    markers: createMarkers(s3, bucket),
    /** Stores an object for the recording, as archive-recording would. */
    async store(recording: string) {
      const Key = recordingKey('test', recording);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'RIFF' }));
    },
    async mark(kind: MarkerKind, recording: string) {
      const Key = markerKey(kind, 'test', recording);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, ContentLength: 0 }));
    },
  };
}
