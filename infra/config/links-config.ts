import * as v from 'valibot';
import { rolesSchema } from '../../functions/shared/config/access-settings.ts';
import {
  DEFAULT_ACCESS_LOG_DAYS,
  DEFAULT_MAX_LINK_AGE_SECONDS,
  MIN_LINK_AGE_SECONDS,
} from '../../functions/shared/config/limits.ts';
import { wholeNumberFrom } from '../../functions/shared/config/parse-settings.ts';
import { sharesSchema } from './shares-config.ts';

const nameSchema = v.pipe(v.string(), v.nonEmpty('should not be empty'));

/** Accepts capitals and a slash at the end. */
const isOrigin = (text: string) => /^https?:\/\/[^/\\?#@*\s]+\/?$/i.test(text) && URL.canParse(text);

/** What a browser sends as `Origin`. */
const toOrigin = (text: string) => new URL(text).origin;

const originSchema = v.pipe(
  v.string(),
  v.check(
    (text) => text === '*' || isOrigin(text),
    'should be an origin without a path, such as https://crm.example.com, or * for any',
  ),
  v.transform((text) => (text === '*' ? text : toOrigin(text))),
);

const pageOriginSchema = v.pipe(
  v.string(),
  v.check(
    (text) => isOrigin(text) && /^https:/i.test(text),
    'should be an origin with https and without a path, such as https://recordings.example.com',
  ),
  v.transform(toOrigin),
);

const linkAuthorizationSchema = v.variant('type', [
  v.strictObject({ type: v.literal('token') }),
  v.strictObject({ type: v.literal('iam') }),
  v.strictObject({
    type: v.literal('jwt'),
    /** API Gateway finds the signing keys through {issuer}/.well-known/openid-configuration. */
    issuer: v.pipe(v.string(), v.url(), v.startsWith('https://', 'should begin with https://')),
    audience: v.pipe(
      v.array(nameSchema),
      v.nonEmpty('should not be empty'),
      // The limit of API Gateway.
      v.maxLength(50, 'should have at most 50 entries'),
    ),
    /** The page's client at the identity provider. Without it, there is no page. */
    clientId: v.optional(nameSchema),
    scope: v.optional(nameSchema, 'openid profile'),
    /** Where the page gets tokens from, if not from the issuer's own origin, such as Cognito's domain. */
    tokenOrigins: v.optional(
      v.array(v.pipe(originSchema, v.startsWith('https://', 'should begin with https://'))),
      [],
    ),
    personClaim: v.optional(nameSchema),
    roles: v.optional(rolesSchema),
  }),
]);

/** Who gets links to recordings, for how long, and from which pages. */
export const linksSchema = v.strictObject({
  /** Pages of these origins may request links and fetch recordings with `fetch()`. */
  allowedOrigins: v.optional(v.array(originSchema), []),
  authorization: v.optional(linkAuthorizationSchema, { type: 'token' }),
  /** Where people reach the page, if a domain or a proxy of theirs leads to the API. */
  origin: v.optional(pageOriginSchema),
  maximumAgeSeconds: v.optional(wholeNumberFrom(MIN_LINK_AGE_SECONDS, 43_200), DEFAULT_MAX_LINK_AGE_SECONDS),
  shares: v.optional(sharesSchema, {}),
  /** How long a row of the access log is kept: who got links, and what became of shares. */
  accessLogDays: v.optional(wholeNumberFrom(1, 3653), DEFAULT_ACCESS_LOG_DAYS),
});
