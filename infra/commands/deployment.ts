import { type PbxRegistry, readPbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { flag, UsageError } from '../shared/command-line.ts';
import { DEMOS, demoDirectory } from '../shared/demos.ts';
import { applyEnvironment } from '../shared/environment.ts';
import { findRunningHost } from '../shared/host-file.ts';
import { shellQuote } from '../shared/text.ts';

/** Where the parts of an archive are. */
export interface Deployment {
  /** Human-readable name. */
  name: string;
  /** The options that select this archive on the command line, each after a space. */
  options: string;
  bucket: string;
  deadLetterQueueUrl: string;
  /** The queues of the index. Absent before the first deployment with an index, and on a local host. */
  indexQueues?: { eventsUrl: string; deadLettersUrl: string } | undefined;
  /** Queue with the events that `events.webhook` has not received. Absent without one. */
  eventDeadLettersUrl?: string | undefined;
  /** Name of the secret from which ids in events are made. Absent on a local host, which publishes none. */
  eventKeySecret?: string;
  /** Name of the table with the index of the recordings. Absent before the first deployment with an index. */
  indexTable: string | undefined;
  /** Name of the table with the shares and the access log. Absent before the first deployment with one. */
  accessTable: string | undefined;
  /** A queue's URL without its name, ending in a slash. */
  queueUrlBase: string;
  /** Fills `{host}` in a PBX's `reportUrl`. */
  reportHost: string;
  registry: PbxRegistry;
  /** Absent on a local host, which has neither CloudFormation nor Lambda nor CloudWatch. */
  stack?: DeployedStack;
}

export interface DeployedStack {
  name: string;
  /** CloudFormation's, such as `UPDATE_COMPLETE`. */
  status: string;
  outputs: Readonly<Record<string, string>>;
  /** Absent if the functions reach the PBXs over the internet. */
  vpcId?: string | undefined;
}

/** All queues that have what was given up. */
export const deadLetterQueueUrls = ({ deadLetterQueueUrl, indexQueues, eventDeadLettersUrl }: Deployment) =>
  [deadLetterQueueUrl, indexQueues?.deadLettersUrl, eventDeadLettersUrl].filter((url) => url !== undefined);

/** The directories of `npm start -- --pbx` and of each `npm start -- --demo`. */
const LOCAL_DIRECTORIES = ['pbx', ...DEMOS.map(demoDirectory)].map((name) => `.local/${name}`);

/** Options that select the archive. Parse them with `allowPositionals`: DIR is a positional. */
export const deploymentOptions = { local: flag };

export const DEPLOYMENT_HELP = `Which archive
                       default: the stack that cdk.json configures, in the account and region of the AWS CLI
  --local [DIR]        the local host that stores its data in DIR; without DIR, the first one that runs in
                       ${LOCAL_DIRECTORIES.join(', ')}`;

/** Finds the archive that the command line selects, and points the AWS SDK of this process at it. */
export async function findDeployment(local = false, positionals: string[] = []): Promise<Deployment> {
  const [directory, ...others] = positionals;
  const unexpected = local ? others[0] : directory;
  if (unexpected !== undefined) throw new UsageError(`Unexpected argument '${unexpected}'; see --help.`);
  if (local) return findLocalHost(directory);
  // Imported only when needed: the CDK takes a second to load.
  const { findStack } = await import('./deployed-stack.ts');
  return findStack();
}

export function assertHasPbx({ name, registry }: Deployment, pbx: string): void {
  if (Object.hasOwn(registry, pbx)) return;
  throw new UsageError(`There is no PBX ${pbx} in ${name}. Its PBXs: ${Object.keys(registry).join(', ')}.`);
}

async function findLocalHost(given: string | undefined): Promise<Deployment> {
  const { directory, environment } = await findRunningHost(given === undefined ? LOCAL_DIRECTORIES : [given]);
  applyEnvironment(environment);
  return {
    name: `the local host (${directory})`,
    options: given === undefined ? ' --local' : ` --local ${shellQuote(given)}`,
    bucket: environment.BUCKET_NAME,
    deadLetterQueueUrl: environment.DEAD_LETTER_QUEUE_URL,
    indexTable: environment.INDEX_TABLE,
    accessTable: environment.ACCESS_TABLE,
    queueUrlBase: environment.QUEUE_URL_BASE,
    reportHost: environment.REPORT_HOST,
    registry: readPbxRegistry(environment.PBX_REGISTRY_FILE),
  };
}
