import { UsageError } from '../shared/command-line.ts';

/** Sets the exit code: 0 if `command` resolves to true, 1 if it resolves to false or fails. */
export async function runCommand(command: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await command()) ? 0 : 1;
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
}

/** A sentence, if the user can fix it; otherwise the stack trace, for a developer. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack = message } = error;
  if (error instanceof UsageError) return message;
  if (/^Region (?:is missing|not accepted)/.test(message)) {
    return 'No AWS region. Set AWS_REGION, or a region in your AWS profile. For a local host, add --local.';
  }
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return `No AWS credentials. Sign in as for the AWS CLI. For a local host, add --local. (${message})`;
  }
  // The SDK adds this to service errors and connection errors.
  return '$metadata' in error ? `AWS: ${message} (${name})` : stack;
}
