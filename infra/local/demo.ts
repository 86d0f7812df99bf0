import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { JOB_DELAY_SECONDS } from '../../functions/shared/config/limits.ts';
import { ArchiveError } from '../../functions/shared/errors.ts';
import { type LogLine, logChannel } from '../../functions/shared/telemetry/log.ts';
import { showCurl } from './curl.ts';
import { type DemoCall, type DemoPbx, startDemoPbxs } from './demo-pbx.ts';
import { formatBytes, show } from './display.ts';
import { type Host, startHost } from './host.ts';
import type { Options } from './options.ts';
import { showPage } from './show-page.ts';

const ARCHIVE_TIMEOUT_MS = 60_000;

export interface Demo extends Host {
  archived: number;
}

/**
 * Runs the product with simulated PBXs that make a few calls, and with the state in `directory`. Checks that their
 * recordings are archived.
 */
export async function runDemo(
  directory: string,
  { port, demo, calls: count, exit }: Pick<Options, 'port' | 'demo' | 'calls' | 'exit'>,
): Promise<Demo> {
  await using cleanup = new AsyncDisposableStack();
  const pbxs = await startDemoPbxs(demo, directory);
  const nameOf = (pbxId: string) => (pbxs.length > 1 ? `${pbxId}: ` : '');
  for (const pbx of pbxs) {
    cleanup.defer(() => pbx.close());
    show('pbx', `${nameOf(pbx.id)}simulated Yeastar ${pbx.model} at ${pbx.url}`);
    show('', `self-signed certificate, pinned by its fingerprint ${pbx.fingerprint256}`);
  }
  const host = await startHost({
    directory,
    port,
    hostname: '127.0.0.1',
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: Object.fromEntries(pbxs.map(({ id, settings }) => [id, settings])),
  });
  cleanup.defer(() => host.close());
  for (const pbx of pbxs) {
    const reportUrl = pbx.reportTo(host.url);
    if (reportUrl === undefined) continue;
    show(
      'webhook',
      `${nameOf(pbx.id)}set up in the ${pbx.model}, as a person does in its web page: POST to ${reportUrl}`,
    );
  }
  await host.keepSessions();
  const calls = await makeCalls(pbxs, count, nameOf);
  const urlOf = ({ pbx, recording }: DemoCall) =>
    `${host.url}/recordings/${pbx}/${encodeURIComponent(recording)}`;
  for (const call of calls) await fetchAndCompare(call, urlOf(call), host, nameOf);
  if (!exit) {
    // The page says up to when the calls of a PBX have been compared with the archive.
    await host.reconcile({ hours: 1 });
    if (calls[0] !== undefined) showCurl(urlOf(calls[0]), host.linkTokenFile);
    showPage(host);
  }
  const running = cleanup.move();
  return { ...host, archived: calls.length, close: () => running.disposeAsync() };
}

/** The beginning of a line about a PBX; empty if there is no other. */
type NameOf = (pbxId: string) => string;

/** Each PBX makes `count` calls. Resolves when the recordings of all calls are archived. */
async function makeCalls(pbxs: DemoPbx[], count: number, nameOf: NameOf): Promise<DemoCall[]> {
  const calls = Array.from({ length: count }, (_, number) => pbxs.map((pbx) => pbx.makeCall(number))).flat();
  const archived = waitUntilArchived(calls);
  for (const { pbx, from, to, talkSeconds, bytes, report } of calls) {
    show(
      'call',
      `${nameOf(pbx)}${from} → ${to}, ${talkSeconds} seconds, a recording of ${formatBytes(bytes.length)}`,
    );
    await report();
  }
  show('queue', `jobs start in ${JOB_DELAY_SECONDS} seconds, so that the PBX can finish its files`);
  await archived;
  return calls;
}

/** Resolves when the recordings of all `calls` are archived. Rejects if one is given up, or after a minute. */
function waitUntilArchived(calls: DemoCall[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const nameOf = (pbx: unknown, recording: unknown) => `${pbx}: ${recording}`;
  const missing = new Set(calls.map(({ pbx, recording }) => nameOf(pbx, recording)));
  const timer = setTimeout(
    () =>
      reject(
        new ArchiveError(
          'demo-too-slow',
          `Not archived within ${ARCHIVE_TIMEOUT_MS / 1000} seconds: ${[...missing].join(', ')}. The lines above say ` +
            'why. If the machine is only slow, start again: what is queued is archived then.',
        ),
      ),
    ARCHIVE_TIMEOUT_MS,
  );
  const listener = (message: unknown) => {
    const { event, pbx, recording, reason } = message as LogLine;
    const name = nameOf(pbx, recording);
    if (event === 'job-dead-lettered' && missing.has(name))
      reject(new Error(`${recording} was given up: ${reason}`));
    if (event === 'archived') missing.delete(name);
    if (missing.size === 0) resolve();
  };
  logChannel.subscribe(listener);
  if (missing.size === 0) resolve();
  return promise.finally(() => {
    clearTimeout(timer);
    logChannel.unsubscribe(listener);
  });
}

/** Downloads a recording as an integrator would, by its link, and compares it with the PBX's file. */
async function fetchAndCompare(
  { pbx, recording, bytes }: DemoCall,
  url: string,
  host: Host,
  nameOf: NameOf,
): Promise<void> {
  const token = await readFile(host.linkTokenFile, 'utf8');
  const linkResponse = await request(url, {
    headers: { authorization: `Bearer ${token}` },
  });
  const link = (await linkResponse.body.json()) as { url: string };
  if (linkResponse.statusCode !== 200)
    throw new Error(`No link for ${recording}: the link API returned HTTP ${linkResponse.statusCode}.`);
  const download = await request(link.url);
  const fetched = Buffer.from(await download.body.arrayBuffer());
  if (!fetched.equals(bytes))
    throw new Error(`${recording}: the archived recording differs from the PBX's file.`);
  show(
    'fetched',
    `${nameOf(pbx)}${formatBytes(fetched.length)} via the link, identical to the PBX's file`,
    'green',
  );
}
