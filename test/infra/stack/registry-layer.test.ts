import { describe, expect, test } from 'vitest';
import { accessSchema } from '../../../functions/shared/config/access-settings.ts';
import { parseSettings } from '../../../functions/shared/config/parse-settings.ts';
import { registrySchema } from '../../../functions/shared/config/pbx-registry.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { buildAccessSettings, buildRegistry } from '../../../infra/stack/registry-layer.ts';
import { findResource, synthArchive } from './synth-archive.ts';

const pbxs = {
  'head-office': {
    baseUrl: 'https://203.0.113.10:8088/',
    serialNumber: '369362089179',
    allowedIp: '198.51.100.7',
    timeZone: 'Europe/Berlin',
    tls: { fingerprint256: 'ab'.repeat(32), minVersion: 'TLSv1' },
    maxConcurrency: 7,
    maxRecordingMiB: 500,
  },
  'branch-2': { baseUrl: 'https://198.51.100.20', reportUrl: 'hooks.example:8260' },
};
const registryOf = (config: Record<string, unknown>) =>
  parseSettings('The registry', registrySchema, buildRegistry(readArchiveConfig({ pbxs, ...config })));

describe('the PBX registry', () => {
  test('has the settings of each PBX and the names of its queue and secrets', () => {
    expect(registryOf({})).toEqual({
      'head-office': {
        family: 's-series',
        baseUrl: 'https://203.0.113.10:8088',
        apiVersion: 'v1.1.0',
        serialNumber: '369362089179',
        allowedIp: '198.51.100.7',
        timeZone: 'Europe/Berlin',
        tls: { fingerprint256: Array(32).fill('AB').join(':'), minVersion: 'TLSv1' },
        maxRecordingMiB: 500,
        reportUrl: 'https://{host}',
        credentialsSecret: 'PbxRecordingArchive/pbx/head-office',
        sessionSecret: 'PbxRecordingArchive/session/head-office',
        queueName: 'PbxRecordingArchive-head-office',
      },
      'branch-2': expect.objectContaining({
        reportUrl: 'hooks.example:8260',
        tls: { minVersion: 'TLSv1.2' },
        maxRecordingMiB: 10_240,
      }),
    });
  });

  test('has the names of the queue and secrets that the stack creates', () => {
    const { template } = synthArchive({ pbxs, stackName: 'Calls' });
    const { queueName, credentialsSecret, sessionSecret } =
      registryOf({ stackName: 'Calls' })['branch-2'] ?? {};
    template.hasResourceProperties('AWS::SQS::Queue', { QueueName: queueName });
    for (const Name of [credentialsSecret, sessionSecret]) {
      template.hasResourceProperties('AWS::SecretsManager::Secret', { Name });
    }
  });

  test('has a plain HTTP address for reports when the endpoint for it is enabled', () => {
    expect(registryOf({ webhook: { plainHttp: true } })['head-office']?.reportUrl).toBe('http://{host}');
  });

  test('is deployed again only when it changes', () => {
    const layerOf = (config: Record<string, unknown>) =>
      findResource(synthArchive(config).resources, 'AWS::Lambda::LayerVersion', 'PbxRegistry')[1].Properties
        .Content;
    expect(layerOf({ pbxs })).toEqual(layerOf({ pbxs, logRetentionDays: 30 }));
    expect(layerOf({ pbxs })).not.toEqual(layerOf({ pbxs, webhook: { plainHttp: true } }));
  });
});

test('with iam, which has no page to open them on, there are no shares', () => {
  const sharesWith = (type: string) => {
    const config = readArchiveConfig({ pbxs, links: { authorization: { type }, accessLogDays: 90 } });
    const { shares, accessLogDays } = buildAccessSettings(config);
    return { allowed: shares.allowed, accessLogDays };
  };
  expect(sharesWith('iam')).toEqual({ allowed: false, accessLogDays: 90 });
  expect(sharesWith('token')).toEqual({ allowed: true, accessLogDays: 90 });
});

test('what is published of the access log is what is switched on, and nothing by default', () => {
  const eventsWith = (events: object) =>
    buildAccessSettings(readArchiveConfig({ pbxs, stackName: 'Calls', events })).events;
  expect(eventsWith({ numbers: true })).toBeUndefined();
  const common = { numbers: false, archive: 'Calls', keySecret: 'Calls/event-key' };
  expect(eventsWith({ shared: true })).toEqual({ types: ['Recording Shared'], ...common });
  expect(eventsWith({ accessed: true })).toEqual({ types: ['Recording Accessed'], ...common });
  const all = eventsWith({ shared: true, accessed: true, numbers: true });
  expect(all).toEqual({ ...common, types: ['Recording Shared', 'Recording Accessed'], numbers: true });
});

describe('the access settings', () => {
  const settingsOf = (links: object) =>
    parseSettings(
      'The access settings',
      accessSchema,
      buildAccessSettings(readArchiveConfig({ pbxs, links })),
    );
  const shares = { allowed: true, maxDays: 30, defaultDays: 7 };

  test.each([
    ['token', true],
    // There is no page on which a share could be opened.
    ['iam', false],
  ])('with %s have neither roles nor a way to sign in', (type, allowed) => {
    const expected = { shares: { ...shares, allowed }, accessLogDays: 400 };
    expect(settingsOf({ authorization: { type } })).toEqual(expected);
  });

  test('have the address of the page, if one is configured', () => {
    const origin = 'https://recordings.example.com';
    expect(settingsOf({ origin })).toEqual({ shares, accessLogDays: 400, origin });
  });

  test('with jwt have what is configured, and never the audience', () => {
    const issuer = 'https://login.example';
    const roles = { claim: 'groups', map: { all: { pbxs: ['*'], rights: ['listen'] } } };
    const jwt = { type: 'jwt', issuer, audience: ['recordings'] };
    // Without the client id there is no page on which a share could be opened.
    const withoutPage = { shares: { ...shares, allowed: false }, accessLogDays: 400 };
    expect(settingsOf({ authorization: jwt })).toEqual(withoutPage);
    const withPage = settingsOf({ authorization: { ...jwt, clientId: 'page' } });
    expect(withPage).toMatchObject({ shares });
    const authorization = { ...jwt, clientId: 'page', personClaim: 'name', roles };
    expect(settingsOf({ authorization, shares: { allowed: false } })).toEqual({
      signIn: { issuer, clientId: 'page', scope: 'openid profile' },
      personClaim: 'name',
      roles,
      shares: { ...shares, allowed: false },
      accessLogDays: 400,
    });
  });
});
