import { describe, test } from 'vitest';
import type { PbxClient } from '../../../../../functions/shared/pbx/pbx-client.ts';
import { fc } from '../../../../property.ts';
import { jsonResponse, readRecording, watchClients } from '../hostile-pbx.ts';
import { hostileResponse } from '../hostile-response.ts';
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

const { elsewhere, expectHarmless } = await watchClients();
const anyResponse = hostileResponse(elsewhere, Object.values(SECRETS));

/** Where the file is, or elsewhere. `undefined` is a proper response. */
const anyOffer = fc.option(
  fc.oneof(
    fc.constant('/api/download/a.wav'),
    fc.webUrl(),
    fc.string({ unit: 'binary' }),
    fc.constant(`http://${elsewhere}/api/download/a.wav`),
    fc.constant(`//${elsewhere}/api/a.wav`),
  ),
  { nil: undefined, freq: 5 },
);

const hostility = {
  secrets: SECRETS,
  scripts: fc.record({ offer: anyOffer, first: anyResponse, second: anyResponse }),
  respond(
    { offer, first, second }: { offer: string | undefined; first: Buffer; second: Buffer },
    path: string,
  ) {
    if (path.startsWith('/api/')) return second;
    return offer === undefined
      ? first
      : jsonResponse({ errcode: 0, file: 'a.wav', download_resource_url: offer });
  },
  paths: /^\/(?:openapi\/v1\.0|api)\//,
};

describe.each(CALLS)('whatever a PBX responds to %s, the outcome', (_, call) => {
  test('is a result or an error without a secret, and no other host is contacted', async () => {
    await expectHarmless(hostility, (pbx) => {
      const client = pSeriesClientOf(pbx);
      return () => call(client);
    });
  });
});
