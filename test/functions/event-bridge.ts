import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll } from 'vitest';

export interface PublishedEvent {
  bus: string;
  source: string;
  type: string;
  time: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it expects
  detail: any;
}

interface Entry {
  EventBusName: string;
  Source: string;
  DetailType: string;
  Time: number;
  Detail: string;
}

/**
 * Points the AWS SDK of this process at an EventBridge that keeps what is published. `refuse` makes it respond as AWS
 * does to an entry that it cannot accept: with 200, and an error in the entry.
 */
export async function useEventBridge() {
  const published: PublishedEvent[] = [];
  const state = { refuse: false };
  const server = createServer(async (request, response) => {
    const { Entries } = (await json(request)) as { Entries: Entry[] };
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (state.refuse) {
      response.end(JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] }));
      return;
    }
    for (const { EventBusName: bus, Source: source, DetailType: type, Time: time, Detail } of Entries) {
      published.push({ bus, source, type, time, detail: JSON.parse(Detail) });
    }
    response.end(JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'e' })) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  process.env.AWS_ENDPOINT_URL_EVENTBRIDGE = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { published, state };
}
