import type { AwsAnswer, AwsRequest } from './aws-request.ts';
import { AwsError, type AwsSettings, createAwsService, settingsFromEnvironment } from './aws-service.ts';
import { TRANSFER_TIMEOUT_MS } from './timeouts.ts';
import { encodePath } from './uri-encoding.ts';

export type BucketRequest = Pick<AwsRequest, 'query' | 'headers' | 'body' | 'signal'>;

/** Requests about the objects of one S3 bucket. */
export interface Bucket {
  send(method: AwsRequest['method'], key: string, request?: BucketRequest): Promise<AwsAnswer>;
  /** A URL that gets the object without further credentials until so many seconds after `from`. */
  presign(key: string, query: Record<string, string>, seconds: number, from: Date): Promise<string>;
}

export function openBucket(name: string, settings: AwsSettings = settingsFromEnvironment('S3')): Bucket {
  const service = createAwsService(
    { name: 's3', requestTimeoutMs: TRANSFER_TIMEOUT_MS, findError },
    settings,
  );
  // Other servers than AWS's seldom have a host name for each bucket, and no certificate fits one with a dot in it.
  const isInPath = settings.endpoint !== undefined || name.includes('.');

  async function locate(key: string): Promise<Pick<AwsRequest, 'origin' | 'path'>> {
    const origin = await service.origin();
    const path = `/${encodePath(key)}`;
    if (isInPath) return { origin, path: `/${name}${path}` };
    return { origin: origin.replace('://', `://${name}.`), path };
  }

  return {
    async send(method, key, request = {}) {
      return service.send({ ...request, method, ...(await locate(key)) });
    },
    async presign(key, query, seconds, from) {
      return service.presign({ method: 'GET', ...(await locate(key)), query }, seconds, from);
    },
  };
}

/** A failure may come as 200, when S3 has begun its answer before it knew; it is worth another try. */
function findError({ status, body }: AwsAnswer): AwsError | undefined {
  const isError = body.includes('<Error>');
  if (status < 300 && !isError) return undefined;
  // HEAD's answer has no body to say more in.
  const code = textOf('Code', body) ?? (status === 404 ? 'NotFound' : `Status${status}`);
  return new AwsError(code, textOf('Message', body), status < 300 ? 503 : status);
}

/** The text of the first element of that name in S3's XML, which has no attributes where this is used. */
export const textOf = (element: string, xml: string): string | undefined =>
  new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
