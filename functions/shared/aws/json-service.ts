import { type AwsAnswer, AwsError, type AwsSettings, createAwsService } from './aws-service.ts';
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
    return body === '' ? {} : JSON.parse(body);
  };
}

function findError(status: number, { headers, body }: AwsAnswer): AwsError | undefined {
  if (status === 200) return undefined;
  const { __type, message, Message } = parseObject(body);
  // Either may have a namespace before the code, and a URL behind it.
  const [code] = String(__type ?? headers['x-amzn-errortype'] ?? 'Unknown').split(':');
  return new AwsError(code?.split('#').at(-1) ?? '', message ?? Message, status);
}

/** A proxy's error may be HTML. */
function parseObject(text: string): { __type?: string; message?: string; Message?: string } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
