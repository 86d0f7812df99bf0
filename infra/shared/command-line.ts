import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A mistake of the person who typed the command; the message is all that is shown. */
export class UsageError extends Error {}

/** Kinds of options. */
export const flag = { type: 'boolean' } as const;
export const value = { type: 'string' } as const;

/** Of `node:util`; what it does not understand is the person's mistake. */
export function parseCommandLine<const Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
