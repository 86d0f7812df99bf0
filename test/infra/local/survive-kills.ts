import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { flag, parseCommandLine, UsageError, value } from '../../../infra/shared/command-line.ts';
import { describeError } from '../../../infra/shared/describe-error.ts';
import { printError } from '../../../infra/shared/print.ts';
import { startSimulatedPSeries } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { wav } from '../../functions/shared/recordings/wav.ts';
import { findFreePort } from './free-port.ts';
import { readHostFile } from './read-host-file.ts';

const HELP = `Kills the local host with SIGKILL at random moments, even during its start, while calls are reported. Then
downloads every recording and compares its bytes, and looks it up in the index. Shares are made all the while: each
that the host has acknowledged has to be there in the end, with its row in the access log.

  npm run survive-kills -- --family p-series --kills 20

  --kills N        how often the host is killed; 100 by default
  --calls N        how many calls are made; 200 by default
  --family FAMILY  s-series (default) or p-series
  --help           show this text`;

const { kills, callCount, family } = readOptions();

/** Ends the process after `--help`, and if an option is wrong. */
function readOptions() {
  try {
    const { values } = parseCommandLine({
      options: { kills: value, calls: value, family: value, help: flag },
    });
    if (values.help) {
      console.log(HELP);
      process.exit();
    }
    const { family = 's-series' } = values;
    if (family !== 's-series' && family !== 'p-series')
      throw new UsageError('--family must be s-series or p-series.');
    return {
      kills: readCount('--kills', values.kills ?? '100'),
      callCount: readCount('--calls', values.calls ?? '200'),
      family,
    };
  } catch (error) {
    printError(describeError(error));
    process.exit(1);
  }
}

function readCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`${option} must be a whole number from 1.`);
}

/** Short enough that many kills hit the start. */
const MAX_LIFE_MS = 2_500;
const PASSWORD = 'password-of-the-kill-test';
/** Two parts, so that kills hit multipart uploads too. */
const LONG_BYTES = 9 * 1024 * 1024;
/** The hosts that are killed do not answer. */
const REPEATS = { maxReports: Number.POSITIVE_INFINITY, repeatDelay: 100 };

await using running = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'survive-kills-'));
running.defer(() => rm(directory, { recursive: true, force: true }));
const port = await findFreePort();
const pbx = await (family === 'p-series' ? startPSeries() : startSSeries());
running.defer(() => pbx.close());

interface Call {
  recording: string;
  bytes: Buffer;
  report(): Promise<unknown>;
}

interface CallOptions {
  from: string;
  to: string;
  recording?: Buffer;
}

/** What differs between the families. `findFaults` says what the PBX saw that it should never see. */
interface Pbx {
  url: string;
  fingerprint256: string;
  args: string[];
  env: Record<string, string>;
  makeCall(options: CallOptions): Call;
  findFaults(): Record<string, number>;
  close(): Promise<void>;
}

async function startSSeries(): Promise<Pbx> {
  const simulated = await startSimulatedPbx({ password: PASSWORD, ...REPEATS });
  return {
    ...simulated,
    args: ['--username', 'api', '--report-url', `127.0.0.1:${port}`],
    env: {},
    makeCall(options) {
      const call = simulated.makeCall(options);
      return { ...call, report: () => simulated.postReport(call.report) };
    },
    findFaults() {
      const { reusedRandoms, refusedLogins } = simulated.stats;
      return { 'randoms used twice': reusedRandoms, 'logins refused': refusedLogins };
    },
  };
}

async function startPSeries(): Promise<Pbx> {
  const simulated = await startSimulatedPSeries({ clientSecret: PASSWORD, ...REPEATS });
  const signatureSecret = simulated.setWebhook(`http://127.0.0.1:${port}/reports/pbx/p-series`);
  return {
    ...simulated,
    args: ['--family', 'p-series', '--username', 'client-id'],
    env: { PBX_WEBHOOK_SECRET: signatureSecret },
    makeCall(options) {
      const call = simulated.makeCall(options);
      return { ...call, report: () => simulated.postReport(call.report) };
    },
    findFaults() {
      const { maxValidTokens, refusedTokens } = simulated.stats;
      return { 'tokens too many': Math.max(0, maxValidTokens - 8), 'tokens refused': refusedTokens };
    },
  };
}

/** A complete WAV file. Without a header, it would be taken for text. */
function longRecording(number: number): Buffer {
  const header = wav({ audioBytes: 0, riffSize: 36 + LONG_BYTES, dataSize: LONG_BYTES });
  return Buffer.concat([header, Buffer.alloc(LONG_BYTES, `call ${number}\0`)]);
}

