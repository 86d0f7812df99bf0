import { type ParseArgsConfig, parseArgs } from 'node:util';
import * as v from 'valibot';

/** An error that the user can fix. Only its message is shown, without a stack trace. */
export class UsageError extends Error {}

/** Option types for `parseCommandLine`. */
export const flag = { type: 'boolean' } as const;
export const value = { type: 'string' } as const;

/** `parseArgs` of `node:util`, but an unknown or incomplete option is a `UsageError`, and so is one that npm has kept. */
export function parseCommandLine<const Config extends ParseArgsConfig>(config: Config) {
  refuseSwallowedOptions(Object.keys(config.options ?? {}), config.args ?? process.argv.slice(2));
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's message may go on with hints, such as how to pass an argument that begins with a hyphen.
    const [problem] = String(error instanceof Error ? error.message : error).split(/\.(?:\s|$)/);
    throw new UsageError(`${problem}; see --help.`);
  }
}

/** The options as the schema returns them. Throws a `UsageError` that names every problem. */
export function checkOptions<const S extends v.GenericSchema>(
  schema: S,
  values: Readonly<Record<string, unknown>>,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, values);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const problem = issue.input === undefined ? 'is required' : issue.message;
    return `--${v.getDotPath(issue)} ${problem}`;
  });
  throw new UsageError(`${problems.join('\n')}\nSee --help for all options.`);
}

/** An npm setting that has nothing to do with the option of this name. */
const SETTINGS_OF_NPM = ['ca'];

/**
 * Without `--` before them, npm takes options for its own. It passes on their values without their names, and sets
 * `npm_config_NAME`, as it does for its settings in the environment.
 */
function refuseSwallowedOptions(options: string[], args: readonly string[]): void {
  const { npm_lifecycle_event: script } = process.env;
  if (script === undefined) return;
  const isGiven = (name: string) => args.some((arg) => arg.split('=')[0] === `--${name}`);
  const isSwallowed = (name: string) => Boolean(process.env[`npm_config_${name.replaceAll('-', '_')}`]);
  const swallowed = options.find(
    (name) => isSwallowed(name) && !isGiven(name) && !SETTINGS_OF_NPM.includes(name),
  );
  if (swallowed === undefined) return;
  const command = script === 'start' ? 'npm start' : `npm run ${script}`;
  throw new UsageError(
    `npm took --${swallowed} for itself. Put -- before the options: ${command} -- --${swallowed} ...`,
  );
}
