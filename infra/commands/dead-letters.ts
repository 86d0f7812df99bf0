import { createSqsClient } from '../../functions/shared/aws-clients.ts';
import { flag, parseCommandLine } from '../shared/command-line.ts';
import { toJsonLine } from '../shared/text.ts';
import type { DeadLetter } from './dead-letters/dead-letter.ts';
import { type TakenDeadLetters, withDeadLetters } from './dead-letters/dead-letter-queue.ts';
import {
  SELECTION_HELP,
  type Selection,
  selectDeadLetters,
  selectionOptions,
} from './dead-letters/selection.ts';
import {
  describeAbsence,
  describeDeadLetter,
  describeTakenByOthers,
  summarize,
} from './dead-letters/show-dead-letters.ts';
import {
  DEPLOYMENT_HELP,
  type Deployment,
  deadLetterQueueUrls,
  deploymentOptions,
  findDeployment,
} from './deployment.ts';
import { runCommand } from './run-command.ts';

const HELP = `Lists the dead letters: recordings, reports, changes of the index and events that were given up, each with the
reason.

  npm run dead-letters
  npm run dead-letters -- --code pbx-20014
  npm run --silent dead-letters -- --json > dead-letters.jsonl

Which dead letters (default: all)
${SELECTION_HELP}

How
  --json               print one JSON object per line, with all details
  --help               show this text

${DEPLOYMENT_HELP}
`;

await runCommand(async () => {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      ...selectionOptions,
      json: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const deployment = await findDeployment(values.local, positionals);
  await withDeadLetters(createSqsClient(), deadLetterQueueUrls(deployment), async (taken) => {
    const deadLetters = selectDeadLetters(taken.deadLetters, values);
    if (values.json) for (const deadLetter of deadLetters) console.log(toJson(deadLetter));
    else show(deadLetters, taken, deployment, values);
  });
  return true;
});

function show(
  deadLetters: DeadLetter[],
  taken: TakenDeadLetters,
  deployment: Deployment,
  selection: Selection,
): void {
  for (const deadLetter of deadLetters)
    console.log(`${describeDeadLetter(deadLetter, process.stdout.columns)}\n`);
  if (deadLetters.length === 0) console.log(describeAbsence(taken, deployment));
  else console.log(summarize(deadLetters, deployment, selection));
  if (taken.takenByOthers > 0) console.log(describeTakenByOthers(taken.takenByOthers));
}

function toJson({ receiptHandle, content, ...deadLetter }: DeadLetter): string {
  return toJsonLine({ kind: content.kind, ...deadLetter });
}
