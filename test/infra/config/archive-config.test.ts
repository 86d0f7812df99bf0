import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';

const office = { baseUrl: 'https://203.0.113.10:8088' };
const { cert, private: privateKey } = await generate([{ name: 'commonName', value: 'pbx.example' }]);

/** The lines of the error for `config`, without the first one. */
function problemsOf(config: unknown): string[] {
  try {
    readArchiveConfig(config);
  } catch (error) {
    const [title, ...problems] = String(error).split('\n');
    expect(title).toBe('Error: The context "archive" in cdk.json is not valid:');
    return problems.map((problem) => problem.trim());
  }
  return [];
}
const problemsWith = (part: Record<string, unknown>) =>
  problemsOf({ pbxs: { 'head-office': office }, ...part });
const problemsOfPbx = (settings: Record<string, unknown>) =>
  problemsOf({ pbxs: { 'head-office': { ...office, ...settings } } });

describe('the configuration', () => {
  test('in cdk.json is valid', () => {
    const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
    expect(Object.keys(readArchiveConfig(context.archive).pbxs)).toEqual(['head-office']);
  });

  test('needs only a PBX and its address', () => {
    expect(readArchiveConfig({ pbxs: { 'head-office': office } })).toEqual({
      stackName: 'PbxRecordingArchive',
      pbxs: {
        'head-office': {
          ...office,
          family: 's-series',
          apiVersion: 'v1.1.0',
          maxRecordingMiB: 10_240,
          timeZone: 'UTC',
          tls: { minVersion: 'TLSv1.2' },
          maxConcurrency: 2,
        },
      },
      links: {
        authorization: { type: 'token' },
        allowedOrigins: [],
        maximumAgeSeconds: 3600,
        shares: { allowed: true, maxDays: 30, defaultDays: 7 },
        accessLogDays: 400,
      },
      events: { numbers: false, shared: false, accessed: false },
      bucket: { encryption: 's3', formerKmsKeyArns: [] },
      webhook: { plainHttp: false },
      alarms: {},
      reconciliation: {
        recent: { everyHours: 1, overHours: 24 },
        wide: { everyHours: 24, overHours: 168 },
      },
      logRetentionDays: 90,
      tags: {},
    });
  });

  test('is rejected with all problems at once, each with its path', () => {
    expect(
      problemsOf({
        stackName: '1st stack',
        pbxs: {
          'Head Office': office,
          branch: {
            baseUrl: 'http://203.0.113.11:8088',
            apiVersion: 'v3',
            timeZone: 'Mars/Olympus',
            allowedIp: 'any',
            maxConcurrency: 1,
            tls: { fingerprint256: 'AB:CD', minVersion: 'SSLv3', rejectUnauthorized: false },
          },
        },
        network: { vpcId: 'vpc', subnetIds: [], endpoints: 'create' },
        links: { authorization: { type: 'jwt', issuer: 'http://login.example' }, maximumAgeSeconds: 30 },
        bucket: { encryption: 'none', infrequentAccessAfterDays: 7, objectLock: { mode: 'legal', days: 0 } },
        webhook: { plainHTTP: true },
        logRetentionDays: 31,
      }),
    ).toEqual([
      'stackName: should be 1 to 39 letters, digits and hyphens, starting with a letter',
      'pbxs.Head Office: should be 1 to 40 of a-z, 0-9 and inner hyphens',
      'pbxs.branch.baseUrl: should begin with https://',
      'pbxs.branch.timeZone: should be an IANA time zone, such as Europe/Berlin',
      'pbxs.branch.tls.fingerprint256: should be a SHA-256 fingerprint: 32 pairs of hex digits',
      'pbxs.branch.tls.minVersion: should be ("TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3")',
      'pbxs.branch.tls.rejectUnauthorized: is not a known setting',
      'pbxs.branch.maxConcurrency: should be at least 2',
      'pbxs.branch.apiVersion: should be ("v1.1.0" | "v2.0.0")',
      'pbxs.branch.allowedIp: should be one IP address',
      'network.vpcId: should look like vpc-0123456789abcdef0',
      'network.subnetIds: should not be empty',
      'network.routeTableIds: is missing',
      'links.authorization.issuer: should begin with https://',
      'links.authorization.audience: is missing',
      'links.maximumAgeSeconds: should be at least 60',
      'bucket.encryption: should be ("s3" | "kms")',
      'bucket.infrequentAccessAfterDays: should be at least 30',
      'bucket.objectLock.mode: should be ("governance" | "compliance")',
      'bucket.objectLock.days: should be at least 1',
      'webhook.plainHTTP: is not a known setting',
      expect.stringMatching(/^logRetentionDays: should be \(1 \| 3 \| 5 .*\)$/),
    ]);
  });

  test('is never quoted in an error', () => {
    const secret = 'hunter2-do-not-print';
    const problems = problemsOf({
      stackName: secret.repeat(3),
      pbxs: {
        office: { baseUrl: `http://user:${secret}@203.0.113.10`, password: secret, tls: { ca: secret } },
      },
      network: { vpcId: secret, subnetIds: [secret], endpoints: 'existing' },
      links: { authorization: { type: secret }, maximumAgeSeconds: secret },
      bucket: { kmsKeyArn: secret },
      tags: secret,
    });
    expect(problems.length).toBeGreaterThan(8);
    expect(problems.join()).not.toContain(secret);
  });

  test('has no setting for a password', () => {
    expect(problemsOfPbx({ password: 'x' })).toEqual(['pbxs.head-office.password: is not a known setting']);
  });

  test('must not be missing', () => {
    expect(problemsOf(undefined)).toEqual(['(root): is missing']);
  });

  test('must have one to fifty PBXs', () => {
    const pbxs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`pbx-${n}`, office]));
    expect(problemsOf({ pbxs: {} })).toEqual(['pbxs: should have at least one PBX']);
    expect(problemsOf({ pbxs: pbxs(50) })).toEqual([]);
    expect(problemsOf({ pbxs: pbxs(51) })).toEqual([
      'pbxs: should have at most 50 PBXs; deploy a second stack for more',
    ]);
  });
});

