import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebServer, WebServerOptions } from '../../../infra/simulated-pbx/web-server.ts';
import { type Invocation, never } from '../aws/invocation.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import { createWire, type WireConditions, type WireEnd } from './wire.ts';

/** The address of the NAT gateway; a random string is valid for one address only. */
export const OUR_ADDRESS = '198.51.100.7';

/** Fingerprint of the certificate that the registry pins. */
export const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');

/** The network between the functions and one PBX: in-memory connections below HTTP, without TLS. */
export class Line {
  readonly origin: string;
  readonly #world: World;
  readonly #name: string;
  readonly #isRecording: (url: string) => boolean;
  readonly #callers = new Map<WireEnd, Invocation | undefined>();
  #accept: ((end: WireEnd) => void) | undefined;
  /** `off`: connections are refused; `silent`: nothing responds. */
  state: 'up' | 'off' | 'silent' = 'up';
  /** The upload rate of a PBX with a slow uplink. */
  readonly uplinkBytesPerSecond: number | undefined;

  /** @param isRecording whether a request for this URL is one for a recording */
  constructor(world: World, name: string, isRecording: (url: string) => boolean) {
    this.#world = world;
    this.#name = name;
    this.#isRecording = isRecording;
    this.origin = `https://${name}.example:8088`;
    this.uplinkBytesPerSecond = world.faults.isDue('slow-uplink') ? 40 : undefined;
  }

  /** Replaces the web server of the simulated PBX. */
  readonly serve = async ({ handle }: Pick<WebServerOptions, 'handle'>): Promise<WebServer> => {
    const server = createServer(async (request, response) => {
      const end = request.socket as unknown as WireEnd;
      const caller = this.#callers.get(end);
      const { url = '' } = request;
      if (caller) this.#drawConditions(end, caller, this.#isRecording(url));
      const [, token] = /[?&]access_token=([^&]+)/.exec(url) ?? [];
      if (caller && token !== undefined) this.#world.checks.pSeries.onTokenUsed(token, caller);
      watchForSecrets(response, this.#world, caller);
      try {
        // So that events of the PBX about the request are attributed to this caller.
        await currentInvocation.run(caller as Invocation, () => handle(request, response));
      } catch (error) {
        if (!request.socket.destroyed) throw error;
      }
    });
    this.#accept = (end) => server.emit('connection', end);
    return {
      origin: this.origin,
      replaceIdentity: () => {},
      reset: (socket: Socket) => (socket as unknown as WireEnd).reset(),
      dropConnections: () => this.drop(),
      close: async () => this.drop(),
    };
  };

  /** Resets all connections. */
  drop(): void {
    for (const [end, caller] of this.#callers) {
      caller?.suffer('line dropped');
      end.reset();
    }
  }

  /** Rejects like a connection that cannot be opened. */
  async connect(invocation: Invocation, timeoutMs: number): Promise<WireEnd & { certificate: string }> {
    const { faults, latency } = this.#world;
    const strikes = (kind: FaultKind) => {
      const isStruck = faults.strikes(kind, invocation.name);
      if (isStruck) invocation.suffer(kind);
      return isStruck;
    };
    await delay(latency.integer(1, 60));
    if (this.state !== 'up') invocation.suffer(`pbx ${this.state}`);
    if (this.state === 'silent' || strikes('line-silent')) {
      await delay(timeoutMs);
      throw networkError('UND_ERR_CONNECT_TIMEOUT');
    }
    if (this.state === 'off' || strikes('line-refused')) throw networkError('ECONNREFUSED');
    if (invocation.state === 'killed') return never();
    const client = this.#open({ onChunk: () => void invocation.passes('in-body') }, invocation);
    const { connections } = invocation.container;
    connections.add(client);
    client.once('close', () => connections.delete(client));
    const certificate = strikes('foreign-certificate') ? 'CD' : FINGERPRINT;
    return Object.assign(client, { certificate });
  }

  /** A request by somebody else with our address. */
  postAsStranger(path: string, content: object): void {
    const body = JSON.stringify(content);
    const head = [`POST ${path} HTTP/1.1`, 'Host: pbx', 'User-Agent: any', 'Content-Type: application/json'];
    const client = this.#open({});
    client.resume();
    client.write(`${[...head, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`);
  }

  #open(conditions: WireConditions, invocation?: Invocation): WireEnd {
    const { client, server } = createWire(OUR_ADDRESS, conditions);
    for (const end of [client, server]) end.on('error', () => {});
    this.#callers.set(server, invocation);
    server.once('close', () => this.#callers.delete(server));
    this.#accept?.(server);
    return client;
  }

  /** Called for each request, because the faults of the response depend on what is requested. */
  #drawConditions(end: WireEnd, invocation: Invocation, isRecording: boolean): void {
    const { faults, latency } = this.#world;
    const { conditions } = end;
    const suffer = (kind: FaultKind) => {
      faults.note(kind, this.#name);
      invocation.suffer(kind);
    };
    if (isRecording && this.uplinkBytesPerSecond !== undefined) {
      conditions.bytesPerSecond = this.uplinkBytesPerSecond;
      suffer('slow-uplink');
    } else if (isRecording && faults.isDue('line-slow')) {
      conditions.bytesPerSecond = latency.pick([10, 30, 100, 1000]);
      suffer('line-slow');
    } else if (faults.isDue('line-delayed')) {
      // Shorter than the 30 seconds for which a random string is valid.
      conditions.delayMs = latency.integer(100, 20_000);
      suffer('line-delayed');
    }
    for (const [kind, how] of [
      ['line-reset', 'reset'],
      ['line-stalled', 'stall'],
    ] as const) {
      if (!faults.isDue(kind)) continue;
      const afterBytes = latency.integer(0, isRecording ? 40_000 : 400);
      conditions.trouble = { afterBytes, how, onStrike: () => suffer(kind) };
    }
  }
}

const networkError = (code: string) => Object.assign(new Error(code), { code });

/** Registers the secrets in a response of the PBX, which must not appear in a log. */
function watchForSecrets(response: ServerResponse, { checks }: World, caller: Invocation | undefined): void {
  const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse;
  response.end = ((...values: unknown[]) => {
    for (const [, name, secret = ''] of String(values[0] ?? '').matchAll(
      /"(token|refreshtoken|random|access_token|refresh_token)":"([^"]+)"/g,
    )) {
      checks.logs.addSecret(secret);
      if (name === 'access_token' && caller) checks.pSeries.onTokenIssued(secret, caller);
    }
    return end(...values);
  }) as typeof response.end;
}
