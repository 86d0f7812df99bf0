import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type Host, startHost } from '../../infra/local/host.ts';
import {
  type CallOptions,
  type SimulatedCall,
  type SimulatedPbx,
  startSimulatedPbx,
} from '../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../infra/simulated-pbx/harness.ts';

export const PBX_ID = 'head-office';
export const CUSTOMER = '+49 30 901820';

export interface Archive extends AsyncDisposable {
  host: Host;
  pbx: SimulatedPbx;
  /** The link token, which people sign in with. */
  token: string;
  /** Makes calls. Resolves when all of them are archived and can be found. */
  call(...calls: CallOptions[]): Promise<SimulatedCall[]>;
  /** Asks the API as a program does. */
  ask<T>(path: string): Promise<T>;
}

/** Everything that `npm start` runs: a simulated PBX and the local host, with the page. */
export async function startArchive(): Promise<Archive> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'archive-page-'));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const pbx = await startSimulatedPbx({ tls: identity, timeZone: 'Europe/Berlin' });
  cleanup.defer(() => pbx.close());
  const host = await startHost({
    directory,
    port: 0,
    hostname: '127.0.0.1',
    bucket: 'recordings',
    jobDelaySeconds: 0,
    pbxs: {
      [PBX_ID]: {
        baseUrl: pbx.url,
        reportUrl: 'http://{host}',
        timeZone: 'Europe/Berlin',
        tls: { fingerprint256: pbx.fingerprint256 },
        credentials: { username: 'api', password: 'pbx-password' },
      },
    },
  });
  cleanup.defer(() => host.close());
  await host.keepSessions();
  const token = await readFile(host.linkTokenFile, 'utf8');
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${host.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as T;
  };
  const running = cleanup.move();
  return {
    host,
    pbx,
    token,
    ask,
    async call(...calls) {
      const made = calls.map((call) => pbx.makeCall(call));
      for (const { report } of made) await pbx.postReport(report);
      await vi.waitFor(
        async () => {
          const { recordings } = await ask<{ recordings: { recording: string; state: string }[] }>(
            '/api/recordings?limit=200',
          );
          const archived = recordings.filter(({ state }) => state === 'archived');
          const found = archived.map(({ recording }) => recording);
          expect(found).toEqual(expect.arrayContaining(made.map(({ recording }) => recording)));
        },
        { timeout: 60_000, interval: 200 },
      );
      return made;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A tone as PCM in a WAV file: quick to make, and long enough that a browser does not load all of it at once. */
export function makeTone(seconds: number): Buffer {
  const rate = 8000;
  const file = Buffer.alloc(44 + seconds * rate * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(file.length - 44, 40);
  const period = Buffer.alloc(40);
  for (let i = 0; i < 20; i++)
    period.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * i) / 20)), i * 2);
  file.fill(period, 44);
  return file;
}