describe('a certificate', () => {
  const unreadable =
    'pbxs.head-office.tls.ca: should be a PEM certificate, or the path of one relative to cdk.json';

  test('can be given as text', () => {
    const config = readArchiveConfig({ pbxs: { 'head-office': { ...office, tls: { ca: cert } } } });
    expect(config.pbxs['head-office']?.tls.ca).toBe(cert);
  });

  test('can be given as the path of a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
    const ca = join(directory, 'pbx.pem');
    writeFileSync(ca, cert);
    const config = readArchiveConfig({ pbxs: { 'head-office': { ...office, tls: { ca } } } });
    rmSync(directory, { recursive: true });
    expect(config.pbxs['head-office']?.tls.ca).toBe(cert);
  });

  test('is rejected when the text is not a certificate', () => {
    const ca = '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----';
    expect(problemsOfPbx({ tls: { ca } })).toEqual([unreadable]);
  });

  test('is rejected when the file does not exist or contains no certificate', () => {
    expect(problemsOfPbx({ tls: { ca: 'no-such-file.pem' } })).toEqual([unreadable]);
    expect(problemsOfPbx({ tls: { ca: 'package.json' } })).toEqual([unreadable]);
  });

  test('is rejected when it comes with a private key', () => {
    expect(problemsOfPbx({ tls: { ca: `${cert}\n${privateKey}` } })).toEqual([
      'pbxs.head-office.tls.ca: should not contain a private key',
    ]);
  });

  test('cannot be combined with a fingerprint', () => {
    expect(problemsOfPbx({ tls: { ca: cert, fingerprint256: 'ab'.repeat(32) } })).toEqual([
      'pbxs.head-office.tls: should have either ca or fingerprint256, not both',
    ]);
  });
});

describe("the page's origin", () => {
  const originOf = (origin: string) =>
    readArchiveConfig({ pbxs: { 'head-office': office }, links: { origin } }).links.origin;

  test('is what a browser sends, and none by default', () => {
    expect(originOf('https://Recordings.example.com:443/')).toBe('https://recordings.example.com');
    expect(originOf('https://recordings.example.com:8443')).toBe('https://recordings.example.com:8443');
    expect(readArchiveConfig({ pbxs: { 'head-office': office } }).links.origin).toBeUndefined();
  });

  test.each([
    'recordings.example.com',
    'http://recordings.example.com',
    'https://recordings.example.com/archive',
    'https://recordings.example.com?a',
    'https://*.example.com',
    'https://user@recordings.example.com',
    '*',
    '',
  ])('is not %j', (origin) => {
    expect(problemsWith({ links: { origin } })).toEqual([
      'links.origin: should be an origin with https and without a path, such as https://recordings.example.com',
    ]);
  });
});

