import { UsageError } from '../shared/command-line.ts';

/** Exits with 0 when `command` says that all is done, with 1 when it does not, or fails. */
export async function runCommand(command: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await command()) ? 0 : 1;
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}

/** One sentence for what a person can mend; the whole story for what only a developer can. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack = message } = error;
  if (error instanceof UsageError) return message;
  if (/^Region (?:is missing|not accepted)/.test(message)) {
    return 'No AWS region: set AWS_REGION, or a region in your AWS profile. For the local host, add --local.';
  }
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return `No AWS credentials: sign in as for the AWS CLI. For the local host, add --local. (${message})`;
  }
  // The SDK marks the errors of its services and of the way to them.
  return '$metadata' in error ? `AWS: ${message} (${name})` : stack;
}
