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

/** The office's PBX has had its own moments by then. */

/** Runs the product with a PBX on this network. */
export async function runWithPbx(baseUrl: string, options: Options): Promise<Host> {
  const { port, data, username = '' } = options;
  const tls = await readTls(options);
  const reportUrl = options['report-url'] ?? `${await addressTowards(baseUrl)}:${port}`;
  const settings = check({
    baseUrl,
    tls,
    reportUrl,
    ...(options['api-version'] !== undefined && { apiVersion: options['api-version'] }),
    ...(options.serial !== undefined && { serialNumber: options.serial }),
  });
  const password = process.env.PBX_PASSWORD ?? (await ask(username));
  await using starting = new AsyncDisposableStack();
  const host = await startHost({
    directory: join(data, PBX_ID),
    port,
    hostname: '0.0.0.0',
    bucket: process.env.BUCKET_NAME ?? 'recordings',
    jobDelaySeconds: JOB_DELAY_SECONDS,
    pbxs: { [PBX_ID]: { ...settings, reportUrl, credentials: { username, password } } },
  });
  starting.defer(() => host.close());
  const { sessions } = await host.keepSessions({ retryLogin: options['retry-login'] });
  const { outcome, code = '', message = '' } = sessions[0] ?? { outcome: 'failed' };
  if (outcome !== 'logged-in' && outcome !== 'kept-alive') {
    throw new UsageError(await explain(baseUrl, code, message));
  }
  show('pbx', `${baseUrl} posts its reports to ${reportUrl}`);
  show('ready', 'make a recorded call; it is archived when it ends', 'green');
  showCurl(`${host.url}/recordings/${PBX_ID}/NAME-OF-THE-RECORDING.wav`, host.linkTokenFile);
  starting.move();
  return host;
}

async function ask(username: string): Promise<string> {
  const unanswered = new UsageError('No password: type it at the prompt, or set PBX_PASSWORD.');
  if (!process.stdin.isTTY) throw unanswered;
  return askPassword({ message: `Password of ${username}:` }).catch(() => Promise.reject(unanswered));
}

async function readTls(options: Options) {
  const { fingerprint, ca: caFile, 'min-tls': minVersion } = options;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8').catch(() => undefined);
  if (caFile !== undefined && ca === undefined)
    throw new UsageError(`--ca: the file ${caFile} cannot be read.`);
  return {
    ...(fingerprint !== undefined && { fingerprint256: fingerprint }),
    ...(ca !== undefined && { ca }),
    ...(minVersion !== undefined && { minVersion }),
  };
}

const settingsSchema = v.object({ ...pbxSettings, tls: tlsSchema });

/** The options that each setting comes from. */
const OPTION_OF: Readonly<Record<string, string>> = {
  tls: '--fingerprint and --ca',
  'tls.fingerprint256': '--fingerprint',
  'tls.ca': '--ca',
  'tls.minVersion': '--min-tls',
  apiVersion: '--api-version',
  serialNumber: '--serial',
  reportUrl: '--report-url',
};

function check(settings: unknown): v.InferOutput<typeof settingsSchema> {
  const parsed = v.safeParse(settingsSchema, settings);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue) ?? '';
    return `${OPTION_OF[path] ?? path} ${issue.kind === 'schema' ? `should be ${issue.expected}` : issue.message}`;
  });
  throw new UsageError(problems.join('\n'));
}

/** This machine's own address on the way to the PBX; connecting a datagram socket sends nothing. */
async function addressTowards(baseUrl: string): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, new URL(baseUrl).hostname);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    throw new UsageError(
      `The host of ${baseUrl} has no address that this machine can reach: is it written right?`,
    );
  } finally {
    socket.close();
  }
}

/** What a person is to do about a session that did not come about. */
async function explain(baseUrl: string, code: string, message: string): Promise<string> {
  if (code === 'certificate-mismatch') {
    return `${message}\nIf that is the PBX's own, start again with --fingerprint and that value.`;
  }
  if (code === 'pbx-20003') {
    return 'The PBX refuses the username or the password: it wants those of its API page, not the administrator’s. The same ones are tried again only with --retry-login.';
  }
  if (code === 'pbx-20002') {
    return 'The PBX refuses logins from this machine after too many failed ones. Wait ten minutes, then start again.';
  }
  if (code === 'pbx-connection') {
    const seen = await readFingerprint(baseUrl);
    return seen === undefined
      ? `${message} No PBX answers at ${baseUrl}: check the address and the port, and that its API is enabled. Very old firmware needs --min-tls TLSv1.`
      : `${message} No public authority vouches for the PBX's certificate. Its SHA-256 fingerprint is\n${seen}\nCompare it with the PBX's own, then start again with --fingerprint and that value.`;
  }
  return `${message} Is the API enabled on the PBX, and --api-version right?`;
}

/** Looks at the certificate and hangs up; nothing is sent that a stranger should not see. */
async function readFingerprint(baseUrl: string): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(baseUrl);
  if (protocol !== 'https:') return undefined;
  const socket = connect({ host: hostname, port: Number(port) || 443, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
