import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Misbehaviour, startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { findFreePort } from '../local/free-port.ts';
import { makeDirectory, start, startScript } from '../local/start-process.ts';
import { identity } from '../simulated-pbx/harness.ts';

const PASSWORD = 'password-of-the-redrive';

async function run(script: string, ...args: string[]) {
  const { ended, output } = startScript(`infra/commands/${script}.ts`, args, {});
  return { code: await ended, output: output() };
}

/** A local host and its PBX. */
async function startHost() {
  const pbx = await startSimulatedPbx({ tls: identity, password: PASSWORD });
  onTestFinished(() => pbx.close());
  const [port, data] = [await findFreePort(), await makeDirectory()];
  const login = ['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256];
  const place = ['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', data];
  const host = start([...login, ...place], { PBX_PASSWORD: PASSWORD });
  await host.printed('Press Ctrl-C to stop.');
  const directory = join(data, 'pbx');
  return {
    pbx,
    host,
    directory,
    /** Makes and reports a call whose download misbehaves. */
    async makeCall(misbehaviour: Misbehaviour) {
      const call = pbx.makeCall({ from: '1001', to: '1003', misbehaviour });
      await pbx.postReport(call.report);
      return call;
    },
    async fetchStored(recording: string): Promise<Buffer> {
      const token = await readFile(join(directory, 'link-token'), 'utf8');
      const url = `http://127.0.0.1:${port}/recordings/pbx/${encodeURIComponent(recording)}`;
      const link = await request(url, { headers: { authorization: `Bearer ${token}` } });
      const { url: presigned } = (await link.body.json()) as { url: string };
      return Buffer.from(await (await request(presigned)).body.arrayBuffer());
    },
  };
}

// A job waits five seconds before each of its first two attempts, a listing takes two.
describe('with a local host', { timeout: 60_000 }, () => {
  test('a dead-lettered job is listed, sent back once the cause is fixed, and archived', async () => {
    const { host, directory, makeCall, fetchStored } = await startHost();
    const call = await makeCall({ kind: 'json-instead-of-audio', errno: '20015' });
    await host.printed('given up');
    const listed = await run('dead-letters', '--local', directory);
    expect(listed.code).toBe(0);
    expect(listed.output).toMatch(/^[0-9a-f]{8} {2}pbx-20015 {2}pbx$/m);
    for (const text of [call.recording, '1001 → 1003', '1 attempt', 'allowedIp', '1 dead letter in']) {
      expect(listed.output).toContain(text);
    }

    // The PBX misbehaves only once.
    const redriven = await run('redrive', '--code', 'pbx-20015', '--pbx', 'pbx', '--local', directory);
    expect(redriven.output).toMatch(new RegExp(`^sent .*${call.recording}\n1 dead letter sent back.$`, 'm'));
    expect(redriven.code).toBe(0);
    await host.printed('stored');
    expect((await fetchStored(call.recording)).equals(call.bytes)).toBe(true);

    const empty = await run('dead-letters', '--local', directory);
    expect(empty).toMatchObject({
      code: 0,
      output: expect.stringContaining('There are no dead letters in'),
    });
  });

  test('a dead letter that cannot be sent back stays, and the command exits with code 1 and the reason', async () => {
    const { pbx, directory } = await startHost();
    await pbx.postRaw('{"action":"NewCdr","recording":[]}');
    const redriven = await run('redrive', '--all', '--local', directory);
    expect(redriven.output).toContain('It still cannot be read.');
    expect(redriven.output).toContain('0 dead letters sent back, 1 stayed.');
    expect(redriven.code).toBe(1);

    const { code, output } = await run('dead-letters', '--json', '--local', directory);
    expect(code).toBe(0);
    const deadLetter = JSON.parse(output);
    expect(deadLetter).toMatchObject({ kind: 'report', code: 'report-malformed', pbx: 'pbx', attempts: 1 });
    expect(JSON.parse(deadLetter.body)).toMatchObject({ report: '{"action":"NewCdr","recording":[]}' });

    const other = await run('redrive', '--code', 'pbx-20015', '--local', directory);
    expect(other).toMatchObject({ code: 0, output: expect.stringContaining('none matches') });
  });

  test('a host that has ended or was killed is reported as not running', async () => {
    const stopped = await startHost();
    expect((await stat(join(stopped.directory, 'host.json'))).mode & 0o777).toBe(0o600);
    stopped.host.process.kill('SIGINT');
    expect(await stopped.host.ended).toBe(0);
    await expect(stat(join(stopped.directory, 'host.json'))).rejects.toThrow('ENOENT');
    const killed = await startHost();
    killed.host.process.kill('SIGKILL');
    await killed.host.ended;
    for (const { directory } of [stopped, killed]) {
      const { code, output } = await run('dead-letters', '--local', directory);
      expect(output).toBe(
        `No local host is running in ${directory}. Start one with npm start, or give its directory after --local.\n`,
      );
      expect(code).toBe(1);
    }
  });
});

describe('redrive exits with code 1 and one clear sentence for', () => {
  test.each([
    ['no selection', ['--local'], 'Select dead letters with --id, --code or --pbx, or all with --all.'],
    [
      'an empty selection',
      ['--code', ''],
      'Select dead letters with --id, --code or --pbx, or all with --all.',
    ],
    ['--delete without a terminal to confirm it', ['--all', '--delete'], '--delete asks for confirmation'],
    ['an extra argument', ['--all', 'now'], "Unexpected argument 'now'; see --help."],
    ['two extra arguments', ['--all', '--local', 'here', 'now'], "Unexpected argument 'now'; see --help."],
    ['an unknown option', ['--al'], "Unknown option '--al'; see --help."],
  ])('%s', async (_, args, message) => {
    const { code, output } = await run('redrive', ...args);
    expect(output).toContain(message);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });
});

test.each(['dead-letters', 'redrive'])('%s lists all its options', async (script) => {
  const { code, output } = await run(script, '--help');
  expect(code).toBe(0);
  for (const option of ['--id', '--code', '--pbx', '--local']) expect(output).toContain(option);
});
