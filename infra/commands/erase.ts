import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createDynamoDbClient,
  createS3Client,
  createSecretsManagerClient,
  createSqsClient,
} from '../../functions/shared/aws-clients.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { createEventKey } from '../../functions/shared/events/event-key.ts';
import { createIndexTable } from '../../functions/shared/recording-index/index-table.ts';
import { withDeadLetters } from './dead-letters/dead-letter-queue.ts';
import { describeTakenByOthers } from './dead-letters/show-dead-letters.ts';
import { deadLetterQueueUrls, findDeployment } from './deployment.ts';
import { erase } from './erase/erase.ts';
import { createAccessTraces } from './erase/erase-traces.ts';
import { HELP, readOptions } from './erase/options.ts';
import { runCommand } from './run-command.ts';

await runCommand(async () => {
  const options = readOptions();
  if (options === undefined) {
    console.log(HELP);
    return true;
  }
  const { pbx, recording, yes } = options;
  const deployment = await findDeployment(options.local, options.positionals);
  const { indexTable, accessTable, eventKeySecret } = deployment;
  const [s3, sqs, dynamoDb] = [createS3Client(), createSqsClient(), createDynamoDbClient()];
  const { accessKeyId } = await s3.config.credentials();
  return withDeadLetters(
    sqs,
    deadLetterQueueUrls(deployment),
    async ({ deadLetters, takenByOthers, remove }) => {
      if (takenByOthers > 0) console.error(describeTakenByOthers(takenByOthers));
      return erase(pbx, recording, {
        ...deployment,
        s3,
        sqs,
        deadLetters,
        remove,
        eventKey: eventKeySecret === undefined ? undefined : openEventKey(eventKeySecret),
        index:
          indexTable === undefined
            ? undefined
            : { table: createIndexTable(dynamoDb, indexTable), wait: delay },
        access: accessTable === undefined ? undefined : createAccessTraces(dynamoDb, accessTable),
        by: { user: userName(), host: hostname(), accessKeyId },
        confirm: async () => yes || (await askForName()) === recording.trim(),
        now: Date.now,
        show: (line) => console.error(line),
        print: (line) => console.log(line),
      });
    },
  );
});

function openEventKey(secretName: string) {
  return createEventKey(createSecrets(createSecretsManagerClient()), secretName, Date.now);
}

/** In a container, the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

/** Ctrl-C and Ctrl-D count as no. */
async function askForName(): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = terminal.question('Type the name of the recording to erase it: ');
    return (await Promise.race([answer, closed])).trim();
  } finally {
    terminal.close();
  }
}
