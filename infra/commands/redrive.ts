import { createEventBridgeClient, createSqsClient } from '../../functions/shared/aws-clients.ts';
import { createSender } from '../../functions/shared/jobs/queues.ts';
import { flag, parseCommandLine, UsageError } from '../shared/command-line.ts';
import { plural } from '../shared/text.ts';
import type { DeadLetter, UndeliveredEvent } from './dead-letters/dead-letter.ts';
import { withDeadLetters } from './dead-letters/dead-letter-queue.ts';
import { deleteDeadLetters } from './dead-letters/delete-dead-letters.ts';
import { publishAgain } from './dead-letters/publish-again.ts';
import { SELECTION_HELP, selectDeadLetters, selectionOptions } from './dead-letters/selection.ts';
import { type SendBackDeps, sendBack } from './dead-letters/send-back.ts';
import { describeAbsence, describeOutcome, describeTakenByOthers } from './dead-letters/show-dead-letters.ts';
import { DEPLOYMENT_HELP, deadLetterQueueUrls, deploymentOptions, findDeployment } from './deployment.ts';
import { runCommand } from './run-command.ts';

const HELP = `Sends dead letters back: recordings to the queues of their PBXs, as new jobs; changes of the index to its
queue; events to the event bus.

  npm run redrive -- --all
  npm run redrive -- --code pbx-20014 --pbx head-office

Which dead letters (if combined, those that match all)
  --all                all dead letters
${SELECTION_HELP}

How
  --delete             delete them instead, after showing them and asking for confirmation
  --help               show this text

${DEPLOYMENT_HELP}

Exits with 0 if all were sent back or deleted; otherwise with 1, and the reason for each that stays.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      ...selectionOptions,
      all: flag,
      delete: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  if (!values.all && !values.id && !values.code && !values.pbx) {
    throw new UsageError('Select dead letters with --id, --code or --pbx, or all with --all.');
  }
  if (values.delete && !process.stdin.isTTY) {
    throw new UsageError('--delete asks for confirmation. Run it in a terminal.');
  }
  const deployment = await findDeployment(values.local, positionals);
  const sqs = createSqsClient();
  const eventBridge = createEventBridgeClient();
  const publish = (event: UndeliveredEvent) => publishAgain(eventBridge, event);
  return withDeadLetters(sqs, deadLetterQueueUrls(deployment), async (taken) => {
    if (taken.takenByOthers > 0) console.log(describeTakenByOthers(taken.takenByOthers));
    const deadLetters = selectDeadLetters(taken.deadLetters, values);
    if (deadLetters.length === 0) {
      console.log(describeAbsence(taken, deployment));
      return true;
    }
    return values.delete
      ? deleteDeadLetters(deadLetters, taken)
      : sendAllBack(deadLetters, { ...deployment, ...createSender(sqs), publish, ...taken });
  });
});

async function sendAllBack(deadLetters: DeadLetter[], deps: SendBackDeps): Promise<boolean> {
  let stayed = 0;
  for (const deadLetter of deadLetters) {
    const problem = await sendBack(deadLetter, deps);
    if (problem !== undefined) stayed += 1;
    console.log(describeOutcome(deadLetter, problem));
  }
  const sent = deadLetters.length - stayed;
  console.log(`${plural(sent, 'dead letter')} sent back${stayed > 0 ? `, ${stayed} stayed` : ''}.`);
  return stayed === 0;
}
