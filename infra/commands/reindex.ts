import {
  createDynamoDbClient,
  createS3MetadataClient,
  createSqsClient,
} from '../../functions/shared/aws-clients.ts';
import { timeZoneOf } from '../../functions/shared/config/pbx-registry.ts';
import { ArchiveError } from '../../functions/shared/errors.ts';
import { createSender } from '../../functions/shared/jobs/queues.ts';
import { createBucketReader } from '../../functions/shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../../functions/shared/recording-index/index-table.ts';
import { UsageError } from '../shared/command-line.ts';
import { findDeployment } from './deployment.ts';
import { HELP, readOptions } from './reindex/options.ts';
import { reindex } from './reindex/reindex.ts';
import { runCommand } from './run-command.ts';

await runCommand(async () => {
  const options = readOptions(Date.now());
  if (options === undefined) {
    console.log(HELP);
    return true;
  }
  const { name, bucket, indexTable, indexQueues, registry } = await findDeployment(
    options.local,
    options.positionals,
  );
  if (indexTable === undefined) throw new UsageError(`There is no index in ${name} yet. Run npm run deploy.`);
  console.log(`The index of ${name}, ${options.from} to ${options.to}`);
  const zoneOf = (pbx: string) => timeZoneOf(registry, pbx);
  const s3 = createS3MetadataClient();
  const { send } = createSender(createSqsClient());
  const stop = new AbortController();
  const interrupt = () => stop.abort(new ArchiveError('interrupted', 'Stopped.'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return reindex(options, {
    s3,
    bucket,
    reader: createBucketReader(s3, bucket, zoneOf),
    table: createIndexTable(createDynamoDbClient(), indexTable),
    timeZoneOf: zoneOf,
    requestDeletion: indexQueues && ((event) => send(indexQueues.eventsUrl, event)),
    now: Date.now,
    signal: stop.signal,
  });
});
