import { createHash } from 'node:crypto';
import { request } from 'undici';
import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { log } from '../log.ts';
import type { Pbx } from '../pbx-registry.ts';
import { type AgentTimeouts, createPbxAgent } from './agent.ts';
import { connectionError } from './connection-error.ts';
import { badReply, parseReply } from './reply.ts';
import type { PbxClient, Subscription } from './types.ts';

/** The longest reply that is not audio; a PBX's own are far below. */
const MAX_REPLY_BYTES = 64 * 1024;

const tokensSchema = v.object({
  token: v.pipe(v.string(), v.nonEmpty()),
  refreshtoken: v.optional(v.string()),
});
const randomSchema = v.object({ random: v.pipe(v.string(), v.nonEmpty()) });

/** Speaks the S-Series API (vendor's developer guide v1.1.0; v2.0.0 differs only in the path for these calls). */
export function createPbxClient(pbx: Pbx, timeouts?: AgentTimeouts): PbxClient {
  const dispatcher = createPbxAgent(pbx, timeouts);
  const root = `${pbx.baseUrl}/api/${pbx.apiVersion}`;

  async function call<const S extends v.GenericSchema>(
    path: string,
    query: Record<string, string>,
    body: Record<string, string>,
    schema: S,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    const response = await send(`${root}/${path}`, {
      dispatcher,
      method: 'POST',
      query,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
    const reply = parseReply(await readText(response.body));
    const parsed = v.safeParse(schema, reply);
    if (!parsed.success) throw badReply(`${path}: the reply lacks what it should hold`);
    return parsed.output;
  }

  return {
    async login({ username, password }, subscription, signal) {
      const { token, refreshtoken } = await call(
        'login',
        {},
        {
          username,
          // The vendor's scheme, not ours: the MD5 of the password is what goes over the wire.
          password: createHash('md5').update(password).digest('hex'),
          // Makes the PBX send well-formed JSON reports.
          version: '1.0.2',
          ...reportAddress(subscription),
        },
        tokensSchema,
        signal,
      );
      return refreshtoken === undefined ? { token } : { token, refreshToken: refreshtoken };
    },

    async heartbeat(token, subscription, signal) {
      const address = reportAddress(subscription);
      // The guide's table says urlflag, its example urltag.
      const body = { ...address, urlflag: address.urltag, ipaddr: new URL(subscription.url).hostname };
      await call('heartbeat', { token }, body, v.unknown(), signal);
    },

    async refresh(refreshToken, signal) {
      const tokens = await call('token/refresh', {}, { refreshtoken: refreshToken }, tokensSchema, signal);
      return { token: tokens.token, refreshToken: tokens.refreshtoken ?? refreshToken };
    },

    async openRecording(token, recording, signal) {
      const allowed = pbx.allowedIp === undefined ? {} : { allowedip: pbx.allowedIp };
      const { random } = await call(
        'recording/get_random',
        { token },
        { recording, ...allowed },
        randomSchema,
        signal,
      );
      log('debug', 'random-received', { recording });
      const response = await send(`${root}/recording/download`, {
        dispatcher,
        query: { recording, random, token },
        signal: signal ?? null,
      });
      const length = response.headers['content-length'];
      return {
        body: response.body,
        contentLength: typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : undefined,
      };
    },

    async deviceInfo(token, signal) {
      const schema = v.object({ deviceinfo: v.record(v.string(), v.unknown()) });
      return (await call('deviceinfo/query', { token }, {}, schema, signal)).deviceinfo;
    },
  };
}

function reportAddress({ url, form, port }: Subscription) {
  return { url: form === 'bare' ? url.replace(/^https?:\/\//, '') : url, urltag: '1', port: String(port) };
}

/** Redirects are not followed: a recording comes from the configured PBX or not at all. */
async function send(url: string, options: NonNullable<Parameters<typeof request>[1]>) {
  const response = await request(url, options).catch((error: unknown) => {
    throw connectionError(error);
  });
  if (response.statusCode === 200) return response;
  await response.body.dump().catch(() => {});
  throw new ArchiveError('pbx-http-status', `The PBX answers with HTTP status ${response.statusCode}.`, {
    action: 'retry',
  });
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_REPLY_BYTES) throw badReply('it is too long');
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error);
  }
  return Buffer.concat(chunks).toString();
}
