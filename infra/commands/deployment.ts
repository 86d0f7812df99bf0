import type { PbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { readPbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { flag, UsageError } from '../shared/command-line.ts';
import { enterEnvironment } from '../shared/environment.ts';
import { readHostFile } from '../shared/host-file.ts';

/** Where a running archive has its parts. */
export interface Deployment {
  /** As it is called before people. */
  name: string;
  bucket: string;
  deadLetterQueueUrl: string;
  /** A queue's URL without its name, ending in a slash. */
  queueUrlBase: string;
  /** Fills `{host}` in a PBX's `reportUrl`. */
  reportHost: string;
  registry: PbxRegistry;
}

/** What `npm start -- --pbx` uses. */
const LOCAL_DIRECTORY = '.local/pbx';

/** How a command is told which archive it is about; to be parsed with `allowPositionals`. */
export const deploymentOptions = { local: flag };

export const DEPLOYMENT_HELP = `Which archive
                       the stack that cdk.json configures, in the account and region of the AWS CLI's settings
  --local [DIR]        or the local host that keeps its things in DIR (default ${LOCAL_DIRECTORY})`;

/**
 * Finds the archive that the command line names. The AWS SDK of this process then finds its services.
 */
export async function findDeployment(local = false, positionals: string[] = []): Promise<Deployment> {
  const [directory, ...others] = positionals;
  const unexpected = local ? others[0] : directory;
  if (unexpected !== undefined) throw new UsageError(`"${unexpected}" is not an option; --help tells them.`);
  if (local) return findLocalHost(directory ?? LOCAL_DIRECTORY);
  // The CDK takes a second to load.
  const { findStack } = await import('./deployed-stack.ts');
  return findStack();
}

async function findLocalHost(directory: string): Promise<Deployment> {
  const environment = await readHostFile(directory);
  enterEnvironment(environment);
  return {
    name: `the local host in ${directory}`,
    bucket: environment.BUCKET_NAME,
    deadLetterQueueUrl: environment.DEAD_LETTER_QUEUE_URL,
    queueUrlBase: environment.QUEUE_URL_BASE,
    reportHost: environment.REPORT_HOST,
    registry: readPbxRegistry(environment.PBX_REGISTRY_FILE),
  };
}
