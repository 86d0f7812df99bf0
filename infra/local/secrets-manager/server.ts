import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { requireSignatures } from '../json-service.ts';
import { createMutex } from '../mutex.ts';
import { createProblems, type Problems } from '../problems.ts';
import type { Access } from '../s3/signature.ts';
import { SecretsManagerError } from './errors.ts';
import { createOperations, type Operations, parseInput } from './operations.ts';
import { openSecretFiles } from './secret-files.ts';

export interface SecretsManagerOptions extends Access {
  /** Holds one JSON file per secret, readable by its owner only. */
  readonly directory: string;
  readonly problems?: Problems;
  /** The time by which versions age, which is that of signatures by default. */
  readonly versionNow?: () => number;
}

const HOST = '127.0.0.1';

/** Starts a Secrets Manager for one machine, or for a test. It speaks AWS's JSON 1.1 protocol. */
export async function startSecretsManager(
  options: SecretsManagerOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const { directory, now = Date.now, versionNow = now, problems = createProblems(directory) } = options;
  const files = await openSecretFiles(directory);
  const oneAtATime = createMutex();
  const operations = createOperations(files, { oneAtATime, now: versionNow });

  const server = createServer(async (message, response) => {
    const { status, body } = await handleRequest(message, operations, problems);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(body));
  });
  requireSignatures(server, 'secretsmanager', options);
  server.listen(0, HOST);
  await once(server, 'listening');

  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      // Let a write that is in progress finish.
      await oneAtATime(async () => undefined);
    },
  };
}

async function handleRequest(
  message: IncomingMessage,
  operations: Operations,
  problems: Problems,
): Promise<{ status: number; body: object }> {
  try {
    const target = String(message.headers['x-amz-target']);
    const document = await text(message);
    const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
    if (!operation)
      throw new SecretsManagerError('UnknownOperationException', `Unknown operation: ${target}`);
    return { status: 200, body: await operation(parseInput(v.pipe(v.string(), v.parseJson()), document)) };
  } catch (error) {
    if (error instanceof SecretsManagerError) {
      return { status: 400, body: { __type: error.type, Message: error.message, message: error.message } };
    }
    const problem = problems.explain(error);
    if (problem) {
      return { status: problem.statusCode, body: { __type: problem.code, message: problem.message } };
    }
    if (!message.destroyed) console.error('Embedded Secrets Manager:', error);
    const reason = 'An error occurred on the server side.';
    return { status: 500, body: { __type: 'InternalServiceError', Message: reason, message: reason } };
  }
}
