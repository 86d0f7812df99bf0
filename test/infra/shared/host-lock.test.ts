import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isHostRunning, lockHost } from '../../../infra/shared/host-lock.ts';
import { makeDirectory } from '../local/start-process.ts';

test('a second host in one directory is refused, with process and port of the first', async () => {
  const directory = await makeDirectory();
  const lock = lockHost(directory, 0);
  expect(isHostRunning(directory)).toBe(true);
  expect(() => lockHost(directory, 1)).toThrow(
    `npm start is already running, pid ${process.pid}, in ${directory}. `,
  );
  lock.setPort(8260);
  expect(() => lockHost(directory, 1)).toThrow(
    `npm start is already running, pid ${process.pid}, port 8260, in ${directory}. Stop it first, or give this one another directory with --data.`,
  );
  lock[Symbol.dispose]();
  expect(isHostRunning(directory)).toBe(false);
  using next = lockHost(directory, 1);
  expect(next).toBeDefined();
});

test('the files of the lock are readable by their owner only', async () => {
  const directory = await makeDirectory();
  using _lock = lockHost(directory, 8260);
  for (const name of ['host.lock', 'host.lock.json'])
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
});

test('a killed host leaves no lock, even if its process id is in use again', async () => {
  const directory = await makeDirectory();
  const script = `const { lockHost } = await import('./infra/shared/host-lock.ts');
    lockHost(${JSON.stringify(directory)}, 8260);
    process.stdout.write('locked');
    setInterval(() => {}, 1000);`;
  const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(host.stdout, 'data');
  expect(isHostRunning(directory)).toBe(true);
  expect(() => lockHost(directory, 1)).toThrow(`pid ${host.pid}, port 8260`);
  host.kill('SIGKILL');
  await once(host, 'exit');
  await writeFile(join(directory, 'host.lock.json'), JSON.stringify({ pid: process.ppid, port: 8260 }));
  expect(isHostRunning(directory)).toBe(false);
  using lock = lockHost(directory, 1);
  expect(lock).toBeDefined();
});

test('a host that has not noted itself yet is refused without its process id', async () => {
  const directory = await makeDirectory();
  using _lock = lockHost(directory, 8260);
  await writeFile(join(directory, 'host.lock.json'), '{"pid":');
  expect(() => lockHost(directory, 1)).toThrow(`npm start is already running in ${directory}. `);
});

test('a directory that cannot be locked is named in one sentence', async () => {
  const directory = join(await makeDirectory(), 'missing');
  expect(isHostRunning(directory)).toBe(false);
  expect(() => lockHost(directory, 1)).toThrow(`Cannot lock ${directory}: unable to open database file.`);
});