function startHost(): ChildProcess {
  const args = ['--pbx', pbx.url, '--fingerprint', pbx.fingerprint256, ...pbx.args];
  const place = ['--port', String(port), '--data', directory];
  return spawn(process.execPath, ['infra/local/main.ts', ...args, ...place], {
    // The simulated PBXs show UTC, wherever this runs.
    env: { PATH: process.env.PATH, TZ: 'UTC', PBX_PASSWORD: PASSWORD, ...pbx.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Resolves when the host accepts reports. Its output must be read all the time, or it would block. */
function ready(host: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    host.stdout?.on('data', (text) => {
      if (String(text).includes('make a recorded call')) resolve();
    });
  });
}

async function kill(host: ChildProcess): Promise<void> {
  const ended = once(host, 'exit');
  if (host.exitCode === null && host.signalCode === null) {
    host.kill('SIGKILL');
    await ended;
  }
}

/** Sends a request with the link token, and returns the JSON of the response. */
async function ask<T>(path: string, body?: object): Promise<T> {
  const token = await readFile(join(directory, 'pbx', 'link-token'), 'utf8');
  const response = await request(`http://127.0.0.1:${port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.body.json()) as T;
}

/** Downloads a recording through its link; `undefined` if it is not archived yet. */
async function fetchRecording(recording: string): Promise<Buffer | undefined> {
  const path = `/recordings/pbx/${encodeURIComponent(recording)}`;
  const { url: presigned } = await ask<{ url?: string }>(path);
  if (presigned === undefined) return undefined;
  const { body } = await request(presigned);
  return Buffer.from(await body.arrayBuffer());
}

// The PBX sends no reports before the first host has logged in.
let host = startHost();
running.defer(() => kill(host));
let isReady = ready(host);
await isReady;

const reports: Promise<unknown>[] = [];
const calls: Call[] = [];
async function makeCalls(count: number): Promise<void> {
  for (let made = 0; made < count && calls.length < callCount; made++) {
    const isLong = calls.length % 20 === 10;
    const call = pbx.makeCall({
      from: '1001',
      to: String(2000 + calls.length),
      ...(isLong && { recording: longRecording(calls.length) }),
    });
    calls.push(call);
    reports.push(call.report());
    await delay(Math.random() * 50);
  }
}

/** Ids of the shares that a host has acknowledged, which are in its table and nowhere else. */
const shared: string[] = [];
/** Makes shares until the host is gone. */
async function makeShares(maker: ChildProcess): Promise<void> {
  while (maker.exitCode === null && maker.signalCode === null) {
    const recording = calls[Math.floor(Math.random() * calls.length)]?.recording;
    try {
      const share = { pbx: 'pbx', recording, download: false };
      const made = await ask<{ share?: { id: string } }>('/api/shares', share);
      if (made.share !== undefined) shared.push(made.share.id);
    } catch {
      // It is starting, or has been killed meanwhile.
    }
    await delay(20);
  }
}

const startedAt = performance.now();
for (let killed = 1; killed <= kills; killed++) {
  const sharing = makeShares(host);
  // On a busy machine, the others hardly get that far.
  if (killed % 5 === 0) await isReady;
  await Promise.all([makeCalls(Math.ceil(callCount / kills)), delay(Math.random() * MAX_LIFE_MS)]);
  await kill(host);
  await sharing;
  host = startHost();
  isReady = ready(host);
  if (killed % 10 === 0) console.log(`${killed} kills, ${calls.length} calls`);
}
await isReady;
await makeCalls(callCount);
await Promise.all(reports);

let different = 0;
for (const { recording, bytes } of calls) {
  let stored = await fetchRecording(recording);
  while (stored === undefined) {
    await delay(200);
    stored = await fetchRecording(recording);
  }
  if (!stored.equals(bytes)) different++;
}
/** Recordings without a row, or whose row has another size. The host may still be comparing the index with the bucket. */
async function findUnindexed(): Promise<string[]> {
  const { AWS_ENDPOINT_URL_DYNAMODB, EMULATOR_SECRET_KEY, AWS_SECRET_ACCESS_KEY, INDEX_TABLE } =
    await readHostFile(join(directory, 'pbx'));
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_DYNAMODB,
    EMULATOR_SECRET_KEY: EMULATOR_SECRET_KEY ?? AWS_SECRET_ACCESS_KEY,
  });
  const table = createIndexTable(createDynamoDbClient(), INDEX_TABLE ?? '');
  const unindexed = [];
  for (const { recording, bytes } of calls) {
    const row = await table.find('pbx', recording);
    if (row?.state !== 'archived' || row.bytes !== bytes.length) unindexed.push(recording);
  }
  return unindexed;
}
let unindexed = await findUnindexed();
for (let tries = 0; unindexed.length > 0 && tries < 30; tries++) {
  await delay(1000);
  unindexed = await findUnindexed();
}

/** All items of a list of the API, page by page. */
async function listAll<Name extends string, Item>(path: string, name: Name): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const next = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await ask<Record<Name, Item[]> & { cursor?: string }>(`${path}${next}`);
    items.push(...page[name]);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return items;
}
const listed = await listAll<'shares', { id: string }>('/api/shares?mine=1&limit=200', 'shares');
const accesses = await listAll<'accesses', { share?: string; kind: string }>(
  '/api/access?person=token&limit=200',
  'accesses',
);
if (shared.length === 0) throw new Error('No host has lived long enough to make a share.');
const shareIds = new Set(listed.map(({ id }) => id));
const loggedIds = new Set(accesses.filter(({ kind }) => kind === 'share-created').map(({ share }) => share));
const missingFrom = (ids: ReadonlySet<string | undefined>) => shared.filter((id) => !ids.has(id)).length;
const seconds = Math.round((performance.now() - startedAt) / 1000);
const faults = {
  different,
  'missing in the index': unindexed.length,
  'shares lost': missingFrom(shareIds),
  'accesses lost': missingFrom(loggedIds),
  ...pbx.findFaults(),
};
const findings = Object.entries(faults).map(([name, count]) => `${count} ${name}`);
console.log(
  `${kills} kills, ${calls.length} calls, ${shared.length} shares: ${calls.length - different} stored and identical, ` +
    `${findings.join(', ')}, in ${seconds} s`,
);
if (Object.values(faults).some((count) => count > 0)) process.exitCode = 1;
