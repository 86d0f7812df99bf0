import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fingerprintOf } from '../../../infra/simulated-pbx/certificate.ts';
import { onCore } from '../run-probe.ts';

const FILE = join(import.meta.dirname, 'servers.ts');

/** A PBX and an S3, at one address, that send and take as fast as they can. */
export interface Servers extends AsyncDisposable {
  url: string;
  /** PEM. */
  certificate: string;
  fingerprint256: string;
  /** Tells `listener` of each recording when it is stored, until it is told to stop. */
  onStored(listener: (stored: { recording: string; atMs: number }) => void): () => void;
}

/** Starts them on the second core, which the first one's programs then have to themselves. */
export async function startServers(): Promise<Servers> {
  const [execPath, ...execArgv] = onCore(1, [process.execPath]);
  const server: ChildProcess = fork(FILE, { execPath, execArgv });
  const [{ url, certificate }] = await once(server, 'message');
  // What nobody listens to would otherwise be kept for who listens next.
  server.on('message', () => {});
  return {
    url,
    certificate,
    fingerprint256: fingerprintOf({ cert: certificate, key: '' }),
    onStored(listener) {
      const listen = ({ stored, atMs }: { stored: string; atMs: number }) =>
        listener({ recording: decodeURIComponent(stored.split('/').at(-1) ?? ''), atMs });
      server.on('message', listen);
      return () => server.off('message', listen);
    },
    async [Symbol.asyncDispose]() {
      server.disconnect();
      await once(server, 'exit');
    },
  };
}

/** What the server's name for a recording is, which says how long it is and whether its length is to be announced. */
export const recordingOf = (bytes: number, serial: number, isLengthKnown = true) =>
  `20260101000000-${bytes}.${serial}-${isLengthKnown ? '' : 'un'}known-length-Internal.wav`;
