import { type ParseArgsConfig, parseArgs } from 'node:util';

/** An error that the user can fix. Only its message is shown, without a stack trace. */
export class UsageError extends Error {}

/** Option types for `parseCommandLine`. */
export const flag = { type: 'boolean' } as const;
export const value = { type: 'string' } as const;

/** `parseArgs` of `node:util`, but an unknown or incomplete option is a `UsageError`. */
export function parseCommandLine<const Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's message may go on with hints, such as how to pass an argument that begins with a hyphen.
    const [problem] = String(error instanceof Error ? error.message : error).split(/\.(?:\s|$)/);
    throw new UsageError(`${problem}; see --help.`);
  }
}
