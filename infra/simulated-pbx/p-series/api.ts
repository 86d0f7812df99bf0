import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseQuery } from '../query.ts';
import { sendHtml } from '../responses.ts';
import { type Outcome, sendOutcome } from './errcode.ts';
import type { PSeriesParts } from './parts.ts';
import {
  describeRow,
  displayTime,
  type Operation,
  type Row,
  readListQuery,
  selectPage,
} from './recordings.ts';
import { misbehaveEarly, readFile, sendFile } from './send-file.ts';

const BASE = '/openapi/v1.0/';

interface ApiRequest {
  query: ReadonlyMap<string, string>;
  body: Record<string, unknown>;
  address: string;
  range: string | undefined;
  response: ServerResponse;
}

/** `undefined`: the endpoint has sent the response itself. */
type Endpoint = (pbx: PSeriesParts, request: ApiRequest) => Outcome | Promise<Outcome | undefined>;

const withoutToken: Readonly<Record<string, Endpoint>> = {
  'POST get_token': ({ tokens, stats, emit }, { body, address }) => {
    stats.getTokens++;
    const outcome = tokens.get(body, address);
    if (tokens.isBlocked(address)) emit({ type: 'blocked', address });
    return outcome;
  },
  'POST refresh_token': ({ tokens, stats }, { body }) => {
    stats.refreshes++;
    return tokens.refresh(body);
  },
};

const endpoints: Readonly<Record<string, Endpoint>> = {
  'GET del_token': ({ tokens, emit }, { query }) => {
    tokens.drop(query.get('access_token') ?? '');
    emit({ type: 'token-deleted' });
    return {};
  },

  'GET system/information': ({ serialNumber, firmware, timeZone, startedAt, now }) => ({
    data: {
      device_name: 'PBX',
      model_name: 'Simulated P-Series',
      sn: serialNumber,
      firmware_version: firmware,
      up_time: Math.floor((now() - startedAt) / 1000),
      system_time: displayTime(now(), timeZone),
      system_date_format: 'DD/MM/YYYY',
      system_time_format: 'hh:mm:ss AM',
      timestamp: Math.floor(now() / 1000),
    },
  }),

  'GET recording/list': (pbx, { query }) => list(pbx, 'list', pbx.rows, query),

  'GET recording/search': (pbx, { query }) => {
    const inWindow = (row: Row) => {
      const [start, end] = [query.get('start_time'), query.get('end_time')];
      if (pbx.searchTimes === 'ignored' || (start === undefined && end === undefined)) return true;
      // Old firmware compares with its own format: what it does not understand matches nothing, and is no error.
      if (pbx.searchTimes === 'display' || start === undefined || end === undefined) return false;
      const second = Math.floor(row.startedAt / 1000);
      return Number(start) <= second && second <= Number(end);
    };
    return list(pbx, 'search', pbx.rows.filter(inWindow), query);
  },

  'GET recording/download': async (pbx, request) => {
    const { query } = request;
    const [file, id, token = ''] = [query.get('file'), query.get('id'), query.get('access_token')];
    if ((file === undefined) === (id === undefined)) return 40002;
    const row = pbx.rows.find((candidate) => candidate.file === file || String(candidate.id) === id);
    const wait = pbx.delayed.get(row?.file ?? '') ?? 0;
    if (wait > 0) pbx.delayed.set(row?.file ?? '', wait - 1);
    if (row === undefined || wait > 0 || readFile(pbx, row.file) === undefined) return 60001;
    const outcome = misbehaveEarly(pbx, row.file, 'get_random', request);
    if (outcome !== 'behaves') return outcome;
    const delivered = pbx.delivers === undefined ? row.file : withExtension(row.file, pbx.delivers);
    const isOccupied = pbx.changed.isOccupied || pbx.mp3Downloads > 0;
    if (isOccupied && delivered.endsWith('.mp3')) return 70651;
    if (pbx.sendsAudioAtOnce) {
      await sendFile(pbx, row.file, request);
      return undefined;
    }
    const url = pbx.changed.downloadUrl ?? pbx.downloads.offer(row.file, pbx.firmware, token);
    return { file: delivered, download_resource_url: url };
  },
};