describe('an allowed origin', () => {
  const originsOf = (allowedOrigins: string[]) =>
    readArchiveConfig({ pbxs: { 'head-office': office }, links: { allowedOrigins } }).links.allowedOrigins;

  test('is what a browser sends: in small letters, without the default port, without a slash', () => {
    expect(originsOf(['https://CRM.example.com:443/', 'http://localhost:5173', '*'])).toEqual([
      'https://crm.example.com',
      'http://localhost:5173',
      '*',
    ]);
  });

  test.each([
    'crm.example.com',
    'https://crm.example.com/app',
    'https://*.example.com',
    'https://user@crm.example.com',
    'ftp://crm.example.com',
    'null',
    '',
  ])('is not %j', (origin) => {
    expect(problemsWith({ links: { allowedOrigins: ['https://a.example', origin] } })).toEqual([
      'links.allowedOrigins.1: should be an origin without a path, such as https://crm.example.com, or * for any',
    ]);
  });
});

describe('an existing bucket', () => {
  const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/0';

  test.each([
    { existing: 'recordings-of-old' },
    { existing: 'recordings-of-old', encryption: 'kms', kmsKeyArn },
    { existing: 'recordings-of-old', formerKmsKeyArns: [kmsKeyArn] },
  ])('can be given as %j', (bucket) => {
    expect(problemsWith({ bucket })).toEqual([]);
  });

  test.each([
    [{ existing: 'arn:aws:s3:::recordings' }, 'existing: should be the name of a bucket, not its ARN'],
    [
      { existing: 'x', formerKmsKeyArns: ['alias/old'] },
      'existing: should be the name of a bucket, not its ARN',
    ],
    [
      { existing: 'recordings-of-old', encryption: 'kms' },
      'kmsKeyArn: is required: the stack creates no key for an existing bucket',
    ],
  ])('cannot be given as %j', (bucket, problem) => {
    expect(problemsWith({ bucket })).toContain(`bucket.${problem}`);
  });

  test.each([
    { expireAfterDays: 365 },
    { infrequentAccessAfterDays: 30 },
    { glacierInstantRetrievalAfterDays: 30 },
    { objectLock: { mode: 'governance', days: 30 } },
  ])('cannot be combined with %j, which would have no effect', (settings) => {
    expect(problemsWith({ bucket: { existing: 'recordings-of-old', ...settings } })).toEqual([
      'bucket.existing: should not be combined with expiration, storage classes or objectLock: set these on the bucket itself',
    ]);
  });

  test('has former keys that are given by their ARNs', () => {
    expect(problemsWith({ bucket: { formerKmsKeyArns: [kmsKeyArn, 'alias/old'] } })).toEqual([
      'bucket.formerKmsKeyArns.1: should be the ARN of a KMS key',
    ]);
  });
});

describe('log retention', () => {
  test('must be limited', () => {
    expect(problemsWith({ logRetentionDays: 3653 })).toEqual([]);
    expect(problemsWith({ logRetentionDays: 9999 })).toHaveLength(1);
  });
});

describe('lists that AWS limits are rejected when they are longer:', () => {
  const many = (length: number, prefix: string) =>
    Array.from({ length }, (_, n) => `${prefix}-0a0000${n.toString(16).padStart(2, '0')}`);
  const place = { vpcId: 'vpc-0a1b2c3d', subnetIds: many(1, 'subnet'), endpoints: 'existing' };

  test('16 subnets, their route tables, and 5 security groups', () => {
    const problemsOfNetwork = (part: object) => problemsWith({ network: { ...place, ...part } });
    expect(problemsOfNetwork({ subnetIds: many(16, 'subnet') })).toEqual([]);
    expect(problemsOfNetwork({ subnetIds: many(17, 'subnet') })).toEqual([
      'network.subnetIds: should have at most 16 entries',
    ]);
    expect(problemsOfNetwork({ securityGroupIds: many(5, 'sg') })).toEqual([]);
    expect(problemsOfNetwork({ securityGroupIds: many(6, 'sg') })).toEqual([
      'network.securityGroupIds: should have at most 5 entries',
    ]);
    const created = { endpoints: 'create', routeTableIds: many(16, 'rtb') };
    expect(problemsOfNetwork(created)).toEqual([]);
    expect(problemsOfNetwork({ ...created, routeTableIds: many(17, 'rtb') })).toEqual([
      'network.routeTableIds: should have at most 16 entries',
    ]);
  });

  test('50 audiences', () => {
    const problemsOfAudiences = (audience: string[]) =>
      problemsWith({
        links: { authorization: { type: 'jwt', issuer: 'https://login.example', audience } },
      });
    expect(problemsOfAudiences(many(50, 'app'))).toEqual([]);
    expect(problemsOfAudiences(many(51, 'app'))).toEqual([
      'links.authorization.audience: should have at most 50 entries',
    ]);
  });

  test('50 tags with names of 128 and values of 256 characters', () => {
    const tagged = (names: string[], value = 'x') =>
      problemsWith({ tags: Object.fromEntries(names.map((name) => [name, value])) });
    expect(tagged(many(50, 'tag'), 'x'.repeat(256))).toEqual([]);
    expect(tagged(many(51, 'tag'))).toEqual(['tags: should have at most 50 tags']);
    expect(tagged(['t'.repeat(128)])).toEqual([]);
    const longName = 't'.repeat(129);
    expect(tagged([longName])).toEqual([
      `tags.${longName}: should be 1 to 128 characters that do not begin with aws:`,
    ]);
    expect(tagged(['AWS:cost'])).toHaveLength(1);
    for (const value of ['', 'x'.repeat(257)]) {
      expect(tagged(['team'], value)).toEqual(['tags.team: should be 1 to 256 characters']);
    }
  });
});

