import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { log, logChannel } from '../../functions/shared/telemetry/log.ts';

// Runs as a test run of its own, and prints its secrets in every possible way.
const [token, random, password] = [randomUUID(), randomUUID(), randomUUID()];
const server = createServer((request, response) => {
  request.resume().on('end', () => response.end(JSON.stringify({ status: 'Success', random })));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api?token=${token}`;
await (await fetch(url, { method: 'POST', body: JSON.stringify({ password }) })).text();
server.close();

test('prints a token deep in an error', () => {
  const cause = new TypeError(`Failed to parse URL from ${url}`);
  log('warn', 'link-failed', { error: { inner: { of: new Error('failed', { cause }) } } });
});

test('passes a random string to a listener', () => {
  const listen = () => {};
  logChannel.subscribe(listen);
  log('debug', 'random-received', { random });
  logChannel.unsubscribe(listen);
});

test('starts a program that prints a password', () => {
  const program = 'process.stdout.write(process.argv[1])';
  expect(spawnSync(process.execPath, ['--eval', program, password]).stdout.toString()).toBe(password);
});
