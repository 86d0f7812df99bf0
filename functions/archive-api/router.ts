import type { Identify } from '../shared/access/identify.ts';
import type { Principal } from '../shared/access/principal.ts';
import { toArchiveError } from '../shared/errors.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';

/** A use case, for an authorized caller or, if it is public, for everybody. */
export type Route =
  | { isPublic: true; respond: (request: ApiRequest) => Promise<ApiResponse> }
  | { isPublic?: false; respond: (request: ApiRequest, principal: Principal) => Promise<ApiResponse> };

/** Use cases by method and path, such as `GET /api/recordings/{pbx}/{recording}`. */
export type Routes = Readonly<Record<string, Route>>;

type Incoming = Omit<ApiRequest, 'params'>;

/** Responds to every request of the API. Never rejects. */
export function createRouter(
  routes: Routes,
  identify: Identify,
  /** Where people reach the page, if that may be another host than the one that requests name. */
  pageOrigin?: string,
): (incoming: Incoming) => Promise<ApiResponse> {
  const table = Object.entries(routes).map(([key, route]) => {
    const [method = '', path = ''] = key.split(' ');
    const pattern = path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    return { key, method, route, pattern: new RegExp(`^${pattern}$`) };
  });

  /** Whether a page of another origin sends the request. Not every client says so. */
  function hasForeignOrigin(request: ApiRequest): boolean {
    const { origin, host } = request.headers;
    return isWrite(request) && origin !== undefined && origin !== pageOrigin && hostOf(origin) !== host;
  }

  /** A browser adds the cookie by itself, so here the request has to prove that it comes from the page. */
  const mayBeForged = (request: ApiRequest): boolean =>
    isWrite(request) && (request.headers.origin === undefined || hasForeignOrigin(request));

  async function dispatch(incoming: Incoming): Promise<ApiResponse> {
    const matching = table.filter(({ pattern }) => pattern.test(incoming.path));
    const found = matching.find(({ method }) => method === incoming.method);
    if (found === undefined) {
      const allow = matching.map(({ method }) => method).join(', ');
      return allow === ''
        ? refuse(404, 'not-found')
        : { ...refuse(405, 'method-not-allowed'), headers: { allow } };
    }
    const params = { ...found.pattern.exec(incoming.path)?.groups };
    const request: ApiRequest = { ...incoming, params };
    const { route } = found;
    try {
      if (route.isPublic) return hasForeignOrigin(request) ? foreignOrigin : await route.respond(request);
      const { headers, cookies, authorizer } = request;
      const principal = await identify({ authorization: headers.authorization, authorizer, cookies });
      if (principal === undefined) {
        log('warn', 'api-unauthorized', { route: found.key });
        return { ...refuse(401, 'unauthorized'), headers: { 'www-authenticate': 'Bearer' } };
      }
      if (principal.by === 'session' && mayBeForged(request)) return foreignOrigin;
      return await route.respond(request, principal);
    } catch (error) {
      log('error', 'api-failed', { route: found.key, code: toArchiveError(error).code });
      return refuse(503, 'unavailable', { message: 'AWS failed. Try again.' });
    }
  }
  return dispatch;
}

const foreignOrigin = refuse(403, 'foreign-origin', {
  message: "Send the request from the archive's own page.",
});

const isWrite = ({ method }: ApiRequest) => method !== 'GET';

const hostOf = (origin: string): string | undefined => URL.parse(origin)?.host;
