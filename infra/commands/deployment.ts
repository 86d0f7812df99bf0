import type { PbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { readPbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { flag, UsageError } from '../shared/command-line.ts';
import { applyEnvironment } from '../shared/environment.ts';
import { readHostFile } from '../shared/host-file.ts';

/** Where the parts of an archive are. */
export interface Deployment {
  /** Human-readable name. */
  name: string;
  bucket: string;
  deadLetterQueueUrl: string;
  /** A queue's URL without its name, ending in a slash. */
  queueUrlBase: string;
  /** Fills `{host}` in a PBX's `reportUrl`. */
  reportHost: string;
  registry: PbxRegistry;
}

/** The directory of `npm start -- --pbx`. */
const LOCAL_DIRECTORY = '.local/pbx';

/** Options that select the archive. Parse them with `allowPositionals`: DIR is a positional. */
export const deploymentOptions = { local: flag };

export const DEPLOYMENT_HELP = `Which archive
                       default: the stack that cdk.json configures, in the account and region of the AWS CLI
  --local [DIR]        the local host that stores its data in DIR (default ${LOCAL_DIRECTORY})`;

/** Finds the archive that the command line selects, and points the AWS SDK of this process at it. */
export async function findDeployment(local = false, positionals: string[] = []): Promise<Deployment> {
  const [directory, ...others] = positionals;
  const unexpected = local ? others[0] : directory;
  if (unexpected !== undefined) throw new UsageError(`Unexpected argument '${unexpected}'; see --help.`);
  if (local) return findLocalHost(directory ?? LOCAL_DIRECTORY);
  // Imported only when needed: the CDK takes a second to load.
  const { findStack } = await import('./deployed-stack.ts');
  return findStack();
}

async function findLocalHost(directory: string): Promise<Deployment> {
  const environment = await readHostFile(directory);
  applyEnvironment(environment);
  return {
    name: `the local host (${directory})`,
    bucket: environment.BUCKET_NAME,
    deadLetterQueueUrl: environment.DEAD_LETTER_QUEUE_URL,
    queueUrlBase: environment.QUEUE_URL_BASE,
    reportHost: environment.REPORT_HOST,
    registry: readPbxRegistry(environment.PBX_REGISTRY_FILE),
  };
}
