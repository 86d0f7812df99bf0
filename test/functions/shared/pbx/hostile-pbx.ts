import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { beforeEach, expect, onTestFinished } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import type { RecordingSource } from '../../../../functions/shared/pbx/recording-source.ts';
import { FEWER_RUNS, fc } from '../../../property.ts';
import { captureLog } from '../../capture-log.ts';
import { startScriptedPbx } from './scripted-pbx.ts';

type ScriptedPbx = Awaited<ReturnType<typeof startScriptedPbx>>;

export interface Hostility<Script> {
  /** What must never be logged or part of an error, by what it is. */
  secrets: Readonly<Record<string, string>>;
  /** What the PBX does in a run. */
  scripts: fc.Arbitrary<Script>;
  /** Sends the bytes of a response to a request for `path`. */
  respond: (script: Script, path: string) => Buffer | string;
  /** Paths under which the API is. */
  paths: RegExp;
}

/** Checks that clients do no harm, whatever a PBX responds. Responses may redirect to `elsewhere`. */
export async function watchClients() {
  /** The connections to a server that must never be called. */
  const connections: Socket[] = [];
  const trap = createServer().on('connection', (socket: Socket) => {
    connections.push(socket);
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  trap.unref();

  /** Every address that this process connected to. */
  const peers = new Set<string>();
  beforeEach(() => {
    const recordPeer = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      socket.once('connect', () => peers.add(`${socket.remoteAddress}:${socket.remotePort}`));
    };
    peers.clear();
    subscribe('net.client.socket', recordPeer);
    onTestFinished(() => {
      unsubscribe('net.client.socket', recordPeer);
    });
  });
  const lines = captureLog();

  return {
    elsewhere: `127.0.0.1:${(trap.address() as AddressInfo).port}`,

    /** Calls a PBX again and again; each outcome has to be a result, or an error without a secret. */
    async expectHarmless<Script>(
      { secrets, scripts, respond, paths }: Hostility<Script>,
      callOf: (pbx: ScriptedPbx) => () => Promise<unknown>,
    ): Promise<void> {
      let script: Script;
      const pbx = await startScriptedPbx(({ socket }, { path }) => socket?.end(respond(script, path)));
      const call = callOf(pbx);
      await fc.assert(
        fc.asyncProperty(scripts, async (planned) => {
          script = planned;
          const error = await call().then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) expect(error).toBeInstanceOf(ArchiveError);
          const output = inspect([error, lines], { depth: 20, maxStringLength: null });
          for (const [kind, secret] of Object.entries(secrets))
            expect(output.includes(secret) && kind).toBe(false);
        }),
        FEWER_RUNS,
      );
      expect(connections).toEqual([]);
      expect([...peers]).toEqual([new URL(pbx.url).host]);
      expect(pbx.seen.filter(({ path }) => !paths.test(path))).toEqual([]);
    },
  };
}

/** A response with HTTP status 200 and these fields. */
export function jsonResponse(fields: object): string {
  const body = JSON.stringify(fields);
  return `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Reads a download, whole or cut off, and checks that its properties are valid numbers. */
export async function readRecording({ body, start, totalBytes, maxBytes }: RecordingSource): Promise<void> {
  await readAll(body);
  for (const value of [start, totalBytes, maxBytes]) {
    if (value !== undefined)
      expect(value).toSatisfy((number: number) => Number.isSafeInteger(number) && number >= 0);
  }
}

export const readAll = (body: AsyncIterable<Buffer>) => buffer(body).catch(() => undefined);
