import { setTimeout as delay } from 'node:timers/promises';
import { createS3Client, createSecretsManagerClient } from '../../functions/shared/aws-clients.ts';
import { createArchiveIndex } from '../../functions/shared/call-log/archive-index.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { ArchiveError } from '../../functions/shared/errors.ts';
import { createRecordingStore } from '../../functions/shared/recordings/recording-store.ts';
import { openPbxs } from '../../functions/shared/session/pbxs.ts';
import { logChannel } from '../../functions/shared/telemetry/log.ts';
import { backfill } from './backfill/backfill.ts';
import { HELP, readOptions } from './backfill/options.ts';
import { assertHasPbx, findDeployment } from './deployment.ts';
import { runCommand } from './run-command.ts';

await runCommand(async () => {
  const options = readOptions();
  if (options === undefined) {
    console.log(HELP);
    return true;
  }
  const deployment = await findDeployment(options.local, options.positionals);
  assertHasPbx(deployment, options.pbx);
  const { name, bucket, registry, reportHost } = deployment;
  const secrets = createSecrets(createSecretsManagerClient());
  console.log(`PBX ${options.pbx} of ${name}, ${options.from} to ${options.to}`);
  const s3 = createS3Client();
  const stop = new AbortController();
  const interrupt = () => stop.abort(new ArchiveError('interrupted', 'Stopped.'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  // Subscribing replaces console output. The command prints the outcomes itself.
  logChannel.subscribe(() => {});
  return backfill(options, {
    ...openPbxs(registry, reportHost, { secrets, s3, bucket }).get(options.pbx),
    archive: createArchiveIndex(s3, bucket),
    store: createRecordingStore(s3, bucket),
    stop,
    now: Date.now,
    startTimer(onEnd, ms) {
      const timer = setTimeout(onEnd, ms);
      return { restart: () => void timer.refresh(), stop: () => clearTimeout(timer) };
    },
    // Interrupted by `stop`, which says why.
    wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
  });
});
