import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, expect } from 'vitest';
import { EVENT_SCHEMAS } from '../../functions/shared/events/schemas.ts';

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
  const state = { refuse: false, hang: false, requests: 0 };
  const server = createServer(async (request, response) => {
    state.requests += 1;
    const { Entries } = (await json(request)) as { Entries: Entry[] };
    if (state.hang) return;
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

/** Creates the key of the ids in events, in the Secrets Manager of the tests. Returns the name of its secret. */
export async function useEventKey(): Promise<string> {
  const Name = 'events/key';
  process.env.EVENT_KEY_SECRET = Name;
  await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString: EVENT_KEY }));
  return Name;
}

export const EVENT_KEY = 'event-key-0123456789';

const ajv = addFormats.default(new Ajv());
const validators = new Map(
  Object.keys(EVENT_SCHEMAS).map((type) => {
    const file = `docs/events/${type.toLowerCase().replaceAll(' ', '-')}.schema.json`;
    return [type, ajv.compile(JSON.parse(readFileSync(file, 'utf8')))];
  }),
);

/** Holds an event against its schema in docs/events. */
export function expectDocumented({ bus, source, type, detail }: PublishedEvent): void {
  expect({ bus, source }).toEqual({ bus: 'default', source: 'pbx-recording-archive' });
  const validate = validators.get(type);
  expect(validate?.(detail), JSON.stringify(validate?.errors)).toBe(true);
}
