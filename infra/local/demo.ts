import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { JOB_DELAY_SECONDS } from '../../functions/shared/config/limits.ts';
import { type LogLine, logChannel } from '../../functions/shared/telemetry/log.ts';
import {
  type CallOptions,
  type SimulatedCall,
  type SimulatedPbx,
  startSimulatedPbx,
} from '../simulated-pbx/simulated-pbx.ts';
import { showCurl } from './curl.ts';
import { formatBytes, show } from './display.ts';
import { type Host, startHost } from './host.ts';
import type { Options } from './options.ts';
import { generateSecret } from './resources.ts';
import { showPage } from './show-page.ts';

/** Also the name of the directory with its state. */
export const DEMO_ID = 'demo';
const USERNAME = 'api';
const ARCHIVE_TIMEOUT_MS = 60_000;

const EXAMPLE_CALLS: CallOptions[] = [
  { from: '+49 30 901820', to: '1000', type: 'Inbound', talkSeconds: 9, fields: { srctrunkname: 'Berlin' } },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '*43#', type: 'Outbound', talkSeconds: 6, fields: { dsttrunkname: 'Berlin' } },
];

export interface Demo extends Host {
  archived: number;
}

/**
 * Runs the product with a simulated PBX that makes a few calls, and with the state in `directory`. Checks that their
 * recordings are archived.
 */
export async function runDemo(
  directory: string,
  { port, calls: count, exit }: Pick<Options, 'port' | 'calls' | 'exit'>,
): Promise<Demo> {
  await using cleanup = new AsyncDisposableStack();
  const password = generateSecret();
  const pbx = await startSimulatedPbx({
    username: USERNAME,
    password,
    directory: join(directory, 'simulated-pbx'),
  });
  cleanup.defer(() => pbx.close());
  show('pbx', `simulated Yeastar S-Series at ${pbx.url}`);
  show('', `self-signed certificate, pinned by its fingerprint ${pbx.fingerprint256}`);
  const host = await startHost({
    directory,
    port,
    hostname: '127.0.0.1',
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: {
      [DEMO_ID]: {
        baseUrl: pbx.url,
        reportUrl: 'http://{host}',
        tls: { fingerprint256: pbx.fingerprint256 },
        credentials: { username: USERNAME, password },
      },
    },
  });
  cleanup.defer(() => host.close());
  await host.keepSessions();
  const calls = await makeCalls(pbx, count);
  for (const call of calls) await fetchAndCompare(call, host);
  if (!exit) {
    if (calls[0] !== undefined) showCurl(linkUrl(calls[0].recording, host), host.linkTokenFile);
    showPage(host);
  }
  const running = cleanup.move();
  return { ...host, archived: calls.length, close: () => running.disposeAsync() };
}

/** Resolves when the recordings of all calls are archived. */
async function makeCalls(pbx: SimulatedPbx, count: number): Promise<SimulatedCall[]> {
  const calls = Array.from({ length: count }, (_, number) =>
    pbx.makeCall(EXAMPLE_CALLS[number % EXAMPLE_CALLS.length] ?? { from: '1001', to: '1003' }),
  );
  const archived = waitUntilArchived(calls);
  for (const { report, bytes } of calls) {
    const { callfrom, callto, talkduraction } = report;
    show(
      'call',
      `${callfrom} → ${callto}, ${talkduraction} seconds, a recording of ${formatBytes(bytes.length)}`,
    );
    await pbx.postReport(report);
  }
  show('queue', `jobs start in ${JOB_DELAY_SECONDS} seconds, so that the PBX can finish its files`);
  await archived;
  return calls;
}

/** Resolves when the recordings of all `calls` are archived. Rejects if one is given up, or after a minute. */
function waitUntilArchived(calls: SimulatedCall[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const missing = new Set(calls.map(({ recording }) => recording));
  const timer = setTimeout(
    () =>
      reject(
        new Error(`Not archived within ${ARCHIVE_TIMEOUT_MS / 1000} seconds: ${[...missing].join(', ')}.`),
      ),
    ARCHIVE_TIMEOUT_MS,
  );
  const listener = (message: unknown) => {
    const { event, recording, reason } = message as LogLine;
    if (event === 'job-dead-lettered' && missing.has(String(recording)))
      reject(new Error(`${recording} was given up: ${reason}`));
    if (event === 'archived') missing.delete(String(recording));
    if (missing.size === 0) resolve();
  };
  logChannel.subscribe(listener);
  if (missing.size === 0) resolve();
  return promise.finally(() => {
    clearTimeout(timer);
    logChannel.unsubscribe(listener);
  });
}

const linkUrl = (recording: string, host: Host) =>
  `${host.url}/recordings/${DEMO_ID}/${encodeURIComponent(recording)}`;

/** Downloads a recording as an integrator would, by its link, and compares it with the PBX's file. */
async function fetchAndCompare({ recording, bytes }: SimulatedCall, host: Host): Promise<void> {
  const token = await readFile(host.linkTokenFile, 'utf8');
  const linkResponse = await request(linkUrl(recording, host), {
    headers: { authorization: `Bearer ${token}` },
  });
  const link = (await linkResponse.body.json()) as { url: string };
  if (linkResponse.statusCode !== 200)
    throw new Error(`No link for ${recording}: the link API returned HTTP ${linkResponse.statusCode}.`);
  const download = await request(link.url);
  const fetched = Buffer.from(await download.body.arrayBuffer());
  if (!fetched.equals(bytes))
    throw new Error(`${recording}: the archived recording differs from the PBX's file.`);
  show('fetched', `${formatBytes(fetched.length)} via the link, identical to the PBX's file`, 'green');
}
