import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ArchiveError } from '../../../../../functions/shared/errors.ts';
import type { PbxClient } from '../../../../../functions/shared/pbx/pbx-client.ts';
import type { RecordingSource } from '../../../../../functions/shared/pbx/recording-source.ts';
import { FEWER_RUNS, fc } from '../../../../property.ts';
import { captureLog } from '../../../capture-log.ts';
import { hostileResponse } from '../hostile-response.ts';
import { type ReceivedRequest, startScriptedPbx } from '../scripted-pbx.ts';
import { pSeriesClientOf } from './p-series-client.ts';

const SECRETS = {
  token: 'token-4cb0c5a3b1d84f6e97e2b6d0f1a82c35',
  refreshToken: 'refresh-7d1a90e5c2f34b68a1b7f2e9d3c05a46',
  clientSecret: 'secret-49c9fcfe53c9d08bb9cdb2b656f0a26a',
};
const SUBSCRIPTION = { url: 'http://unused', form: 'url', port: 80 } as const;
const RECORDING = '20251009105326-1760000000.42-5550100-2001-Inbound.wav';
const WINDOW = { starttime: '2025-10-09 00:00:00', endtime: '2025-10-09 23:59:59' };

const CALLS: [string, (client: PbxClient) => Promise<unknown>][] = [
  ['login', (client) => client.login({ username: 'id', password: SECRETS.clientSecret }, SUBSCRIPTION)],
  ['refresh', (client) => client.refresh(SECRETS.refreshToken)],
  ['openRecording', async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING))],
  [
    'openRecording from 1000',
    async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING, undefined, 1000)),
  ],
  [
    'listRecordings',
    (client) =>
      client.listRecordings(SECRETS.token, WINDOW, {
        timeZone: 'UTC',
        now: Date.UTC(2025, 9, 10),
        signal: new AbortController().signal,
        timeoutMs: 10_000,
      }),
  ],
  ['deviceInfo', (client) => client.deviceInfo(SECRETS.token)],
];

/** Reads a download, whole or cut off, and checks that its properties are valid numbers. */
async function readRecording({
  body,
  isDecoded: _,
  readFailure: _read,
  deliveredName: _name,
  ...numbers
}: RecordingSource): Promise<unknown> {
  await readAll(body);
  for (const value of Object.values(numbers)) {
    if (value !== undefined)
      expect(value).toSatisfy((number: number) => Number.isSafeInteger(number) && number >= 0);
  }
  return numbers;
}

const readAll = (body: AsyncIterable<Buffer>) => buffer(body).catch(() => undefined);

/** The connections to a server to which responses redirect, and which must never be called. */
const elsewhere: Socket[] = [];
const trap = createServer().on('connection', (socket: Socket) => {
  elsewhere.push(socket);
  socket.destroy();
});
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
trap.unref();
const TRAP = `127.0.0.1:${(trap.address() as AddressInfo).port}`;

/** Every address that this process connected to. */
const peers = new Set<string>();
beforeEach(() => {
  const recordPeer = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => peers.add(`${socket.remoteAddress}:${socket.remotePort}`));
  };
  peers.clear();
  subscribe('net.client.socket', recordPeer);
  onTestFinished(() => {
    unsubscribe('net.client.socket', recordPeer);
  });
});

const anyResponse = hostileResponse(TRAP, Object.values(SECRETS));

/** Where the file is, or elsewhere. `undefined` is a proper response. */
const anyOffer = fc.option(
  fc.oneof(
    fc.constant('/api/download/a.wav'),
    fc.webUrl(),
    fc.string({ unit: 'binary' }),
    fc.constant(`http://${TRAP}/api/download/a.wav`),
    fc.constant(`//${TRAP}/api/a.wav`),
  ),
  { nil: undefined, freq: 5 },
);
const script = fc.record({ offer: anyOffer, first: anyResponse, second: anyResponse });

const lines = captureLog();

describe.each(CALLS)('whatever a PBX responds to %s, the outcome', (_, call) => {
  test('is a result or an error without a secret, and no other host is contacted', async () => {
    let planned: { offer: string | undefined; first: Buffer; second: Buffer };
    const pbx = await startScriptedPbx(({ socket }, { path }: ReceivedRequest) => {
      if (path.startsWith('/api/')) return socket?.end(planned.second);
      if (planned.offer === undefined) return socket?.end(planned.first);
      const body = JSON.stringify({ errcode: 0, file: 'a.wav', download_resource_url: planned.offer });
      return socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
    const client = pSeriesClientOf(pbx);
    await fc.assert(
      fc.asyncProperty(script, async (responses) => {
        planned = responses;
        const error = await call(client).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(ArchiveError);
        const output = inspect([error, lines], { depth: 20, maxStringLength: null });
        for (const [kind, secret] of Object.entries(SECRETS))
          expect(output.includes(secret) && kind).toBe(false);
      }),
      FEWER_RUNS,
    );
    expect(elsewhere).toEqual([]);
    expect([...peers]).toEqual([new URL(pbx.url).host]);
    expect(pbx.seen.filter(({ path }) => !/^\/(?:openapi\/v1\.0|api)\//.test(path))).toEqual([]);
  });
});
