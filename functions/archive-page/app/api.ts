import { setClock } from './archive-clock.ts';
import type {
  AccessPage,
  Config,
  CreatedShare,
  ErrorBody,
  Me,
  OpenedShare,
  RecordingWithLink,
  SearchPage,
  Share,
  SharesPage,
} from './contract.ts';

export type ErrorKind =
  | 'signed-out'
  | 'forbidden'
  | 'not-found'
  | 'invalid'
  | 'too-many'
  | 'unavailable'
  | 'network';

export class ApiError extends Error {
  readonly kind: ErrorKind;
  /** The parameter that the API did not accept. What the API says of it is in English, for programs. */
  readonly parameter: string | undefined;

  constructor(kind: ErrorKind, parameter?: string) {
    super(kind);
    this.kind = kind;
    this.parameter = parameter;
  }
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'signed-out',
  403: 'forbidden',
  404: 'not-found',
  429: 'too-many',
};

export interface NewShare {
  pbx: string;
  recording: string;
  days: number;
  passcode?: string;
  maxPlays?: number;
  download: boolean;
  note?: string;
}

/** An HTTP API responds within 30 seconds. Without a limit, a browser waits minutes for a connection that is gone. */
const TIMEOUT_MS = 35_000;

export interface ApiOptions {
  timeoutMs?: number;
  /** The token of a person who has signed in with OpenID Connect. Otherwise the cookie authorizes. */
  accessToken?: () => string | undefined;
  onSignedOut?: () => void;
}

export type Api = ReturnType<typeof createApi>;

/** The API under `/api/`. Every method rejects with an ApiError. */
export function createApi({ accessToken, onSignedOut, timeoutMs = TIMEOUT_MS }: ApiOptions = {}) {
  /** What the reader of a response waits for, too: the connection may end in the middle of its body. */
  const orNetworkError = <T>(waiting: Promise<T>, signal?: AbortSignal): Promise<T> =>
    waiting.catch((error) => {
      throw signal?.aborted ? error : new ApiError('network');
    });

  async function send(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
    keepalive = false,
  ): Promise<Response> {
    const token = accessToken?.();
    const request = fetch(`/api/${path}`, {
      method,
      keepalive,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const response = await orNetworkError(request, signal);
    setClock(response);
    if (response.ok) return response;
    const { parameter } = (await response.json().catch(() => ({}))) as Partial<ErrorBody>;
    if (response.status === 401) onSignedOut?.();
    throw new ApiError(KINDS[response.status] ?? 'unavailable', parameter);
  }

  async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await send('GET', path, undefined, signal);
    return orNetworkError(response.json() as Promise<T>, signal);
  }
  async function post<T>(path: string, body: object): Promise<T> {
    const response = await send('POST', path, body);
    return orNetworkError(response.json() as Promise<T>);
  }
  const query = (values: Record<string, string | undefined>) =>
    new URLSearchParams(
      Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])),
    ).toString();

  return {
    config: () => read<Config>('config'),
    me: () => read<Me>('me'),
    signIn: async (token: string, name: string) => {
      await send('POST', 'session', { token, ...(name !== '' && { name }) });
    },
    signOut: async () => {
      await send('DELETE', 'session');
    },
    search: (searchQuery: string, signal: AbortSignal) =>
      read<SearchPage>(`recordings?${searchQuery}`, signal),
    /** By a query parameter: HTTP APIs change a path that has `%`, `?` or `/` in the name. */
    recording: (pbx: string, recording: string, download = false) =>
      read<RecordingWithLink>(
        `recordings/${encodeURIComponent(pbx)}?${query({ recording, download: download ? '1' : undefined })}`,
      ),
    createShare: (share: NewShare) => post<CreatedShare>('shares', share),
    shares: (of: { pbx?: string; recording?: string; person?: string; cursor?: string; limit?: string }) =>
      read<SharesPage>(`shares?${query(of)}`),
    revokeShare: async (id: string): Promise<Share> => {
      const response = await send('DELETE', `shares/${encodeURIComponent(id)}`);
      return orNetworkError(response.json() as Promise<Share>);
    },
    openShare: (token: string, passcode: string) =>
      post<OpenedShare>('shares/open', { token, ...(passcode !== '' && { passcode }) }),
    /** Another link for an opening, which is not another play. */
    continueShare: (token: string, continuation: string) =>
      post<OpenedShare>('shares/open', { token, continuation }),
    /** The whole log of a recording or a person, for a spreadsheet. A long one comes in parts. */
    accessCsv: async (of: { pbx?: string; recording?: string; person?: string }) => {
      const parts: Blob[] = [];
      let cursor: string | undefined;
      do {
        const part = await send('GET', `access?${query({ ...of, format: 'csv', cursor })}`);
        parts.push(await orNetworkError(part.blob()));
        cursor = part.headers.get('x-next-cursor') ?? undefined;
      } while (cursor !== undefined);
      return new Blob(parts, { type: 'text/csv' });
    },
    /** How much of a recording was played. Also sent while the page is being closed. */
    reportPlayed: async (pbx: string, recording: string, seconds: number) => {
      await send('POST', 'access', { pbx, recording, seconds }, undefined, true);
    },
    access: (of: { pbx?: string; recording?: string; person?: string; cursor?: string }) =>
      read<AccessPage>(`access?${query(of)}`),
  };
}
