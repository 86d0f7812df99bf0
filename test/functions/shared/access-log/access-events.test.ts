import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createPublishAccess } from '../../../../functions/shared/access-log/access-events.ts';
import { createAccessLog } from '../../../../functions/shared/access-log/access-log.ts';
import { ACCESS_KINDS, type Access } from '../../../../functions/shared/api/contract.ts';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createSecretsManagerClient,
} from '../../../../functions/shared/aws-clients.ts';
import type { AccessSettings } from '../../../../functions/shared/config/access-settings.ts';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import { ACCESS_TABLE } from '../../../../functions/shared/config/tables.ts';
import { useDynamoDb, useSecretsManager } from '../../aws-services.ts';
import { captureLog } from '../../capture-log.ts';
import { expectDocumented, useEventBridge, useEventKey } from '../../event-bridge.ts';

await useDynamoDb({ access: ACCESS_TABLE });
await useSecretsManager();
const { published, state: eventBridge } = await useEventBridge();
const keySecret = await useEventKey();
const lines = captureLog();

const SHARE = 'a'.repeat(64);
const call = {
  at: '2017-09-01T10:18:04.000Z',
  callId: '1504261084.7',
  from: '+49 30 901820',
  to: '1003',
  did: '030 4711',
  type: 'Inbound',
  status: 'ANSWERED',
  trunk: '493090184',
  seconds: 72,
};
const share = {
  endsAt: '2026-12-03T12:00:00.000Z',
  download: false,
  hasPasscode: true,
  maxPlays: 3,
  // What is known of a share besides.
  note: 'for the lawyer of +49 30 901820',
};

type Types = NonNullable<AccessSettings['events']>['types'];
const both: Types = ['Recording Shared', 'Recording Accessed'];
const createLog = (types: Types, { numbers = false, table = 'access', key = keySecret } = {}) =>
  createAccessLog(createDynamoDbClient(), {
    table,
    days: 400,
    now: () => Date.parse('2026-11-26T12:00:00.000Z'),
    publish: createPublishAccess(
      { types, numbers, archive: 'test', keySecret: key },
      {
        secrets: createSecrets(createSecretsManagerClient()),
        eventBridge: createEventBridgeClient(),
      },
    ),
  });

let recordings = 0;
/** Adds a row about a recording that no other test has; returns what has been published. */
async function add(kind: Access['kind'], accessLog = createLog(both)) {
  const recording = `20170901181804-1504261084.${recordings++}-+49 30 901820-1003-Inbound.wav`;
  const access: Omit<Access, 'at'> = {
    kind,
    pbx: 'hq',
    recording,
    person: 'Ada',
    by: kind.startsWith('share-') ? 'share' : 'session',
    address: '192.0.2.7',
    ...(kind.startsWith('share-') && { share: SHARE }),
    ...(kind === 'played' && { seconds: 12.5 }),
  };
  const before = published.length;
  await accessLog.add(access, { call, share });
  const rows = await createLog([]).ofRecording('hq', recording, { limit: 10 });
  const events = published.slice(before);
  for (const event of events) expectDocumented(event);
  return { recording, events, rows: rows.items };
}

test('that a share was made is published, with what it allows and until when, but without numbers', async () => {
  const { events } = await add('share-created');
  const { id, recordingId, ...detail } = events[0]?.detail ?? {};
  const { from, to, did, trunk, ...facts } = call;
  const { note, ...allowed } = share;
  expect({ types: events.map(({ type }) => type), detail }).toEqual({
    types: ['Recording Shared'],
    detail: {
      version: '1',
      archive: 'test',
      pbx: 'hq',
      occurredAt: '2026-11-26T12:00:00.000Z',
      ...facts,
      person: 'Ada',
      by: 'share',
      address: '192.0.2.7',
      share: SHARE,
      ...allowed,
    },
  });
});

