import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ArchiveError } from '../../../../../functions/shared/errors.ts';
import type { Subscription } from '../../../../../functions/shared/pbx/pbx-client.ts';
import type { RecordingSource } from '../../../../../functions/shared/pbx/recording-source.ts';
import type { SSeriesClient } from '../../../../../functions/shared/pbx/s-series/client.ts';
import { FEWER_RUNS, fc } from '../../../../property.ts';
import { captureLog } from '../../../capture-log.ts';
import { hostileResponse } from '../hostile-response.ts';
import { clientOf, type ReceivedRequest, startScriptedPbx } from '../scripted-pbx.ts';

const SECRETS = {
  token: 'token-4cb0c5a3b1d84f6e97e2b6d0f1a82c35',
  random: 'random-120732c546381fb020f17fba676b0ea0',
  refreshToken: 'refresh-7d1a90e5c2f34b68a1b7f2e9d3c05a46',
  password: 'pässword of the API',
  passwordMd5: '49c9fcfe53c9d08bb9cdb2b656f0a26a',
  webhookSecret: 'path-secret-of-the-webhook',
};
const SUBSCRIPTION: Subscription = {
  url: `http://reports.example:8260/reports/test/${SECRETS.webhookSecret}`,
  form: 'url',
  port: 8260,
};
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const WINDOW = { starttime: '2018-11-07 00:00:00', endtime: '2018-11-07 23:59:59' };

const CALLS: [string, (client: SSeriesClient) => Promise<unknown>][] = [
  ['login', (client) => client.login({ username: 'api', password: SECRETS.password }, SUBSCRIPTION)],
  ['heartbeat', (client) => client.heartbeat(SECRETS.token, SUBSCRIPTION)],
  ['refresh', (client) => client.refresh(SECRETS.refreshToken)],
  ['openRecording', async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING))],
  [
    'openRecording from 1000',
    async (client) => readRecording(await client.openRecording(SECRETS.token, RECORDING, undefined, 1000)),
  ],
  ['openCdrs', async (client) => readAll(await client.openCdrs(SECRETS.token, WINDOW))],
  ['deviceInfo', (client) => client.deviceInfo(SECRETS.token)],
];

/** Reads a download, whole or cut off, and checks that its properties are valid numbers. */
async function readRecording({
  body,
  isDecoded: _,
  readFailure: _read,
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

/** `undefined` is a proper response: a download reaches its second step only after a proper first one. */
const script = fc.record({ first: fc.option(anyResponse, { nil: undefined, freq: 1 }), second: anyResponse });

const lines = captureLog();

describe.each(CALLS)('whatever a PBX responds to %s, the outcome', (_, call) => {
  test('is a result or an error without a secret, and no other host is contacted', async () => {
    let responses: { first: Buffer | undefined; second: Buffer };
    const pbx = await startScriptedPbx(({ socket }, { path }: ReceivedRequest) => {
      const isFirst = path.endsWith('/get_random');
      const response = isFirst ? responses.first : responses.second;
      socket?.end(response ?? success);
    });
    const client = clientOf(pbx.url);
    await fc.assert(
      fc.asyncProperty(script, async (planned) => {
        responses = planned;
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
    expect(pbx.seen.filter(({ path }) => !path.startsWith('/api/v1.1.0/'))).toEqual([]);
  });
});

const fields = JSON.stringify({ status: 'Success', random: SECRETS.random });
const success = `HTTP/1.1 200 OK\r\nContent-Length: ${fields.length}\r\n\r\n${fields}`;
