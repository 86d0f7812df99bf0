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

const PBX_ID = 'demo';
const USERNAME = 'api';
const ARCHIVE_TIMEOUT_MS = 60_000;

const PARTIES: CallOptions[] = [
  { from: '+49 30 901820', to: '1000', type: 'Inbound', talkSeconds: 9, fields: { srctrunkname: 'Berlin' } },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '*43#', type: 'Outbound', talkSeconds: 6, fields: { dsttrunkname: 'Berlin' } },
];

export interface Demo {
  archived: number;
  close(): Promise<void>;
}

/** Runs the product with a simulated PBX that makes a few calls, and checks what became of them. */
export async function runDemo({ data, port, calls: count, exit }: Options): Promise<Demo> {
  await using starting = new AsyncDisposableStack();
  const password = generateSecret();
  const directory = join(data, PBX_ID);
  const pbx = await startSimulatedPbx({
    username: USERNAME,
    password,
    directory: join(directory, 'simulated-pbx'),
  });
  starting.defer(() => pbx.close());
  show('pbx', `simulated Yeastar S-Series at ${pbx.url}`);
  show('', `its self-signed certificate is pinned: ${pbx.fingerprint256}`);
  const host = await startHost({
    directory,
    port,
    hostname: '127.0.0.1',
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: {
      [PBX_ID]: {
        baseUrl: pbx.url,
        reportUrl: 'http://{host}',
        tls: { fingerprint256: pbx.fingerprint256 },
        credentials: { username: USERNAME, password },
      },
    },
  });
  starting.defer(() => host.close());
  await host.keepSessions();
  const calls = await makeCalls(pbx, count);
  for (const call of calls) await fetchAndCompare(call, host);
  if (calls[0] !== undefined && !exit) showCurl(linkUrl(calls[0].recording, host), host.linkTokenFile);
  const running = starting.move();
  return { archived: calls.length, close: () => running.disposeAsync() };
}

/** Resolves when all the calls' recordings are archived. */
async function makeCalls(pbx: SimulatedPbx, count: number): Promise<SimulatedCall[]> {
  const calls = Array.from({ length: count }, (_, number) =>
    pbx.makeCall(PARTIES[number % PARTIES.length] ?? { from: '1001', to: '1003' }),
  );
  const archived = expectArchived(calls);
  for (const { report, bytes } of calls) {
    const { callfrom, callto, talkduraction } = report;
    show(
      'call',
      `${callfrom} → ${callto}, ${talkduraction} s, recorded: ${formatBytes(bytes.length)} of audio`,
    );
    await pbx.postReport(report);
  }
  show('queue', `first attempts ${JOB_DELAY_SECONDS} s after hang-up, when the PBX has finished its files`);
  await archived;
  return calls;
}

/** Settles when these recordings are archived; fails when one is given up, or is still missing after a minute. */
function expectArchived(calls: SimulatedCall[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const missing = new Set(calls.map(({ recording }) => recording));
  const timer = setTimeout(
    () =>
      reject(new Error(`Not archived within ${ARCHIVE_TIMEOUT_MS / 1000} s: ${[...missing].join(', ')}.`)),
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
  `${host.url}/recordings/${PBX_ID}/${encodeURIComponent(recording)}`;

/** Gets a recording as an integrator does: a link, then the bytes. */
async function fetchAndCompare({ recording, bytes }: SimulatedCall, host: Host): Promise<void> {
  const token = await readFile(host.linkTokenFile, 'utf8');
  const answer = await request(linkUrl(recording, host), { headers: { authorization: `Bearer ${token}` } });
  const link = (await answer.body.json()) as { url: string };
  if (answer.statusCode !== 200)
    throw new Error(`No link for ${recording}: HTTP status ${answer.statusCode}.`);
  const download = await request(link.url);
  const fetched = Buffer.from(await download.body.arrayBuffer());
  if (!fetched.equals(bytes)) throw new Error(`${recording} came back different from what the PBX has.`);
  show('fetched', `${formatBytes(fetched.length)} through the link, identical to the PBX's`, 'green');
}