test.each([
  ['link-created', {}],
  ['download-link-created', {}],
  ['played', { playedSeconds: 12.5 }],
  ['share-opened', { share: SHARE }],
  ['share-continued', { share: SHARE }],
] as const)('that somebody got at a recording is published as in the access log: %s', async (kind, more) => {
  const { events, rows } = await add(kind);
  const [row] = rows;
  expect(events).toMatchObject([
    {
      type: 'Recording Accessed',
      time: Date.parse(row?.at ?? '') / 1000,
      detail: { kind, occurredAt: row?.at, person: row?.person, by: row?.by, seconds: 72, ...more },
    },
  ]);
  expect(JSON.stringify(events)).not.toMatch(/901820|1003|4711|493090184|https?:|lawyer/);
});

test.each(['refused', 'share-refused', 'share-revoked'] as const)(
  'what gives nobody a recording is not published: %s',
  async (kind) => {
    const { events, rows } = await add(kind);
    expect(events).toEqual([]);
    expect(rows).toHaveLength(1);
  },
);

test.each([[['Recording Shared']], [['Recording Accessed']], [[]]] as [Types][])(
  'only what is switched on is published: %j',
  async (types) => {
    const found = new Set<string>();
    for (const kind of ACCESS_KINDS) {
      for (const { type } of (await add(kind, createLog(types))).events) found.add(type);
    }
    expect([...found]).toEqual(types);
  },
);

test('numbers and the name are published if that is configured', async () => {
  const { events, recording } = await add('played', createLog(both, { numbers: true }));
  const { from, to, did, trunk } = call;
  expect(events[0]?.detail).toMatchObject({ recording, from, to, did, trunk });
});

test('each access has an id of its own', async () => {
  const accessLog = createLog(both);
  const access = { kind: 'played', pbx: 'hq', recording: 'a.wav', person: 'Ada', by: 'session' } as const;
  const before = published.length;
  for (let n = 0; n < 3; n++) await accessLog.add(access, { call });
  expect(new Set(published.slice(before).map(({ detail }) => detail.id)).size).toBe(3);
});

describe('an event that cannot be published', () => {
  const failure = (recording: string, code: string) => ({
    level: 'error',
    event: 'access-not-published',
    kind: 'link-created',
    pbx: 'hq',
    recording,
    by: 'session',
    code,
  });

  test('fails nothing: the row is written, and the log says so without the person', async () => {
    eventBridge.refuse = true;
    const { rows, recording } = await add('link-created').finally(() => {
      eventBridge.refuse = false;
    });
    expect(rows).toMatchObject([{ kind: 'link-created', person: 'Ada' }]);
    expect(lines).toEqual([failure(recording, 'event-not-published')]);
  });

  test('holds nobody up for long while EventBridge does not respond', async () => {
    eventBridge.hang = true;
    const before = eventBridge.requests;
    const { recording } = await add('link-created').finally(() => {
      eventBridge.hang = false;
    });
    expect(lines).toEqual([failure(recording, 'TimeoutError')]);
    // The client alone would have tried three times, and for nine seconds. The functions have ten.
    expect(eventBridge.requests - before).toBe(1);
  });

  test('holds nobody up for long while Secrets Manager does not respond', async () => {
    let requests = 0;
    const server = createServer(() => {
      requests += 1;
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = process.env;
    const { port } = server.address() as AddressInfo;
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${port}`;
    const { rows, recording } = await add('link-created').finally(() => {
      process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = endpoint;
    });
    expect(rows).toHaveLength(1);
    expect(lines).toEqual([failure(recording, 'TimeoutError')]);
    expect(requests).toBe(1);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('fails nothing while the key of the ids cannot be read', async () => {
    const { rows, recording } = await add('link-created', createLog(both, { key: 'missing' }));
    expect(rows).toHaveLength(1);
    expect(lines).toEqual([failure(recording, 'event-key-missing')]);
  });

  test('fails nothing if what is known of the call has another form', async () => {
    const access = { kind: 'played', pbx: 'hq', recording: 'b.wav', person: 'Ada', by: 'session' } as const;
    await createLog(both).add(access, { call: { at: 'yesterday' } });
    expect(lines).toMatchObject([{ event: 'access-not-published', recording: 'b.wav' }]);
  });
});

test('an access is published even if its row cannot be written', async () => {
  const { events } = await add('played', createLog(both, { table: 'missing' }));
  expect(events).toHaveLength(1);
  expect(lines).toMatchObject([{ event: 'access-not-logged' }]);
});
