import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import type { PbxOf } from '../../config/pbx-registry.ts';
import { PbxRefusal } from '../../errors.ts';
import { log } from '../../telemetry/log.ts';
import { decodeBody } from '../content-encoding.ts';
import { badResponse, badStatus, connectionError } from '../errors.ts';
import { fact, plainText, requiredText } from '../fields.ts';
import type { CdrWindow, PbxClient, Subscription, Tokens } from '../pbx-client.ts';
import { readBody } from '../read-body.ts';
import { RANGE_STATUSES, RECORDING_STATUSES, toRecordingSource } from '../recording-source.ts';
import { refusedDownload } from '../refused-download.ts';
import { type ClientOptions, createTransport, type PbxRequest } from '../transport.ts';
import { parseResponse } from './errors.ts';
import { listRecordings } from './list-recordings.ts';
import { sessionRulesOf } from './session.ts';

/** For a JSON response to arrive completely: one that drips would otherwise hold a function until its own timeout. */
const CALL_TIMEOUT_MS = 45_000;

const tokensSchema = v.object({
  token: requiredText,
  refreshtoken: plainText,
  transport: fact,
});

const randomSchema = v.object({ random: requiredText });

/** The client also hands out the call log as the PBX writes it. */
export interface SSeriesClient extends PbxClient {
  /** Requests a random string and starts the download at once. The CSV has to be read to its end or destroyed. */
  openCdrs(token: string, window: CdrWindow, signal?: AbortSignal): Promise<Readable>;
}

/** Client of the S-Series API (vendor's developer guide v1.1.0; v2.0.0 differs in the path and in two fields; OpenVox in the path). */
export function createSSeriesClient(
  pbx: PbxOf<'s-series' | 'cloud-pbx' | 'openvox'>,
  { pbxId, callTimeoutMs = CALL_TIMEOUT_MS, ...timeouts }: ClientOptions = {},
): SSeriesClient {
  const apiVersion = pbx.family === 'openvox' ? 'v0.0.1' : pbx.apiVersion;
  const request = createTransport(pbx, timeouts);
  const rules = sessionRulesOf(pbx);
  const maxBytes = pbx.maxRecordingMiB * 1024 ** 2;
  // Makes the PBX send well-formed JSON reports: without it, or with that of the other API, they may be malformed.
  const eventVersion = apiVersion === 'v2.0.0' ? '2.0.0' : '1.0.2';
  // OpenVox's API can also speak XML; its guide has this with these two operations alone.
  const inJson = pbx.family === 'openvox' ? { type: 'json' } : {};
  const allowed = pbx.allowedIp === undefined ? {} : { allowedip: pbx.allowedIp };

  const requestOf = (operation: string, options: Omit<PbxRequest, 'path'>) =>
    request({ ...options, path: `/api/${apiVersion}/${operation}` });

  async function send(operation: string, options: Omit<PbxRequest, 'path'>) {
    const response = await requestOf(operation, options);
    if (response.statusCode === 200) return response;
    // Close the connection: reading the rest could take minutes on a slow line.
    response.body.destroy();
    throw badStatus(response.statusCode);
  }

  async function call<const S extends v.GenericSchema>(
    path: string,
    query: Record<string, string>,
    body: Record<string, string>,
    schema: S,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    const timeout = AbortSignal.timeout(callTimeoutMs);
    const response = await send(path, {
      query,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    }).catch((error: unknown) => {
      throw connectionError(error);
    });
    const { body: decoded } = await decodeBody(response);
    const parsed = v.safeParse(schema, parseResponse(await readBody(decoded)));
    if (!parsed.success) throw badResponse(`${path}: a required field is missing or malformed`);
    return parsed.output;
  }

  async function openCdrs(token: string, { starttime, endtime }: CdrWindow, signal?: AbortSignal) {
    const wanted = { [apiVersion === 'v2.0.0' ? 'number' : 'extid']: 'all', starttime, endtime };
    const { random } = await call(
      'cdr/get_random',
      { token },
      { ...wanted, ...allowed },
      randomSchema,
      signal,
    );
    const response = await send('cdr/download', { query: { ...wanted, random, token }, signal });
    return (await decodeBody(response)).body;
  }

  return {
    rules,

    async login({ username, password }, subscription, signal) {
      const { token, refreshtoken, transport } = await call(
        'login',
        inJson,
        {
          username,
          // The vendor's scheme, not ours: the password is sent as its MD5.
          password: createHash('md5').update(password).digest('hex'),
          version: eventVersion,
          ...reportAddress(subscription),
        },
        tokensSchema,
        signal,
      );
      return {
        token,
        ...(refreshtoken !== undefined && { refreshToken: refreshtoken }),
        ...(rules.reportsIf !== undefined && postsReports(transport)),
      };
    },

    async heartbeat(token, subscription, signal) {
      const address = reportAddress(subscription);
      // The guide's table calls the field urlflag, its example urltag.
      const body = {
        ...address,
        urlflag: address.urltag,
        ipaddr: new URL(subscription.url).hostname,
        ...(apiVersion === 'v2.0.0' && { version: eventVersion }),
      };
      await call('heartbeat', { token }, body, v.unknown(), signal);
    },

    async logout(token, signal) {
      await call('logout', { token }, {}, v.unknown(), signal);
    },

    async refresh(refreshToken, signal) {
      const tokens = await call('token/refresh', {}, { refreshtoken: refreshToken }, tokensSchema, signal);
      return { token: tokens.token, refreshToken: tokens.refreshtoken ?? refreshToken };
    },

    /** The random string lives 30 seconds and works once, so the download starts at once. */
    async openRecording(token, recording, signal, from = 0) {
      const { random } = await call(
        'recording/get_random',
        { token },
        { recording, ...allowed },
        randomSchema,
        signal,
      ).catch(rethrowAsMissing);
      log('debug', 'random-received', { pbx: pbxId, recording });
      const response = await requestOf('recording/download', {
        query: { recording, random, token },
        ...(from > 0 && { headers: { Range: `bytes=${from}-` } }),
        signal,
      });
      const statuses = from > 0 ? RANGE_STATUSES : RECORDING_STATUSES;
      if (!statuses.includes(response.statusCode))
        throw await refusedDownload(response, parseResponse, callTimeoutMs);
      return toRecordingSource(response, { from, maxBytes, readFailure: parseResponse });
    },

    openCdrs,

    listRecordings: (token, window, options) => listRecordings(openCdrs, token, window, options),

    async deviceInfo(token, signal) {
      const schema = v.object({ deviceinfo: v.record(v.string(), v.unknown()) });
      return (await call('deviceinfo/query', { token, ...inJson }, {}, schema, signal)).deviceinfo;
    },
  };
}

/** The report method, in the reply to a login by v2.0.0 (guide of the S1000, which is of the same line). */
function postsReports(transport: string | undefined): Pick<Tokens, 'postsReports'> {
  const method = transport?.trim().toUpperCase();
  return method === 'HTTP' || method === 'TCP' ? { postsReports: method === 'HTTP' } : {};
}

function reportAddress({ url, form, port }: Subscription) {
  return { url: form === 'bare' ? url.replace(/^https?:\/\//, '') : url, urltag: '1', port: String(port) };
}

/** Before a random string has been used, 20012 can only mean the recording. */
function rethrowAsMissing(error: unknown): never {
  if (!(error instanceof PbxRefusal) || error.code !== 'pbx-20012') throw error;
  throw new PbxRefusal(error.code, error.message, { kind: 'missing' });
}
