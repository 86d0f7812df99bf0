import * as v from 'valibot';
import { open, seal } from '../api/sealed.ts';
import { SESSION_HOURS } from '../config/limits.ts';

const SESSION_SECONDS = SESSION_HOURS * 3600;

/** Browsers accept the first from its own host over HTTPS only. The local host has neither, so it uses the second. */
export const SESSION_COOKIES = ['__Host-session', 'pbx-archive-session'] as const;
export type SessionCookie = (typeof SESSION_COOKIES)[number];

const sessionSchema = v.object({ person: v.string(), until: v.number() });

const attributesFor = (name: SessionCookie, seconds: number) =>
  `Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${name.startsWith('__Host-') ? '; Secure' : ''}`;

/** A `Set-Cookie` that signs a person in. Its key is derived from the link token, so replacing that ends all sessions. */
export function createSessionCookie(
  name: SessionCookie,
  digest: Buffer,
  person: string,
  now: number,
): string {
  const value = seal(digest, 'session', { person, until: now + SESSION_SECONDS * 1000 });
  return `${name}=${value}; ${attributesFor(name, SESSION_SECONDS)}`;
}

/** A `Set-Cookie` that removes the cookie from the browser. */
export const removeSessionCookie = (name: SessionCookie): string => `${name}=; ${attributesFor(name, 0)}`;

/** Value of the cookie, if the request has it. */
export function findSessionCookie(name: SessionCookie, cookies: readonly string[]): string | undefined {
  const cookie = cookies.find((text) => text.startsWith(`${name}=`));
  return cookie?.slice(name.length + 1);
}

/** The person who is signed in by this value of the cookie. */
export function readSession(digest: Buffer, value: string, now: number): string | undefined {
  const session = open(digest, 'session', value);
  return v.is(sessionSchema, session) && session.until > now ? session.person : undefined;
}
