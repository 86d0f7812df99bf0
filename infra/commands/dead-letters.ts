import { createSqsClient } from '../../functions/shared/aws-clients.ts';
import { flag, parseCommandLine } from '../shared/command-line.ts';
import type { Letter } from './dead-letters/dead-letter.ts';
import { type TakenLetters, withLetters } from './dead-letters/dead-letter-queue.ts';
import { SELECTION_HELP, selectionOptions, selectLetters } from './dead-letters/selection.ts';
import {
  describeAbsence,
  describeLetter,
  describeTakenByOthers,
  summarize,
} from './dead-letters/show-dead-letters.ts';
import { DEPLOYMENT_HELP, type Deployment, deploymentOptions, findDeployment } from './deployment.ts';
import { runCommand } from './run-command.ts';

const HELP = `Lists the dead letters: recordings and reports that were given up, each with its reason.

  npm run dead-letters
  npm run dead-letters -- --code pbx-20014
  npm run --silent dead-letters -- --json > dead-letters.jsonl

Which letters (default: all)
${SELECTION_HELP}

How
  --json               one JSON object a line, with everything that is known
  --help               this text

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
  await withLetters(createSqsClient(), deployment.deadLetterQueueUrl, async (taken) => {
    const letters = selectLetters(taken.letters, values);
    if (values.json) for (const letter of letters) console.log(toJson(letter));
    else show(letters, taken, deployment);
  });
  return true;
});

function show(letters: Letter[], taken: TakenLetters, deployment: Deployment): void {
  for (const letter of letters) console.log(`${describeLetter(letter, process.stdout.columns)}\n`);
  if (letters.length === 0) console.log(describeAbsence(taken, deployment));
  else console.log(summarize(letters, deployment));
  if (taken.takenByOthers > 0) console.log(describeTakenByOthers(taken.takenByOthers));
}

function toJson({ receiptHandle, content, ...letter }: Letter): string {
  return JSON.stringify({ kind: content.kind, ...letter });
}
