import { isIP } from 'node:net';
import { HOSTED_FAMILIES, UNVERIFIED_FAMILIES } from '../../functions/shared/config/pbx-registry.ts';
import { type ArchiveConfig, allowsShares } from './archive-config.ts';
import type { BucketConfig } from './bucket-config.ts';
import { describeRegion } from './regions.ts';

/** What an administrator should see of a configuration before it is deployed in `region`. */
export function summarize(config: ArchiveConfig, region: string | undefined): string {
  const pbxs = Object.entries(config.pbxs).map(
    ([id, { baseUrl, tls, timeZone }]) => `${id}: ${baseUrl}, ${describeTls(tls)}, time zone ${timeZone}`,
  );
  const { authorization, allowedOrigins, maximumAgeSeconds } = config.links;
  const rows: [string, string[]][] = [
    [pbxs.length === 1 ? 'PBX' : `${pbxs.length} PBXs`, pbxs],
    ['Network', [describeNetwork(config)]],
    ['Bucket', describeBucket(config.bucket)],
    [
      'Links',
      [
        `for callers with ${callers[authorization.type]}, valid for at most ${maximumAgeSeconds} s`,
        ...(allowedOrigins.length > 0 ? [`pages of ${allowedOrigins.join(', ')} may fetch them`] : []),
        `${describeShares(config)}; the access log is kept for ${config.links.accessLogDays} days`,
      ],
    ],
    ['Alarms', [config.alarms.email ?? 'to nobody: set alarms.email, or subscribe to the topic']],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  const lines = rows.flatMap(([title, texts]) =>
    texts.map((text, index) => `  ${(index === 0 ? title : '').padEnd(width)}  ${text}`),
  );
  const where = region === undefined ? '' : ` in ${region}`;
  const notes = [
    existingBucketNote(config),
    pinnedNote(config),
    unverifiedNote(config),
    region && describeRegion(region),
  ].filter(Boolean);
  return [`The stack ${config.stackName}${where}:`, ...lines, ...notes].join('\n');
}

const callers = { token: 'the bearer token', iam: 'an AWS signature', jwt: 'a JWT' };

function describeShares(config: ArchiveConfig): string {
  if (!allowsShares(config)) return 'no shares with people who cannot sign in';
  return `shares with people who cannot sign in, for at most ${config.links.shares.maxDays} days`;
}

function describeTls({ fingerprint256, ca }: ArchiveConfig['pbxs'][string]['tls']): string {
  if (fingerprint256) return 'pinned certificate';
  return ca ? 'certificate of the given authority' : 'certificate of a public authority';
}

function describeNetwork({ network, webhook }: ArchiveConfig): string {
  const reports = webhook.plainHttp ? '; reports also over plain HTTP' : '';
  return `${network ? `PBXs are reached from ${network.vpcId}` : 'PBXs are reached over the internet'}${reports}`;
}

function describeBucket(bucket: BucketConfig): string[] {
  const encryption = bucket.encryption === 'kms' ? 'encrypted with a KMS key' : 'encrypted by S3';
  if (bucket.existing !== undefined) return [`${bucket.existing}, which exists, ${encryption}`];
  const { expireAfterDays, objectLock } = bucket;
  return [
    `of the stack, ${encryption}`,
    expireAfterDays === undefined
      ? 'recordings are kept for ever'
      : `recordings are deleted after ${expireAfterDays} days`,
    ...(objectLock ? [`recordings are locked for ${objectLock.days} days (${objectLock.mode})`] : []),
  ];
}

function unverifiedNote({ pbxs }: ArchiveConfig): string {
  const notes = UNVERIFIED_FAMILIES.flatMap((unverified) => {
    const ids = Object.entries(pbxs).flatMap(([id, { family }]) =>
      family === unverified ? [`pbxs.${id}`] : [],
    );
    if (ids.length === 0) return [];
    return `The family ${unverified} is not verified on a device: compare the first recordings of ${ids.join(', ')} with those on the PBX.`;
  });
  return notes.join('\n');
}

/** An appliance with a self-signed certificate may have port 443, too. An IP address has no public certificate. */
function mayHavePublicCertificate({ family, baseUrl }: ArchiveConfig['pbxs'][string]): boolean {
  const { hostname, port } = new URL(baseUrl);
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  return HOSTED_FAMILIES.includes(family) && port === '' && !isAddress;
}

/** `ca` pins as well: it is the certificate itself, or one of the authorities that issue the public ones in turn. */
function pinnedNote({ pbxs }: ArchiveConfig): string | undefined {
  const pins = Object.entries(pbxs).flatMap(([id, pbx]) => {
    if (!mayHavePublicCertificate(pbx)) return [];
    if (pbx.tls.fingerprint256 !== undefined) return [`tls.fingerprint256 of pbxs.${id}`];
    return pbx.tls.ca === undefined ? [] : [`tls.ca of pbxs.${id}`];
  });
  if (pins.length === 0) return undefined;
  return `Remove ${pins.join(', ')}, unless the certificate is self-signed or of an authority of your own: a public one, as the Cloud Edition and FQDNs have, changes every few weeks, and then nothing is archived.`;
}

function existingBucketNote({ bucket }: ArchiveConfig): string | undefined {
  if (bucket.existing === undefined) return undefined;
  return `The stack cannot change ${bucket.existing}. What it must be set to: docs/configuration.md, "An existing bucket".`;
}
