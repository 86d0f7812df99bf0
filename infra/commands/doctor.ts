import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import {
  createDynamoDbClient,
  createS3MetadataClient,
  createSecretsManagerClient,
  createSqsClient,
} from '../../functions/shared/aws-clients.ts';
import { TIMEOUT_SECONDS } from '../../functions/shared/config/limits.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { flag, parseCommandLine, value } from '../shared/command-line.ts';
import { print } from '../shared/print.ts';
import { toJsonLine } from '../shared/text.ts';
import {
  assertHasPbx,
  DEPLOYMENT_HELP,
  type Deployment,
  deploymentOptions,
  findDeployment,
} from './deployment.ts';
import type { LinkApi } from './doctor/check-link.ts';
import { diagnose, summarize } from './doctor/diagnose.ts';
import { describeFinding, type Finding } from './doctor/finding.ts';
import { runCommand } from './run-command.ts';

const HELP = `Checks whether the archive works, from the stack to a link that downloads. Prints a line for each check:
ok, or what to do. A line that begins with - could not be checked.

  npm run doctor
  npm run doctor -- --pbx head-office
  npm run --silent doctor -- --json

Which PBX
  --pbx ID             only this one (default: all)

How
  --json               print one JSON object per line
  --help               show this text

${DEPLOYMENT_HELP}

Exits with 0 if there is nothing to do, otherwise with 1.
`;

/** pbx-session responds when it has asked all PBXs. */
const INVOCATION_TIMEOUT_MS = 1000 * TIMEOUT_SECONDS['pbx-session'] + 10_000;

/** By default the SDK waits forever for a network that swallows everything. */
const timeouts = (requestTimeout: number) => ({
  connectionTimeout: 5_000,
  requestTimeout,
  throwOnRequestTimeout: true,
});

await runCommand(async () => {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: { ...deploymentOptions, pbx: value, json: flag, help: { ...flag, short: 'h' } },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const deployment = await findDeployment(values.local, positionals);
  if (values.pbx !== undefined) assertHasPbx(deployment, values.pbx);
  if (!values.json) print(`${deployment.name}:`);
  const findings: Finding[] = [];
  const diagnosis = diagnose(values.pbx, {
    deployment,
    s3: createS3MetadataClient(),
    sqs: createSqsClient(),
    dynamoDb: createDynamoDbClient(),
    secrets: createSecrets(createSecretsManagerClient()),
    lambda: new LambdaClient({ requestHandler: timeouts(INVOCATION_TIMEOUT_MS) }),
    cloudWatch: new CloudWatchClient({ requestHandler: timeouts(15_000) }),
    sns: new SNSClient({ requestHandler: timeouts(15_000) }),
    links: linksOf(deployment),
    now: Date.now,
  });
  for await (const finding of diagnosis) {
    findings.push(finding);
    if (values.json) console.log(toJsonLine({ archive: deployment.name, ...finding }));
    else console.log(describeFinding(finding));
  }
  if (!values.json) print(summarize(findings));
  return findings.every(({ status }) => status !== 'to-do');
});

/** A local host serves links where it receives reports. `findDeployment` has set its environment. */
function linksOf({ stack, reportHost }: Deployment): LinkApi {
  return stack
    ? { url: stack.outputs.LinkApiUrl, tokenSecret: stack.outputs.LinkTokenSecret }
    : { url: `http://${reportHost}/recordings/`, tokenSecret: process.env.LINK_TOKEN_SECRET };
}
