import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as v from 'valibot';
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_RECONCILIATION,
  MAX_RECONCILE_HOURS,
} from '../../functions/shared/config/limits.ts';
import { parseSettings, wholeNumberFrom } from '../../functions/shared/config/parse-settings.ts';
import {
  pbxIdSchema,
  pbxOfAnyFamily,
  pbxSettings,
  tlsSchema,
} from '../../functions/shared/config/pbx-registry.ts';
import { bucketSchema } from './bucket-config.ts';
import { eventsSchema } from './events-config.ts';
import { linksSchema } from './links-config.ts';
import { networkSchema } from './network-config.ts';

/** The directory of cdk.json. Paths in it are relative to this. */
const projectRoot = resolve(import.meta.dirname, '../..');

/** Returns PEM text unchanged; anything else is the path of a PEM file. An unreadable file yields `''`. */
function loadPem(pemOrPath: string): string {
  if (pemOrPath.includes('-----BEGIN')) return pemOrPath;
  try {
    return readFileSync(resolve(projectRoot, pemOrPath), 'utf8');
  } catch {
    return '';
  }
}

function isCertificate(pem: string): boolean {
  try {
    return pem.includes('-----BEGIN CERTIFICATE-----') && Boolean(new X509Certificate(pem));
  } catch {
    return false;
  }
}

const certificateSchema = v.pipe(
  v.string(),
  v.transform(loadPem),
  v.check(isCertificate, 'should be a PEM certificate, or the path of one relative to cdk.json'),
  // The text is deployed in a Lambda layer, which is no place for a secret.
  v.check((pem) => !pem.includes('PRIVATE KEY-----'), 'should not contain a private key'),
);

const [, caOrFingerprint] = tlsSchema.pipe;

const stackPbxSchema = pbxOfAnyFamily({
  ...pbxSettings,
  // Over http the password's MD5 hash and the session token would be readable. Only a local trial allows that.
  baseUrl: v.pipe(pbxSettings.baseUrl, v.startsWith('https://', 'should begin with https://')),
  tls: v.optional(
    v.pipe(v.strictObject({ ...tlsSchema.entries, ca: v.optional(certificateSchema) }), caOrFingerprint),
    {},
  ),
  /** Recordings fetched from this PBX at once. Lambda's minimum for a queue is 2. */
  maxConcurrency: v.optional(wholeNumberFrom(2, 1000), DEFAULT_CONCURRENCY),
});

const webhookSchema = v.strictObject({
  /** Adds a CloudFront distribution that accepts reports over plain HTTP, for PBXs that cannot post to https. */
  plainHttp: v.optional(v.boolean(), false),
});

const hours = (defaultHours: number, maxHours = MAX_RECONCILE_HOURS) =>
  v.optional(wholeNumberFrom(1, maxHours), defaultHours);

const runSchema = (
  { everyHours, overHours }: { everyHours: number; overHours: number },
  maxEveryHours?: number,
) =>
  v.optional(
    v.pipe(
      v.strictObject({ everyHours: hours(everyHours, maxEveryHours), overHours: hours(overHours) }),
      v.forward(
        v.check(
          (run) => run.overHours >= run.everyHours,
          'should be at least everyHours; otherwise some calls are never compared',
        ),
        ['overHours'],
      ),
    ),
    {},
  );

/** How often, and how far back, the PBXs' call logs are compared with the bucket. */
const reconciliationSchema = v.strictObject({
  /** At least daily: an alarm evaluates three runs, and CloudWatch looks back seven days at most. */
  recent: runSchema(DEFAULT_RECONCILIATION.recent, 24),
  wide: runSchema(DEFAULT_RECONCILIATION.wide),
});

const alarmsSchema = v.strictObject({
  /** SNS first sends a confirmation request to this address, and nothing else until it is confirmed. */
  email: v.optional(v.pipe(v.string(), v.email('should be an e-mail address'))),
});

/** The periods that CloudWatch Logs supports, except "never expire": logs show when calls took place. */
const retentionDays = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** The limits of CloudFormation. */
const tagsSchema = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(/^(?!aws:).{1,128}$/i, 'should be 1 to 128 characters that do not begin with aws:'),
    ),
    v.pipe(v.string(), v.regex(/^.{1,256}$/, 'should be 1 to 256 characters')),
  ),
  v.maxEntries(50, 'should have at most 50 tags'),
);

const configSchema = v.pipe(
  v.strictObject({
    /** At most 39 characters: a queue name adds a hyphen and a PBX id of up to 40, and SQS allows 80 in all. */
    stackName: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^[A-Za-z][A-Za-z0-9-]{0,38}$/,
          'should be 1 to 39 letters, digits and hyphens, starting with a letter',
        ),
      ),
      'PbxRecordingArchive',
    ),
    pbxs: v.pipe(
      v.record(pbxIdSchema, stackPbxSchema),
      v.minEntries(1, 'should have at least one PBX'),
      v.maxEntries(50, 'should have at most 50 PBXs; deploy a second stack for more'),
    ),
    network: v.optional(networkSchema),
    links: v.optional(linksSchema, {}),
    events: v.optional(eventsSchema, {}),
    bucket: v.optional(bucketSchema, {}),
    webhook: v.optional(webhookSchema, {}),
    reconciliation: v.optional(reconciliationSchema, {}),
    alarms: v.optional(alarmsSchema, {}),
    logRetentionDays: v.optional(v.picklist(retentionDays), RetentionDays.THREE_MONTHS),
    tags: v.optional(tagsSchema, {}),
  }),
  v.forward(
    v.partialCheck(
      [['pbxs'], ['webhook']],
      ({ pbxs, webhook }) =>
        webhook.plainHttp || !Object.values(pbxs).some((pbx) => pbx.reportUrl?.startsWith('http://{host}')),
      'should be true: the reportUrl of a PBX begins with http://{host}, and API Gateway accepts only https',
    ),
    ['webhook', 'plainHttp'],
  ),
  v.forward(
    v.partialCheck(
      [['pbxs'], ['links']],
      ({ pbxs, links: { authorization } }) =>
        authorization.type !== 'jwt' ||
        Object.values(authorization.roles?.map ?? {})
          .flatMap((role) => role.pbxs)
          .every((id) => id === '*' || Object.hasOwn(pbxs, id)),
      'should name only PBXs that are configured, or * for all',
    ),
    ['links', 'authorization'],
  ),
  v.forward(
    v.partialCheck(
      [['bucket'], ['reconciliation']],
      ({ bucket: { expireAfterDays = Number.POSITIVE_INFINITY }, reconciliation: { recent, wide } }) =>
        // Whole days are compared, starting some hours before `overHours`.
        24 * (expireAfterDays - 2) >= Math.max(recent.overHours, wide.overHours),
      'should be at least two days more than reconciliation looks back; otherwise it archives expired recordings again',
    ),
    ['bucket', 'expireAfterDays'],
  ),
);

export type ArchiveConfig = v.InferOutput<typeof configSchema>;

/** People cannot sign a request (`iam`), nor sign in with an issuer that does not know the page. */
export const hasPage = ({ authorization }: ArchiveConfig['links']): boolean =>
  authorization.type === 'token' || (authorization.type === 'jwt' && authorization.clientId !== undefined);

/** Without the page, nobody could open a share. */
export const allowsShares = ({ links }: ArchiveConfig): boolean => links.shares.allowed && hasPage(links);

/** Validates the context key `archive`. Throws one error that lists every problem by its path, without its value. */
export function readArchiveConfig(context: unknown): ArchiveConfig {
  return parseSettings('The context "archive" in cdk.json', configSchema, context);
}
