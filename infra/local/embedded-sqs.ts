import { Server } from 'node:net';
import { ChangeMessageVisibilityCommand, MessageNotInflight, type SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';

/** Starts SQS on this machine. Queues and messages are stored in `directory` and survive a kill. */
export function startSqs(directory: string, region: string): Promise<FauxqsServer> {
  return onLoopback(() => startFauxqs({ port: 0, logger: false, dataDir: directory, defaultRegion: region }));
}

/**
 * Fauxqs listens on all interfaces and does not check credentials, but jobs contain phone numbers. It has no
 * option for the address, so whatever starts listening while `start` runs is bound to loopback.
 */
async function onLoopback<T>(start: () => Promise<T>): Promise<T> {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...[options, ...rest]: unknown[]) {
    return Reflect.apply(listen, this, [{ ...Object(options), host: '127.0.0.1' }, ...rest]);
  } as typeof listen;
  try {
    return await start();
  } finally {
    Server.prototype.listen = listen;
  }
}

/** Makes the messages that a killed process was working on visible again after a second. */
export async function releaseMessages(server: FauxqsServer, sqs: SQSClient, queueUrl: string): Promise<void> {
  const { inflight = [] } = server.inspectQueue(queueUrl.split('/').at(-1) ?? '')?.messages ?? {};
  for (const { receiptHandle } of inflight) {
    const target = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle };
    try {
      // Not 0: with that, fauxqs 2.4.1 fails to write its database and forgets the message until a restart.
      await sqs.send(new ChangeMessageVisibilityCommand({ ...target, VisibilityTimeout: 1 }));
    } catch (error) {
      // Its visibility timeout had ended already.
      if (!(error instanceof MessageNotInflight)) throw error;
    }
  }
}
