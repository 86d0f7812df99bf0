import { ArchiveError } from '../../functions/shared/errors.ts';
import { describeRefusal, isAwsFailure, isForeign } from './aws-refusal.ts';
import { UsageError } from './command-line.ts';
import { describeEndpoints } from './environment.ts';

/** A sentence, if a person can do something about the error; otherwise the stack trace, for a developer. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack = message } = error;
  if (error instanceof UsageError || error instanceof ArchiveError) return message;
  if (/^Region is missing/.test(message)) {
    return 'No AWS region. Set AWS_REGION, or a region in your AWS profile. For a local host, add --local.';
  }
  if (/^Region not accepted/.test(message))
    return `${message} Correct AWS_REGION, or the region in your AWS profile.`;
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    const { AWS_PROFILE } = process.env;
    const where = AWS_PROFILE === undefined ? '' : ` in the profile ${AWS_PROFILE}`;
    return `No valid AWS credentials${where}. Sign in as for the AWS CLI. For a local host, add --local. (${message})`;
  }
  const connectionProblem = codeOfConnectionProblem(error);
  if (connectionProblem !== undefined)
    return `AWS cannot be reached (${connectionProblem}). ${describeEndpoints()}`;
  if (!isAwsFailure(error)) return stack;
  if (isForeign(error)) {
    return `Something other than AWS responds, such as a proxy or a sign-in page (HTTP status ${error.$metadata.httpStatusCode}). ${describeEndpoints()}`;
  }
  return describeRefusal(error) ?? `AWS: ${message.replaceAll(/\s+/g, ' ')} (${name})`;
}

const CONNECTION_CODES =
  /^(?:E(?:NOTFOUND|AI_AGAIN|CONN(?:REFUSED|RESET|ABORTED)|TIMEDOUT|(?:HOST|NET)UNREACH|HOSTDOWN|NETDOWN|PIPE|PROTO)|ERR_(?:SSL|TLS)_\w+|CERT_\w+|\w+_CERT\w*|HPE_\w+)$/;

function codeOfConnectionProblem(error: Error): string | undefined {
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (CONNECTION_CODES.test(code)) return code;
  return name === 'TimeoutError' ? name : undefined;
}