describe('settings that depend on each other:', () => {
  test('a PBX can post reports over plain HTTP only if the endpoint for it is enabled', () => {
    const pbxs = { 'head-office': { ...office, reportUrl: 'http://{host}' } };
    expect(problemsOf({ pbxs })).toEqual([
      'webhook.plainHttp: should be true: the reportUrl of a PBX begins with http://{host}, and API Gateway accepts only https',
    ]);
    expect(problemsOf({ pbxs, webhook: { plainHttp: true } })).toEqual([]);
  });

  test('route tables are required for new endpoints and rejected for existing ones', () => {
    const place = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'] };
    expect(problemsWith({ network: { ...place, endpoints: 'create' } })).toEqual([
      'network.routeTableIds: is missing',
    ]);
    expect(
      problemsWith({ network: { ...place, endpoints: 'existing', routeTableIds: ['rtb-0a1b2c3d'] } }),
    ).toEqual(['network.routeTableIds: is not a known setting']);
    expect(problemsWith({ network: place })).toHaveLength(1);
  });

  test.each([
    [
      { kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/0' },
      'kmsKeyArn: is only valid with encryption kms',
    ],
    [
      { infrequentAccessAfterDays: 30, glacierInstantRetrievalAfterDays: 59 },
      'glacierInstantRetrievalAfterDays: should be at least 30 days after infrequentAccessAfterDays',
    ],
    [
      { infrequentAccessAfterDays: 30, expireAfterDays: 30 },
      'expireAfterDays: should be later than every transition',
    ],
    [
      { glacierInstantRetrievalAfterDays: 10, expireAfterDays: 9 },
      'expireAfterDays: should be later than every transition',
    ],
    [
      { expireAfterDays: 89, objectLock: { mode: 'governance', days: 90 } },
      'expireAfterDays: should be at least objectLock.days: a locked recording cannot be deleted',
    ],
  ])('the bucket settings %j are rejected', (bucket, problem) => {
    expect(problemsWith({ bucket })).toEqual([`bucket.${problem}`]);
  });

  test('reconciliation covers every call between two runs, and at most a month', () => {
    const run = (recent: object) => problemsWith({ reconciliation: { recent } });
    expect(run({ everyHours: 24, overHours: 744 })).toEqual([]);
    expect(run({ everyHours: 12, overHours: 11 })).toEqual([
      'reconciliation.recent.overHours: should be at least everyHours; otherwise some calls are never compared',
    ]);
    expect(run({ everyHours: 25, overHours: 25 })).toEqual([
      'reconciliation.recent.everyHours: should be at most 24',
    ]);
    expect(problemsWith({ reconciliation: { wide: { everyHours: 744, overHours: 744 } } })).toEqual([]);
    expect(run({ everyHours: 0, overHours: 745 })).toEqual([
      'reconciliation.recent.everyHours: should be at least 1',
      'reconciliation.recent.overHours: should be at most 744',
    ]);
  });

  test('reconciliation must not restore recordings that have just expired', () => {
    const problem =
      'bucket.expireAfterDays: should be at least two days more than reconciliation looks back; otherwise it archives expired recordings again';
    expect(problemsWith({ bucket: { expireAfterDays: 8 } })).toEqual([problem]);
    expect(problemsWith({ bucket: { expireAfterDays: 9 } })).toEqual([]);
    const wide = { overHours: 24 };
    expect(problemsWith({ bucket: { expireAfterDays: 3 }, reconciliation: { wide } })).toEqual([]);
    const recent = { overHours: 48 };
    expect(problemsWith({ bucket: { expireAfterDays: 3 }, reconciliation: { wide, recent } })).toEqual([
      problem,
    ]);
  });

  test('they are checked even if another setting is invalid', () => {
    const bucket = { encryption: 'none', infrequentAccessAfterDays: 30, expireAfterDays: 30 };
    expect(problemsWith({ bucket, tags: 7 })).toContain(
      'bucket.expireAfterDays: should be later than every transition',
    );
  });

  test('they are accepted when they are consistent', () => {
    const bucket = {
      infrequentAccessAfterDays: 30,
      glacierInstantRetrievalAfterDays: 60,
      expireAfterDays: 90,
      objectLock: { mode: 'compliance', days: 90 },
    };
    expect(problemsWith({ bucket })).toEqual([]);
  });
});

describe('the authorization by JWT', () => {
  const jwt = { type: 'jwt', issuer: 'https://login.example', audience: ['recordings'] };
  const role = { pbxs: ['head-office'], rights: ['listen'] };
  const problemsWithJwt = (part: object) => problemsWith({ links: { authorization: { ...jwt, ...part } } });
  const problemsWithRole = (part: object, name = 'support') =>
    problemsWithJwt({ roles: { claim: 'groups', map: { [name]: { ...role, ...part } } } });

  test('may have a client for the page, and roles', () => {
    const authorization = {
      ...jwt,
      clientId: 'page',
      personClaim: 'name',
      roles: {
        claim: 'groups',
        map: { support: { ...role, extensions: ['1001'] }, 'all:everything': { ...role, pbxs: ['*'] } },
      },
    };
    const config = readArchiveConfig({ pbxs: { 'head-office': office }, links: { authorization } });
    expect(config.links.authorization).toMatchObject({ ...authorization, scope: 'openid profile' });
  });

  test.each<[string, () => string[], string]>([
    [
      'a PBX that is not configured',
      () => problemsWithRole({ pbxs: ['branch'] }),
      'links.authorization: should name only PBXs that are configured, or * for all',
    ],
    [
      'no PBX',
      () => problemsWithRole({ pbxs: [] }),
      'links.authorization.roles.map.support.pbxs: should not be empty',
    ],
    [
      'an unknown right',
      () => problemsWithRole({ rights: ['delete'] }),
      'links.authorization.roles.map.support.rights.0: should be ("listen" | "download" | "share" | "audit")',
    ],
    [
      'no right',
      () => problemsWithRole({ rights: [] }),
      'links.authorization.roles.map.support.rights: should not be empty',
    ],
    [
      'no extension',
      () => problemsWithRole({ extensions: [] }),
      'links.authorization.roles.map.support.extensions: should not be empty',
    ],
    [
      'a name that API Gateway would take for two',
      () => problemsWithRole({}, 'call center'),
      'links.authorization.roles.map.call center: should be a name without spaces, commas and brackets',
    ],
    [
      'no role',
      () => problemsWithJwt({ roles: { claim: 'groups', map: {} } }),
      'links.authorization.roles.map: should have at least one role',
    ],
    [
      'no claim',
      () => problemsWithJwt({ roles: { map: { support: role } } }),
      'links.authorization.roles.claim: is missing',
    ],
    [
      'an empty client',
      () => problemsWithJwt({ clientId: '' }),
      'links.authorization.clientId: should not be empty',
    ],
    [
      'roles without a JWT',
      () => problemsWith({ links: { authorization: { type: 'token', roles: {} } } }),
      'links.authorization.roles: is not a known setting',
    ],
  ])('is rejected with %s', (_, problems, expected) => {
    expect(problems()).toContain(expected);
  });
});

describe('the webhook for events', () => {
  const webhook = { url: 'https://crm.example/hook', header: 'x-api-key', secret: 'crm/webhook' };

  test('needs a URL, a header and a secret', () => {
    expect(problemsWith({ events: { webhook } })).toEqual([]);
    for (const name of Object.keys(webhook)) {
      const { [name as keyof typeof webhook]: _, ...rest } = webhook;
      expect(problemsWith({ events: { webhook: rest } })).toEqual([
        expect.stringMatching(`^events\\.webhook\\.${name}: `),
      ]);
    }
  });

  test.each([
    [{ url: 'http://crm.example/hook' }, 'url: should begin with https://'],
    [{ header: 'x api key' }, 'header: should be the name of an HTTP header'],
    [{ secret: 'a secret' }, 'secret: should be the name of a secret in Secrets Manager'],
  ])('is not %j', (changes, problem) => {
    expect(problemsWith({ events: { webhook: { ...webhook, ...changes } } })).toEqual([
      `events.webhook.${problem}`,
    ]);
  });
});
