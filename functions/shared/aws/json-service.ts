import type { AwsAnswer } from './aws-request.ts';
import { AwsError, type AwsSettings, createAwsService } from './aws-service.ts';
import { REQUEST_TIMEOUT_MS } from './timeouts.ts';

/** A service that speaks AWS JSON: each operation is one request, its input and output are objects. */
export type JsonService = (operation: string, input: object) => Promise<Record<string, unknown>>;

interface JsonServiceOptions {
  name: 'secretsmanager' | 'sqs';
  /** The version of AWS JSON. */
  version: '1.0' | '1.1';
  /** What its operations' names begin with. */
  target: string;
}

export function createJsonService(
  { name, version, target }: JsonServiceOptions,
  settings: AwsSettings,
): JsonService {
  const service = createAwsService({ name, requestTimeoutMs: REQUEST_TIMEOUT_MS, findError }, settings);
  return async (operation, input) => {
    const { body } = await service.send({
      method: 'POST',
      origin: await service.origin(),
      path: '/',
      headers: {
        'content-type': `application/x-amz-json-${version}`,
        'x-amz-target': `${target}.${operation}`,
      },
      body: JSON.stringify(input),
    });
    const output = body === '' ? {} : parseObject(body);
    if (output === undefined) throw new AwsError('BadAnswer', 'The answer is no JSON.', 200);
    return output;
  };
}

function findError({ status, headers, body }: AwsAnswer): AwsError | undefined {
  if (status === 200) return undefined;
  const { __type, message, Message }: { __type?: string; message?: string; Message?: string } =
    parseObject(body) ?? {};
  // Either may have a namespace before the code, and a URL behind it.
  const [code] = String(__type ?? headers['x-amzn-errortype'] ?? 'Unknown').split(':');
  return new AwsError(code?.split('#').at(-1) ?? '', message ?? Message, status);
}

/** Undefined for what is no JSON, as a proxy's HTML: the parser's own error would quote it, and it may hold a secret. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
