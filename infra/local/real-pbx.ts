import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import askPassword from '@inquirer/password';
import * as v from 'valibot';
import { JOB_DELAY_SECONDS } from '../../functions/shared/config/limits.ts';
import { pbxSettings, tlsSchema } from '../../functions/shared/config/pbx-registry.ts';
import { UsageError } from '../shared/command-line.ts';
import { showCurl } from './curl.ts';
import { show } from './display.ts';
import { type Host, startHost } from './host.ts';
import type { Options } from './options.ts';

const PBX_ID = 'pbx';

/** Runs the product with a PBX on this network. */
export async function runWithPbx(baseUrl: string, options: Options): Promise<Host> {
  const { port, data, username = '' } = options;
  const tls = await readTls(options);
  const reportUrl = options['report-url'] ?? `${await localAddressTowards(baseUrl)}:${port}`;
  const settings = checkSettings({
    baseUrl,
    tls,
    reportUrl,
    ...(options['api-version'] !== undefined && { apiVersion: options['api-version'] }),
    ...(options.serial !== undefined && { serialNumber: options.serial }),
  });
  const password = process.env.PBX_PASSWORD ?? (await askForPassword(username));
  await using cleanup = new AsyncDisposableStack();
  const host = await startHost({
    directory: join(data, PBX_ID),
    port,
    hostname: '0.0.0.0',
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: { [PBX_ID]: { ...settings, reportUrl, credentials: { username, password } } },
  });
  cleanup.defer(() => host.close());
  const { sessions } = await host.keepSessions({ retryLogin: options['retry-login'] });
  const { outcome, code = '', message = '' } = sessions[0] ?? { outcome: 'failed' };
  if (outcome !== 'logged-in' && outcome !== 'kept-alive') {
    throw new UsageError(await explainLoginFailure(baseUrl, code, message, options));
  }
  show('pbx', `${baseUrl} posts its reports to ${reportUrl}`);
  show('ready', 'make a recorded call; it is archived when it ends', 'green');
  showCurl(`${host.url}/recordings/${PBX_ID}/NAME-OF-THE-RECORDING.wav`, host.linkTokenFile);
  cleanup.move();
  return host;
}

async function askForPassword(username: string): Promise<string> {
  const noPassword = new UsageError('No password. Type it at the prompt, or set PBX_PASSWORD.');
  if (!process.stdin.isTTY) throw noPassword;
  return askPassword({ message: `Password of ${username}:` }).catch(() => Promise.reject(noPassword));
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

const settingsSchema = v.object({ ...pbxSettings, tls: tlsSchema });

/** The option that each setting comes from. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  'tls.fingerprint256': '--fingerprint',
  'tls.ca': '--ca',
  'tls.minVersion': '--min-tls',
  apiVersion: '--api-version',
  serialNumber: '--serial',
  reportUrl: '--report-url',
};

function checkSettings(settings: unknown): v.InferOutput<typeof settingsSchema> {
  const parsed = v.safeParse(settingsSchema, settings);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue) ?? '';
    return `${OPTION_NAMES[path] ?? path} ${issue.kind === 'schema' ? `should be ${issue.expected}` : issue.message}`;
  });
  throw new UsageError(problems.join('\n'));
}

/** The address from which this machine reaches the PBX. Connecting a datagram socket sends nothing. */
async function localAddressTowards(baseUrl: string): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, new URL(baseUrl).hostname);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    throw new UsageError(`This machine cannot reach the host of ${baseUrl}. Check the address.`);
  } finally {
    socket.close();
  }
}

/** Says why there is no session, and what to do about it. */
async function explainLoginFailure(
  baseUrl: string,
  code: string,
  message: string,
  { fingerprint, ca }: Options,
): Promise<string> {
  if (code === 'certificate-mismatch') {
    return `${message}\nIf that is the PBX's own certificate, start again with --fingerprint and that value.`;
  }
  if (code === 'pbx-20003') {
    return 'The PBX refused the username or password. Use those of its API page, not the administrator’s. To retry the same ones, add --retry-login.';
  }
  if (code === 'pbx-20002') {
    return 'The PBX has locked out this machine after too many failed logins. Wait ten minutes, then start again.';
  }
  if (code === 'pbx-connection') {
    const advice = `Check the address, the port, and that the API is enabled. Very old firmware needs --min-tls TLSv1.`;
    if (fingerprint !== undefined || ca !== undefined) return `${message} ${advice}`;
    const seen = await readUntrustedFingerprint(baseUrl);
    return seen === undefined
      ? `${message} No PBX responds at ${baseUrl}. ${advice}`
      : `${message} The PBX's certificate was not issued by a public CA. Its SHA-256 fingerprint is\n${seen}\nCheck that this is the PBX's own, then start again with --fingerprint and that value.`;
  }
  return `${message} Check that the API is enabled on the PBX, and that --api-version is right.`;
}

/**
 * The fingerprint of a certificate that no public CA issued. Only looks at the certificate, because the other end may be
 * a stranger: sends nothing secret.
 */
async function readUntrustedFingerprint(baseUrl: string): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(baseUrl);
  if (protocol !== 'https:') return undefined;
  const socket = connect({ host: hostname, port: Number(port) || 443, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.authorized ? undefined : socket.getPeerX509Certificate()?.fingerprint256;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
