import type { AwsAnswer, AwsRequest } from './aws-request.ts';
import { withRetries } from './retry.ts';
import { sendRequest } from './send-request.ts';
import { type AwsCredentials, presignUrl, type Signer, signRequest } from './signature.ts';

/** A service refuses. Named by the service's own code for that, as the SDK's errors are, and classified as they are. */
export class AwsError extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(code: string, message: string | undefined, httpStatusCode: number) {
    super(message ?? code);
    this.name = code;
    this.$metadata = { httpStatusCode };
  }
}

export const hasStatus = (error: unknown, status: number): error is AwsError =>
  error instanceof AwsError && error.$metadata.httpStatusCode === status;

/** On whose account, and where: on AWS's own servers if there is no `endpoint`. */
export interface AwsSettings {
  region: string | (() => Promise<string>);
  credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  endpoint?: string | undefined;
}

interface ServiceOptions {
  name: Signer['service'];
  /** How long an answer may take to begin, and may then be silent. */
  requestTimeoutMs: number;
  /** Recognizes a refusal; undefined if the answer is none. */
  findError: (answer: AwsAnswer) => AwsError | undefined;
}

/** Sends signed requests, each up to three times, and fails with what the last of them failed with. */
export interface AwsService {
  /** Of the service in the region, or the one that takes its place. */
  origin(): Promise<string>;
  send(request: AwsRequest): Promise<AwsAnswer>;
  /** A URL with which anybody can send the request from `from` on for so many seconds. */
  presign(request: AwsRequest, seconds: number, from: Date): Promise<string>;
}

/**
 * A function makes five kinds of requests, and need not load a description of each of a service's hundred operations.
 * Measured: client-s3, client-sqs and client-secrets-manager load in 89, 72 and 75 ms, the SDK's own signer,
 * connections and retries without them in 16, and this in 6, of which `node:crypto` takes 5.
 */
export function createAwsService(
  { name: service, requestTimeoutMs, findError }: ServiceOptions,
  { region, credentials, endpoint }: AwsSettings,
): AwsService {
  const signer = async (): Promise<Signer> => ({
    service,
    region: await askFor(region),
    credentials: await askFor(credentials),
  });

  async function attempt(request: AwsRequest): Promise<AwsAnswer> {
    const signed = signRequest(request, await signer(), new Date());
    const answer = await sendRequest({ ...request, ...signed, timeoutMs: requestTimeoutMs });
    const error = findError(answer);
    if (error !== undefined) throw error;
    return answer;
  }

  return {
    async origin() {
      if (endpoint !== undefined) return new URL(endpoint).origin;
      const place = await askFor(region);
      return `https://${service}.${place}.amazonaws.com${place.startsWith('cn-') ? '.cn' : ''}`;
    },
    send: (request) => withRetries(() => attempt(request), request.signal),
    presign: async (request, seconds, from) => presignUrl(request, await signer(), seconds, from),
  };
}

/** Of what has to be asked for each time, as credentials that expire. */
const askFor = <T extends object | string>(given: T | (() => Promise<T>)) =>
  typeof given === 'function' ? given() : given;

/** What a function finds in its environment: its own credentials, and another endpoint where there is one. */
export function settingsFromEnvironment(service: 'S3' | 'SQS' | 'SECRETS_MANAGER'): AwsSettings {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  return {
    region: AWS_REGION ?? '',
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
      ...(AWS_SESSION_TOKEN !== undefined && { sessionToken: AWS_SESSION_TOKEN }),
    },
    endpoint: process.env[`AWS_ENDPOINT_URL_${service}`],
  };
}
