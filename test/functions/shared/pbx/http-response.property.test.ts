import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { toReadable } from '../../../../functions/shared/pbx/incoming.ts';
import { sendRequest } from '../../../../functions/shared/pbx/send-request.ts';
import { FEWER_RUNS, fc } from '../../../property.ts';
import { hostileReply } from './hostile-reply.ts';
import { startScriptedPbx } from './scripted-pbx.ts';

interface Taken {
  status: number;
  body: string;
}

const TLS = { minVersion: 'TLSv1.2' } as const;

/** What our client makes of the reply of a server, if it takes it for a whole one. */
async function readOurs(baseUrl: string): Promise<Taken | undefined> {
  try {
    const { statusCode, body } = await sendRequest({ baseUrl, tls: TLS }, { path: '/' });
    return { status: statusCode, body: (await buffer(toReadable(body))).toString('latin1') };
  } catch {
    return undefined;
  }
}

/** What undici makes of it. */
async function readTheirs(url: string): Promise<Taken | undefined> {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    return { status: statusCode, body: Buffer.from(await body.arrayBuffer()).toString('latin1') };
  } catch {
    return undefined;
  }
}

const headOf = (reply: Buffer) => /^.*?\n\r?\n/s.exec(reply.toString('latin1'))?.[0] ?? '';

async function serveRaw() {
  let pieces: Buffer[] = [];
  const server = await startScriptedPbx(({ socket }) => {
    for (const piece of pieces.slice(0, -1)) socket?.write(piece);
    socket?.end(pieces.at(-1) ?? '');
  });
  return {
    url: server.url,
    use: (...next: Buffer[]) => {
      pieces = next;
    },
  };
}

describe('a reply', () => {
  test('that is taken for a whole one is one for undici too, and the same', async () => {
    const { url, use } = await serveRaw();
    let takenCount = 0;
    await fc.assert(
      fc.asyncProperty(hostileReply('192.0.2.1:9', ['told']), async (reply) => {
        use(reply);
        const ours = await readOurs(url);
        // Undici takes no bare line feed in a head.
        if (ours === undefined || /(?<!\r)\n/.test(headOf(reply))) return;
        takenCount += 1;
        expect(await readTheirs(url)).toEqual(ours);
      }),
      FEWER_RUNS,
    );
    expect(takenCount).toBeGreaterThan(FEWER_RUNS.numRuns / 5);
  });

  test('is read whole, however it is framed and cut into pieces', async () => {
    const { url, use } = await serveRaw();
    const framing = fc.constantFrom('length', 'chunks', 'close');
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(framing, chunks, fc.nat(), fc.nat(), async (how, content, ...cuts) => {
        const body = Buffer.concat(content);
        const head = {
          length: `Content-Length: ${body.length}\r\n`,
          chunks: 'Transfer-Encoding: chunked\r\n',
          close: '',
        }[how];
        const framed = content.flatMap((chunk) =>
          how === 'chunks'
            ? [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]
            : [chunk],
        );
        const end = how === 'chunks' ? '0\r\n\r\n' : '';
        const reply = Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n`),
          ...framed,
          Buffer.from(end),
        ]);
        const [first = 0, second = 0] = cuts.map((cut) => cut % (reply.length + 1)).sort((a, b) => a - b);
        use(reply.subarray(0, first), reply.subarray(first, second), reply.subarray(second));
        expect(await readOurs(url)).toEqual({ status: 200, body: body.toString('latin1') });
      }),
      FEWER_RUNS,
    );
  });
});
