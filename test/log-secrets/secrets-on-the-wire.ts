import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from './evidence.ts';

/** JSON fields and query parameters of the PBX's API, of Secrets Manager, of the secrets stored in it, and of our API. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['password', 'password'],
  ['token', 'session token'],
  ['refreshtoken', 'refresh token'],
  ['refreshToken', 'refresh token'],
  ['random', 'random string'],
  ['webhookSecret', 'webhook secret'],
  ['access_token', 'session token'],
  ['refresh_token', 'refresh token'],
  ['clientSecret', 'client secret'],
  ['signatureSecret', 'secret of signatures'],
  ['previousSignatureSecret', 'secret of signatures'],
  ['passcode', 'passcode of a share'],
  ['continuation', 'continuation of an opening'],
  ['X-Amz-Signature', 'signature of a presigned URL'],
]);

/** The secrets in the head of a request: those of the PBX and S3 in the query, ours in path and header. */
export function secretsOfHead(target: string, headers: IncomingHttpHeaders): Secret[] {
  const url = URL.parse(target, 'http://host.example');
  const secrets = Array.from(url?.searchParams ?? [], ([name, value]) => secretsOfField(name, value)).flat();
  const signature = headers['x-signature'];
  if (typeof signature === 'string') secrets.push({ kind: 'signature of a report', value: signature });
  const [, webhookSecret] = /^\/reports\/[^/]+\/([^/]+)/.exec(url?.pathname ?? '') ?? [];
  if (webhookSecret !== undefined) secrets.push({ kind: 'webhook secret', value: webhookSecret });
  // Browsers do not send it: it is in the address of a share that the API responds with.
  if (url?.pathname === '/s' && url.hash !== '')
    secrets.push({ kind: 'share token', value: url.hash.slice(1) });
  const [, linkToken] = /^Bearer +(\S+)/i.exec(headers.authorization ?? '') ?? [];
  if (linkToken !== undefined) secrets.push({ kind: 'link token', value: linkToken });
  return [...secrets, ...secretsOfCookies(headers.cookie ?? '')];
}

/** The session of a person who has signed in, in a `Cookie` or a `Set-Cookie` header. */
export function secretsOfCookies(header: string): Secret[] {
  const sessions = header.matchAll(/(?:__Host-session|pbx-archive-session)=([^;\s]+)/g);
  return Array.from(sessions, ([, value = '']) => ({ kind: 'session cookie', value }));
}

/** The secrets in the body of a request or response, if it is JSON. */
export function secretsOfBody(body: string): Secret[] {
  const json = parseJson(body);
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => secretsOfField(name, value));
}

function secretsOfField(name: string, value: unknown): Secret[] {
  if (typeof value !== 'string') return secretsOfBody(JSON.stringify(value) ?? '');
  const kind = KINDS.get(name);
  if (kind !== undefined) return [{ kind, value }];
  // The address that the PBX posts its reports to, of a share or of a recording.
  if (name === 'url') return secretsOfHead(value.replace(/^(?:https?:\/\/)?[^/]*/, ''), {});
  if (name !== 'SecretString') return [];
  return typeof parseJson(value) === 'object' ? secretsOfBody(value) : [{ kind: 'link token', value }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
