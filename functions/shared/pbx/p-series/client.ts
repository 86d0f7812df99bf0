import * as v from 'valibot';
import type { PbxOf } from '../../config/pbx-registry.ts';
import { PbxRefusal } from '../../errors.ts';
import { decodeBody, peek } from '../content-encoding.ts';
import { connectionError } from '../errors.ts';
import { plainText, requiredText } from '../fields.ts';
import type { PbxClient, Tokens } from '../pbx-client.ts';
import { readBody } from '../read-body.ts';
import { RANGE_STATUSES, RECORDING_STATUSES, toRecordingSource } from '../recording-source.ts';
import { type ClientOptions, createTransport, type PbxRequest } from '../transport.ts';
import { errcodeError, loginError, movedAway, refreshError, statusError, type ToError } from './errors.ts';
import { editionOf, renewsCertificate } from './firmware.ts';
import { isMovedAway, listRecordings } from './list-recordings.ts';
import { type ListRows, pageSchema } from './read-pages.ts';
import { readResourcePath } from './resource-path.ts';
import { check, isJson, parseResponse, START_BYTES } from './response.ts';
import { sessionRules } from './session.ts';

/** For a JSON response to arrive completely. */
const CALL_TIMEOUT_MS = 45_000;

/** For the PBX to convert a long call to MP3 or stereo. It does so when asked for the file, and each time anew. */
const PREPARATION_TIMEOUT_MS = 10 * 60_000;

/** A page of the list has a few hundred rows. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Some clients allow for a response without a refresh token, which the guide always shows. */
const tokensSchema = v.object({ access_token: requiredText, refresh_token: plainText });
const offerSchema = v.object({
  file: v.fallback(v.optional(v.string()), undefined),
  download_resource_url: requiredText,
});
const informationSchema = v.object({ data: v.record(v.string(), v.unknown()) });

interface PSeriesOptions extends ClientOptions {
  preparationTimeoutMs?: number;
}

