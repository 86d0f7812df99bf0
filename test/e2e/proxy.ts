import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Proxy extends AsyncDisposable {
  /** The environment in which Node's `fetch` uses it. */
  readonly env: Record<string, string>;
}

/** Starts a proxy that connects every client to the emulator, whatever host it asks for. curl has an option for that. */
export async function startProxy({ address }: { address: string }): Promise<Proxy> {
  const { hostname, port } = new URL(`https://${address}`);
  const open = new Set<Duplex>();
  const server = createServer().on('connect', (_request, client: Duplex) => {
    const target = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      // Either end may hang up.
      pipeline(client, target, client).catch(() => {});
    });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket)).on('error', () => {});
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    env: {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1',
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
