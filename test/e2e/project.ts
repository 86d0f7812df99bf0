import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import { projectRoot, runDirectory, stackName } from './settings.ts';

/** A copy of this project with a cdk.json of its own, in which a person would work. */
export interface Project {
  readonly directory: string;
  /** Writes the settings that cdk.json has under `archive`. */
  configure(archive: object): Promise<void>;
  /** `npx ...` */
  npx(...args: string[]): Promise<void>;
  /** `npm run --silent SCRIPT -- ...`; returns what the script prints on standard output. */
  npmRun(script: string, ...args: string[]): Promise<string>;
  /** `npm run deploy`; returns the outputs of the stack. */
  deploy(): Promise<Outputs>;
}

/** More outputs name the log groups. */
export type Outputs = Record<
  | 'AccessTable'
  | 'AlarmTopicArn'
  | 'CredentialsSecret'
  | 'DeadLetterQueueUrl'
  | 'IndexTable'
  | 'LinkApiUrl'
  | 'LinkTokenSecret'
  | 'PageUrl'
  | 'PbxSessionFunction'
  | 'ReconcileFunction'
  | 'RecordingsBucket'
  | 'SearchApiUrl'
  | 'WebhookHost',
  string
>;

/** What the stack is made of. */
export const PROJECT_FILES = ['functions', 'infra', 'package.json', 'package-lock.json', 'cdk.json'];

/** `env` is the environment of the person. */
export async function createProject(env: NodeJS.ProcessEnv): Promise<Project> {
  const directory = join(runDirectory, 'project');
  for (const name of PROJECT_FILES)
    await cp(join(projectRoot, name), join(directory, name), { recursive: true });
  await symlink(join(projectRoot, 'node_modules'), join(directory, 'node_modules'));
  const options = { cwd: directory, env, log: 'project.log' };
  const npmRun = async (script: string, ...args: string[]) =>
    (await runProgram('npm', ['run', '--silent', script, '--', ...args], options)).toString();
  return {
    directory,
    async npx(...args) {
      await runProgram('npx', args, options);
    },
    npmRun,
    async configure(archive) {
      const file = join(directory, 'cdk.json');
      const settings = JSON.parse(await readFile(file, 'utf8'));
      settings.context.archive = archive;
      // They would be fetched from the internet.
      settings.notices = false;
      await writeFile(file, JSON.stringify(settings, null, 2));
    },
    async deploy() {
      const outputs = join(runDirectory, 'outputs.json');
      await npmRun(
        'deploy',
        '--require-approval',
        'never',
        // Without a change set, which would take polls of five seconds.
        '--method',
        'direct',
        '--progress',
        'events',
        '--outputs-file',
        outputs,
      );
      return JSON.parse(await readFile(outputs, 'utf8'))[stackName];
    },
  };
}