/** Client of the P-Series API (vendor's guide for `openapi/v1.0`; the same in all three editions). */
export function createPSeriesClient(
  pbx: PbxOf<'p-series'>,
  {
    pbxId,
    callTimeoutMs = CALL_TIMEOUT_MS,
    preparationTimeoutMs = PREPARATION_TIMEOUT_MS,
    ...timeouts
  }: PSeriesOptions = {},
): PbxClient {
  const request = createTransport(pbx, timeouts);
  const maxBytes = pbx.maxRecordingMiB * 1024 ** 2;

  /** The token travels in the query, as the guide says; no error and no log line has a URL. */
  async function send(options: PbxRequest, statuses = [200], toError = errcodeError) {
    const response = await request(options);
    if (statuses.includes(response.statusCode)) return response;
    response.body.destroy();
    throw statusError(response.statusCode, toError);
  }

  async function call<const S extends v.GenericSchema>(
    operation: string,
    { signal, ...options }: Omit<PbxRequest, 'path'>,
    schema: S,
    toError = errcodeError,
  ): Promise<v.InferOutput<S>> {
    const path = `/openapi/v1.0/${operation}`;
    const timeout = AbortSignal.timeout(callTimeoutMs);
    const signals = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const response = await send({ ...options, path, signal: signals }, [200], toError).catch(
      (error: unknown) => {
        throw connectionError(error);
      },
    );
    const { body } = await decodeBody(response);
    return check(operation, schema, parseResponse(await readBody(body, MAX_LIST_BYTES), toError));
  }

  async function getTokens(
    operation: string,
    body: Record<string, string>,
    toError: ToError,
    signal: AbortSignal | undefined,
  ): Promise<Tokens> {
    const options = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal };
    const tokens = await call(operation, options, tokensSchema, toError);
    const { access_token: token, refresh_token: refreshToken } = tokens;
    return refreshToken === undefined ? { token } : { token, refreshToken };
  }

  async function information(token: string, signal: AbortSignal | undefined) {
    const query = { access_token: token };
    return (await call('system/information', { query, signal }, informationSchema)).data;
  }

  /** Rows of the list of recordings; what is not a list has none. */
  const listFor =
    (token: string, signal: AbortSignal | undefined): ListRows =>
    async (operation, query) => {
      const options = { query: { access_token: token, ...query }, signal };
      try {
        return await call(`recording/${operation}`, options, pageSchema);
      } catch (error) {
        // "Data not found" is how some firmware says that a list is empty.
        if (error instanceof PbxRefusal && error.kind === 'missing') return { rows: [] };
        throw error;
      }
    };

  /** What the first step of a download responds: where the file is, or, with some firmware, the file itself. */
  async function offer(token: string, recording: string, signal: AbortSignal | undefined) {
    const slow = new AbortController();
    const giveUp = () => slow.abort(connectionError({ code: 'TimeoutError' }));
    const timer = setTimeout(giveUp, preparationTimeoutMs);
    try {
      const response = await send({
        path: '/openapi/v1.0/recording/download',
        query: { access_token: token, file: recording },
        headersTimeoutMs: preparationTimeoutMs,
        signal: signal === undefined ? slow.signal : AbortSignal.any([signal, slow.signal]),
      });
      const source = await toRecordingSource(response, { from: 0, maxBytes, readFailure: parseResponse });
      const { start, whole } = await peek(source.body, START_BYTES);
      if (!isJson(start)) return { ...source, body: whole };
      return check('recording/download', offerSchema, parseResponse(await readBody(whole)));
    } finally {
      clearTimeout(timer);
    }
  }

  async function openRecording(token: string, recording: string, signal?: AbortSignal, from = 0) {
    const offered = await offer(token, recording, signal);
    if ('body' in offered) return offered;
    const response = await send(
      {
        path: readResourcePath(offered.download_resource_url),
        query: { access_token: token },
        ...(from > 0 && { headers: { Range: `bytes=${from}-` } }),
        signal,
      },
      from > 0 ? RANGE_STATUSES : RECORDING_STATUSES,
    );
    const source = await toRecordingSource(response, { from, maxBytes, readFailure: parseResponse });
    return { ...source, ...(offered.file !== undefined && { deliveredName: offered.file }) };
  }

  return {
    rules: sessionRules,

    login: ({ username, password }, _subscription, signal) =>
      getTokens('get_token', { username, password }, loginError, signal),

    refresh: (refreshToken, signal) =>
      getTokens('refresh_token', { refresh_token: refreshToken }, refreshError, signal),

    async logout(token, signal) {
      await call('del_token', { query: { access_token: token }, signal }, v.unknown());
    },

    /** Nothing prolongs a token: this only finds out whether it is alive. */
    async heartbeat(token, _subscription, signal) {
      await information(token, signal);
    },

    async openRecording(token, recording, signal, from) {
      try {
        return await openRecording(token, recording, signal, from);
      } catch (error) {
        if (!(error instanceof PbxRefusal) || error.kind !== 'missing') throw error;
        const isMoved = await isMovedAway(listFor(token, signal), recording, pbx.timeZone).catch(() => false);
        throw isMoved ? movedAway() : error;
      }
    },

    listRecordings(token, window, { signal, timeoutMs, ...options }) {
      const list = listFor(token, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      return listRecordings(list, window, { ...options, pbxId });
    },

    async deviceInfo(token, signal) {
      const data = await information(token, signal);
      const first = (...names: string[]) =>
        names.map((name) => data[name]).find((value) => value !== undefined);
      const firmware = first('firmware_version', 'firmware_ver', 'firmware');
      // The guide's names ("Query PBX Information"), then others that clients have seen.
      return {
        devicename: first('model_name', 'product_name'),
        sn: first('sn', 'serial_number'),
        firmwarever: firmware,
        edition: editionOf(String(firmware)),
        renewsCertificate: renewsCertificate(String(firmware)),
        systemtime: first('system_time', 'pbx_time', 'current_time', 'time'),
        timestamp: first('timestamp'),
      };
    },
  };
}
