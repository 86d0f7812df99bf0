import * as v from 'valibot';
import { toPersonName } from '../shared/access/claims.ts';
import {
  createSessionCookie,
  removeSessionCookie,
  type SessionCookie,
} from '../shared/access/session-cookie.ts';
import type { configSchema } from '../shared/api/contract.ts';
import { MAX_NAME_LENGTH } from '../shared/api/input-limits.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import type { CachedSecret } from '../shared/config/cached-secret.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { readBody } from './read-input.ts';
import type { SignInLimit } from './sign-in-limit.ts';

export interface SessionDeps {
  linkToken: CachedSecret;
  limit: SignInLimit;
  cookie: SessionCookie;
  now: () => number;
}

type Config = v.InferOutput<typeof configSchema>;

/** `GET /api/config`: how people sign in. */
export function describeConfig(
  type: 'token' | 'iam' | 'jwt',
  { signIn: provider }: Pick<AccessSettings, 'signIn'>,
): ApiResponse {
  if (type === 'token') return { status: 200, body: { authorization: 'token' } satisfies Config };
  if (type === 'iam' || provider === undefined)
    return refuse(404, 'no-page', { message: 'This archive has no page to sign in on.' });
  return { status: 200, body: { authorization: 'jwt', ...provider } satisfies Config };
}

/** The body of `POST /api/session`. */
export const signInSchema = v.strictObject({
  /** The link token. */
  token: v.pipe(
    v.string(),
    v.nonEmpty('should not be empty'),
    v.maxLength(1000, 'should have at most 1000 characters'),
  ),
  /** What the person calls themselves, for the access log. */
  name: v.optional(
    v.pipe(v.string(), v.maxLength(MAX_NAME_LENGTH, `should have at most ${MAX_NAME_LENGTH} characters`)),
  ),
});

/** `POST /api/session` */
export async function signIn(
  request: ApiRequest,
  { linkToken, limit, cookie, now }: SessionDeps,
): Promise<ApiResponse> {
  const parsed = readBody(signInSchema, request);
  if ('refusal' in parsed) return parsed.refusal;
  const { token, name = '' } = parsed.input;
  // Before the token is checked: otherwise, guesses at the same time would not be limited.
  const attempt = await limit.begin(request.address);
  if (attempt === undefined) {
    log('warn', 'sign-in-throttled');
    const headers = { 'retry-after': '60' };
    return { ...refuse(429, 'too-many-attempts', { message: 'Wait a minute, then try again.' }), headers };
  }
  if (!(await linkToken.matches(token))) {
    log('warn', 'sign-in-refused');
    return refuse(401, 'unauthorized', { message: 'This is not the link token.' });
  }
  await attempt.forget();
  const person = toPersonName(name) || 'token';
  log('info', 'signed-in');
  return { status: 204, cookies: [createSessionCookie(cookie, await linkToken.digest(), person, now())] };
}

/** `DELETE /api/session` */
export const signOut = ({ cookie }: Pick<SessionDeps, 'cookie'>): ApiResponse => ({
  status: 204,
  cookies: [removeSessionCookie(cookie)],
});
