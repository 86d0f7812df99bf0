import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { JOB_DELAY_SECONDS } from '../../functions/shared/config/limits.ts';
import {
  pbxOfAnyFamily,
  pbxSettings,
  tlsSchema,
  UNVERIFIED_FAMILIES,
} from '../../functions/shared/config/pbx-registry.ts';
import { reportDialectOf } from '../../functions/shared/pbx/family-reports.ts';
import { UsageError } from '../shared/command-line.ts';
import { OPTION_NAMES } from '../shared/pbx-options.ts';
import { showCurl } from './curl.ts';
import { show } from './display.ts';
import { replaceFile } from './durable-file.ts';
import { type Host, startHost } from './host.ts';
import type { Options } from './options.ts';
import { checkConnection } from './pbx-connection.ts';
import { readPbxCredentials } from './pbx-credentials.ts';
import { showPage } from './show-page.ts';

/** Also the name of the directory with its state. */
export const PBX_ID = 'pbx';

/** Runs the product with a PBX on this network, and with the state in `directory`. */
export async function runWithPbx(baseUrl: string, directory: string, options: Options): Promise<Host> {
  const { port, username = '' } = options;
  const settings = checkSettings({
    ...(options.family !== undefined && { family: options.family }),
    baseUrl,
    tls: await readTls(options),
    ...(options['report-url'] !== undefined && { reportUrl: options['report-url'] }),
    ...(options['api-version'] !== undefined && { apiVersion: options['api-version'] }),
    ...(options.serial !== undefined && { serialNumber: options.serial }),
    ...(options['report-authentication'] !== undefined && {
      reportAuthentication: options['report-authentication'],
    }),
    ...(options.discover !== undefined && { discoverEveryMinutes: options.discover }),
    timeZone: options['time-zone'] ?? readOwnTimeZone(),
  });
  // First of all: nobody should type a password for a PBX that cannot be reached, or that is another one.
  const localAddress = await checkConnection(baseUrl, settings.tls);
  const { family } = settings;
  if (UNVERIFIED_FAMILIES.includes(family)) {
    const advice = 'compare the first recordings with those on the PBX';
    show('family', `${family} is not verified on a device: ${advice}`, 'yellow');
  }
  const { reportUrl = `${localAddress}:${port}`, discoverEveryMinutes } = settings;
  if (options['time-zone'] === undefined) {
    show(
      'clock',
      `taken to show ${settings.timeZone}, the time zone of this machine; --time-zone names another`,
    );
  }
  const { setUp } = reportDialectOf(settings);
  if (setUp !== undefined && discoverEveryMinutes === undefined) {
    show('webhook', setUp(toUrl(reportUrl), PBX_ID));
  }
  const credentials = await readPbxCredentials(settings, username);
  await using cleanup = new AsyncDisposableStack();
  const host = await startHost({
    directory,
    port,
    hostname: undefined,
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: { [PBX_ID]: { ...settings, reportUrl, credentials } },
  });
  cleanup.defer(() => host.close());
  const { sessions } = await host.keepSessions({ retryLogin: options['retry-login'] });
  const { outcome, code = '', message = '' } = sessions[0] ?? { outcome: 'failed' };
  if (outcome !== 'logged-in' && outcome !== 'kept-alive') {
    throw new UsageError(explainLoginFailure(settings, code, message));
  }
  host.catchUp();
  await showSource(host, directory, { ...settings, reportUrl });
  showCurl(`${host.url}/recordings/${PBX_ID}/NAME-OF-THE-RECORDING.wav`, host.linkTokenFile);
  showPage(host);
  cleanup.move();
  return host;
}

/** Says how the archive hears of a call, and so when. */
async function showSource(
  host: Host,
  directory: string,
  settings: Settings & { reportUrl: string },
): Promise<void> {
  const { baseUrl, reportUrl, discoverEveryMinutes: minutes } = settings;
  const { setUp, secretField } = reportDialectOf(settings);
  if (minutes !== undefined) {
    show('pbx', `${baseUrl} is asked for new recordings every ${minutes} minutes`);
    show('ready', `make a recorded call; it is archived within about ${minutes} minutes of its end`, 'green');
    return;
  }
  if (setUp === undefined) show('pbx', `${baseUrl} posts its reports to ${reportUrl}`);
  else if (secretField === undefined) {
    const file = join(directory, 'webhook-url');
    await replaceFile(file, await host.webhookUrlOf(PBX_ID));
    show('webhook', `the URL, with its secret, is in ${file}`);
  }
  show('ready', 'make a recorded call; it is archived when it ends', 'green');
}

/** Most PBXs that are tried stand in the same office. */
function readOwnTimeZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  // ICU's name for a zone that it does not know; Node has none for some others.
  if (timeZone !== undefined && timeZone !== 'Etc/Unknown') return timeZone;
  throw new UsageError(
    'This machine does not say its time zone. Give that of the PBX with --time-zone, such as Europe/Berlin.',
  );
}

async function readTls(options: Options) {
  const { fingerprint, ca: caFile, 'min-tls': minVersion } = options;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8').catch(() => undefined);
  if (caFile !== undefined && ca === undefined)
    throw new UsageError(`Cannot read ${caFile}, the file given with --ca.`);
  return {
    ...(fingerprint !== undefined && { fingerprint256: fingerprint }),
    ...(ca !== undefined && { ca }),
    ...(minVersion !== undefined && { minVersion }),
  };
}

const settingsSchema = pbxOfAnyFamily({ ...pbxSettings, tls: tlsSchema });

type Settings = v.InferOutput<typeof settingsSchema>;

function checkSettings(settings: unknown): Settings {
  const parsed = v.safeParse(settingsSchema, settings);
  if (parsed.success) return parsed.output;
  const optionNames: Readonly<Record<string, string>> = OPTION_NAMES;
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue) ?? '';
    const option = optionNames[path] ?? path;
    if (issue.expected === 'never') return `${option} is not for a PBX of this --family. Leave it out.`;
    if (issue.message.startsWith('should')) return `${option} ${issue.message}`;
    return `${option} should be ${issue.expected?.replaceAll(/[()"]/g, '').replaceAll(' | ', ' or ')}`;
  });
  throw new UsageError(problems.join('\n'));
}

const toUrl = (reportUrl: string) => `${/^https?:/.test(reportUrl) ? '' : 'http://'}${reportUrl}`;

/** Says why there is no session although the PBX was reached, and what to do about it. */
function explainLoginFailure(settings: Settings, code: string, message: string): string {
  if (code === 'pbx-20003') {
    return 'The PBX refused the username or password. Use those of its API page, not the administrator’s. To retry the same ones, add --retry-login.';
  }
  if (code === 'pbx-20002') {
    return 'The PBX has locked out this machine after too many failed logins. Wait ten minutes, then start again.';
  }
  if (code === 'pbx-connection') {
    return `${message} Something accepts connections at ${settings.baseUrl}, but does not respond like a PBX. Check the port, and that the API is enabled on the PBX.`;
  }
  const hasVersions = 'apiVersion' in settings;
  // A number of its own shows that its API is enabled.
  if (/^pbx-(?:minus-)?\d+$/.test(code) && !hasVersions) return message;
  const version = hasVersions ? ', and that --api-version is right' : '';
  return `${message} Check that the API is enabled on the PBX${version}.`;
}
