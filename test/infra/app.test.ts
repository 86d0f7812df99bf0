import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
const office = { baseUrl: 'https://192.168.5.150:8088', timeZone: 'Europe/Berlin' };

interface FeatureFlag {
  userValue?: unknown;
  recommendedValue: unknown;
  unconfiguredBehavesLike?: { v2: unknown };
}

/** Runs the CDK app as `cdk synth` does, without bundling. */
function synth(settings: object, region = 'eu-central-1') {
  const directory = mkdtempSync(join(tmpdir(), 'synth-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/app.ts'], {
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_OUTDIR: directory,
      CDK_DEFAULT_REGION: region,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [], ...settings }),
    },
  });
  return { status, stdout, stderr, directory };
}

describe('the app', { timeout: 120_000 }, () => {
  test('refuses cdk.json as it comes, with one sentence', () => {
    const { status, stderr } = synth({});
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^cdk\.json still has an example PBX: /),
    ]);
  });

  test('accepts it for npm test', () => {
    expect(synth({ acceptExample: 'true' }).status).toBe(0);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts.test).toContain('acceptExample');
    expect(scripts.deploy).not.toContain('acceptExample');
  });

  test('leaves no feature flag of the CDK open, which would end npm run synth with a notice', () => {
    const { directory } = synth({ acceptExample: 'true' });
    const { artifacts } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
    const flags: Record<string, FeatureFlag> = artifacts['aws-cdk-lib/feature-flag-report'].properties.flags;
    expect(Object.keys(flags).length).toBeGreaterThan(64);
    // The CDK's command line counts these.
    const open = Object.entries(flags).filter(
      ([, { userValue, recommendedValue, unconfiguredBehavesLike }]) =>
        userValue === undefined && (unconfiguredBehavesLike?.v2 ?? false) !== recommendedValue,
    );
    expect(open.map(([name]) => name)).toEqual([]);
  });

  test('prints what a person reads before a deployment, and nothing else', () => {
    const links = { allowedOrigins: ['https://crm.example.com'] };
    const bucket = { existing: 'recordings-of-old' };
    const network = {
      vpcId: 'vpc-0a1b0000',
      subnetIds: ['subnet-0a000000'],
      endpoints: 'create',
      routeTableIds: ['rtb-0a000000'],
    };
    const archive = { pbxs: { office }, links, bucket, network };
    const { status, stdout, stderr, directory } = synth({ archive }, 'cn-north-1');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      'The stack PbxRecordingArchive in cn-north-1:',
      '  PBX      office: https://192.168.5.150:8088, certificate of a public authority, time zone Europe/Berlin',
      '  Network  PBXs are reached from vpc-0a1b0000',
      '  Bucket   recordings-of-old, which exists, encrypted by S3',
      '  Links    for callers with the bearer token, valid for at most 3600 s',
      '           pages of https://crm.example.com may fetch them',
      '           shares with people who cannot sign in, for at most 30 days; the access log is kept for 400 days',
      '  Alarms   to nobody: set alarms.email, or subscribe to the topic',
      expect.stringMatching(/^The stack cannot change recordings-of-old\./),
      expect.stringMatching(/^In China, /),
    ]);
    // The stack is for the region that the command line has chosen.
    const template = readFileSync(join(directory, 'PbxRecordingArchive.template.json'), 'utf8');
    expect(template).toContain('"cn.com.amazonaws.cn-north-1.sqs"');
  });

  test('refuses what the region lacks, with a sentence', () => {
    const { status, stderr } = synth(
      { archive: { pbxs: { office }, webhook: { plainHttp: true } } },
      'us-gov-west-1',
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^webhook\.plainHttp needs CloudFront, which is not available in AWS GovCloud/);
  });
});

test('npm run synth prints no template', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(scripts.synth).toBe('cdk synth --quiet');
});
