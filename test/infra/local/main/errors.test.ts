import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fingerprintOf } from '../../../../infra/simulated-pbx/certificate.ts';
import { identity } from '../../simulated-pbx/harness.ts';
import { findFreePort } from '../free-port.ts';
import { makeDirectory, start, startScript } from '../start-process.ts';
import { argsFor, PASSWORD, startPbx, withoutFingerprint } from './harness.ts';

/** All that the embedded Secrets Manager has stored. */
async function readSecrets(directory: string): Promise<string> {
  const files = await readdir(join(directory, 'pbx', 'secrets'), { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.sort().map((path) => readFile(path, 'utf8')));
  return contents.filter((content) => content.includes('webhookSecret')).join('\n');
}

describe('exits with code 1 and one clear message, without a stack trace, for', () => {
  async function explained(args: string[], env: NodeJS.ProcessEnv = PASSWORD): Promise<string> {
    const failed = start(args, env);
    expect(await failed.ended).toBe(1);
    expect(failed.output()).not.toMatch(/^ {4}at /m);
    return failed.output();
  }

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const text = await explained(['--port', String(port), '--data', await makeDirectory()]);
    expect(text).toContain(`Port ${port} is in use`);
  });

  test.each(['sqs/fauxqs.db', 'secrets/link-token.json'])('a damaged %s', async (file) => {
    const directory = await makeDirectory();
    const path = join(directory, 'demo', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{"name": cut of');
    const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(text).toContain(path);
    expect(text).toMatch(/is damaged.*Restore it from a backup, or .* start again: /);
  });

  test('a damaged database of the index', async () => {
    const directory = await makeDirectory();
    const folder = join(directory, 'demo', 'dynamodb');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'CURRENT'), 'garbage');
    const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(text).toMatch(
      new RegExp(
        `^${folder}, the database of the index, the shares .*is damaged \\(.*Restore it from a backup`,
        'm',
      ),
    );
  });

  test.each([
    ...['host.json', 'link-token', 'pbx-registry.json', 'secrets/link-token.json', 'sqs/fauxqs.db'],
    ...['simulated-pbx/cdr.jsonl', 'simulated-pbx/cert.pem'],
  ])('a directory in the place of the file %s', async (name) => {
    const directory = await makeDirectory();
    const path = join(directory, 'demo', name);
    await mkdir(path, { recursive: true });
    const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(text).toMatch(new RegExp(`^${path} is damaged \\(.*move it away and start again\\.$`, 'm'));
  });

  test.each(['dynamodb', 's3', 'secrets', 'simulated-pbx', 'sqs'])(
    'a file in the place of the directory %s',
    async (name) => {
      const directory = await makeDirectory();
      const path = join(directory, 'demo', name);
      await mkdir(dirname(path));
      await writeFile(path, '');
      const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
      expect(text).toMatch(new RegExp(`^${path} is damaged \\(.*move it away and start again\\.$`, 'm'));
    },
  );

  test('a PBX that cannot be reached', async () => {
    const url = `https://127.0.0.1:${await findFreePort()}`;
    const args = ['--pbx', url, '--username', 'api', '--data', await makeDirectory()];
    const text = await explained([...args, '--port', String(await findFreePort())]);
    expect(text).toContain(`No PBX responds at ${url}`);
  });

  test('a wrong fingerprint, and prints the right one', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const args = argsFor({ ...pbx, fingerprint256: 'AB'.repeat(32) }, port, directory);
    const text = await explained(args.map((arg) => arg));
    expect(text).toContain(pbx.fingerprint256);
    expect(pbx.stats.requests).toEqual([]);
  });

  test('a self-signed certificate that is not pinned, and prints its fingerprint', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    // Without a password too: it is asked for afterwards.
    expect(await explained(withoutFingerprint(argsFor(pbx, port, directory)), {})).toContain(
      `Its SHA-256 fingerprint is\n${pbx.fingerprint256}`,
    );
  });

  test('a wrong password, which is tried once even if the command is repeated', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    for (let run = 0; run < 2; run++) {
      const text = await explained(argsFor(pbx, port, directory), { PBX_PASSWORD: 'wrong-password' });
      expect(text).toContain('refused the username or password.');
      expect(text).not.toContain('wrong-password');
    }
    expect(pbx.stats.refusedLogins).toBe(1);
    pbx.setPassword('wrong-password');
    const corrected = start([...argsFor(pbx, port, directory), '--retry-login'], {
      PBX_PASSWORD: 'wrong-password',
    });
    await corrected.printed('make a recorded call');
  });

  test('a server that speaks TLS and no HTTP, without asking for the right fingerprint again', async () => {
    const server = createTlsServer(identity, (socket) => {
      socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.9\r\n');
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pbx = { url, fingerprint256: fingerprintOf(identity) };
    const text = await explained(argsFor(pbx, await findFreePort(), await makeDirectory()));
    expect(text).toContain(`Something accepts connections at ${url}, but does not respond like a PBX.`);
    expect(text).not.toContain('fingerprint');
  });

  test('an empty password, which does not replace the stored one', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('Press Ctrl-C to stop.');
    host.process.kill('SIGINT');
    await host.ended;
    const stored = await readSecrets(directory);
    expect(stored).toContain(PASSWORD.PBX_PASSWORD);
    const text = await explained(argsFor(pbx, port, directory), { PBX_PASSWORD: '' });
    expect(text).toContain('PBX_PASSWORD is empty.');
    expect(await readSecrets(directory)).toBe(stored);
    expect(pbx.stats.refusedLogins).toBe(0);
  });

  test('a directory in which it is running already, with pid and port', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('make a recorded call');
    const text = await explained(argsFor(pbx, await findFreePort(), directory));
    expect(text).toContain(`npm start is already running, pid ${host.process.pid}, port ${port}, in `);
    const call = pbx.makeCall({ from: '1001', to: '1003' });
    await pbx.postReport(call.report);
    await host.printed('stored');
    const listing = startScript('infra/commands/dead-letters.ts', ['--local', join(directory, 'pbx')], {});
    expect(await listing.ended).toBe(0);
  });

  test('a directory in which another one is just starting', async () => {
    const directory = await makeDirectory();
    const args = ['--calls', '1', '--exit', '--port', '0', '--data', directory];
    const both = [start(args), start(args)];
    expect((await Promise.all(both.map(({ ended }) => ended))).sort()).toEqual([0, 1]);
    expect(both.map((one) => one.output()).join('')).toContain('npm start is already running');
  });

  test('a data directory that is a file', async () => {
    const file = join(await makeDirectory(), 'file');
    await writeFile(file, '');
    expect(await explained(['--data', file])).toContain('Choose another directory with --data.');
  });

  test('a missing password when there is no terminal to ask for it', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    expect(await explained(argsFor(pbx, port, directory), {})).toContain('set PBX_PASSWORD');
  });

  test('an API that is not enabled, or of another version', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const args = [...argsFor(pbx, port, directory), '--api-version', 'v2.0.0'];
    const withVersions = await explained(args);
    expect(withVersions).toContain(
      'Check that the API is enabled on the PBX, and that --api-version is right.',
    );
    expect(withVersions).not.toContain('not verified on a device');
    // A family without versions of the API has no such option.
    const withoutVersions = await explained([...argsFor(pbx, port, directory), '--family', 'openvox']);
    expect(withoutVersions).toContain('does not support the request (errno 10003)');
    expect(withoutVersions).not.toContain('--api-version');
    expect(withoutVersions).toContain('openvox is not verified on a device');
  });

  test('an unknown option, or one with an invalid value', async () => {
    expect(await explained(['--cals', '3'])).toContain("'--cals'");
    expect(await explained(['--calls', 'three'])).toContain('--calls should be a whole number');
    expect(await explained(['--pbx', 'https://192.0.2.1:8088/api'])).toContain(
      '--pbx should be scheme, host',
    );
    const bad = ['--pbx', 'https://127.0.0.1:9', '--username', 'api', '--fingerprint', 'AB:CD'];
    expect(await explained(bad)).toContain('--fingerprint should be a SHA-256 fingerprint');
    expect(await explained([...bad, '--ca', 'pbx.pem'])).toContain('either --fingerprint or --ca');
  });

  test('an option with a value that its setting does not have, or of another family', async () => {
    const pSeries = ['--pbx', 'https://127.0.0.1:9', '--username', 'api', '--family', 'p-series'];
    expect(await explained([...pSeries, '--discover', '7'])).toBe(
      '\n--discover should be 5, 10, 15, 20, 30 or 60\n',
    );
    expect(await explained([...pSeries, '--report-authentication', 'none'])).toBe(
      '\n--report-authentication should be signature or path\n',
    );
    expect(await explained([...pSeries, '--api-version', 'v2.0.0'])).toBe(
      '\n--api-version is not for a PBX of this --family. Leave it out.\n',
    );
    const good = ['--pbx', 'https://127.0.0.1:9', '--username', 'api'];
    expect(await explained([...good, '--time-zone', 'Europe/Berlinn'])).toBe(
      '\n--time-zone should be an IANA time zone, such as Europe/Berlin\n',
    );
    // What the machine itself says is no fault of an option.
    expect(await explained(good, { TZ: '' })).toBe(
      '\nThis machine does not say its time zone. Give that of the PBX with --time-zone, such as Europe/Berlin.\n',
    );
  });

  test('a forgotten -- before the options', async () => {
    // As npm 11 passes on: npm start --pbx https://192.0.2.1 --username api
    const env = { npm_lifecycle_event: 'start', npm_config_pbx: 'true', npm_config_username: 'true' };
    expect(await explained(['https://192.0.2.1', 'api'], env)).toBe(
      '\nnpm took --pbx for itself. Put -- before the options: npm start -- --pbx ...\n',
    );
  });
});