const withExtension = (name: string, extension: string) => name.replace(/\.\w+$/, `.${extension}`);

function list(
  pbx: PSeriesParts,
  operation: Operation,
  rows: Row[],
  query: ReadonlyMap<string, string>,
): Outcome {
  const page = selectPage(rows, readListQuery(query));
  pbx.emit({ type: 'listed', path: 'recording', rows: page.length });
  // Old firmware leaves the count out, and `data` if there is nothing.
  if (pbx.rowForm === 'old' && page.length === 0) return {};
  return {
    ...(pbx.rowForm === 'new' && { total_number: rows.length }),
    data: page.map((row) => describeRow(row, pbx.timeZone, pbx.rowForm, operation)),
  };
}

/** Handles one HTTP request. */
export async function handleRequest(
  pbx: PSeriesParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = incoming;
  const [pathname = '', search = ''] = url.split(/(?=\?)/, 2);
  pbx.stats.requests.push(`${method} ${pathname}`);
  response.setHeader('Connection', 'close');
  response.useChunkedEncodingByDefault = false;
  const bodyText = await text(incoming);
  if (response.destroyed) return;

  const query = parseQuery(search);
  const address = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const request = { query, body: parseBody(bodyText), address, range: headers.range, response };
  const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '';
  const send = (outcome: Outcome) => {
    if (typeof outcome === 'number') pbx.emit({ type: 'call-refused', path: pathname, errcode: outcome });
    sendOutcome(response, outcome);
  };
  const refusal = checkCaller(pbx, address, headers['user-agent']) ?? takeRefusal(pbx, path);
  if (refusal !== undefined) return send(refusal);

  const opening = withoutToken[`${method} ${path}`];
  if (opening) {
    const how = path === 'get_token' ? 'get' : 'refresh';
    const outcome = (await opening(pbx, request)) as Outcome;
    if (typeof outcome === 'number') {
      pbx.stats.refusedTokens++;
      pbx.emit({ type: 'token-refused', how, errcode: outcome, address });
    } else {
      pbx.stats.maxValidTokens = Math.max(pbx.stats.maxValidTokens, pbx.tokens.countValid());
      pbx.emit({ type: 'token', how, valid: pbx.tokens.countValid() });
    }
    return send(outcome);
  }
  const isFile = pathname.startsWith('/api/');
  const endpoint = endpoints[`${method} ${path}`];
  // A path that exists for another method is no interface either.
  if (!isFile && !endpoint)
    return pathname.startsWith('/openapi/') ? send(10001) : sendHtml(response, 404, 'Not Found');
  const token = query.get('access_token') ?? '';
  if (!pbx.tokens.isValid(token)) return send(10004);
  if (isFile) {
    const found = pbx.downloads.find(pathname, token);
    return typeof found === 'number' ? send(found) : sendFile(pbx, found, request);
  }
  const outcome = await endpoint?.(pbx, request);
  if (outcome !== undefined) send(outcome);
}

function checkCaller(pbx: PSeriesParts, address: string, userAgent: string | undefined): number | undefined {
  if (userAgent === undefined) return 40002;
  if (pbx.tokens.isBlocked(address)) return 70004;
  return pbx.allowedAddresses?.includes(address) === false ? 70087 : undefined;
}

function takeRefusal({ refusals }: PSeriesParts, path: string): number | undefined {
  const refusal = refusals.get(path);
  if (refusal === undefined) return undefined;
  refusal.left -= 1;
  if (refusal.left <= 0) refusals.delete(path);
  return refusal.errcode;
}

/** Not JSON: as if nothing had been sent. */
function parseBody(bodyText: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(bodyText);
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
