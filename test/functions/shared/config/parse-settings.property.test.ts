import * as v from 'valibot';
import { expect, test } from 'vitest';
import { envSchema as apiEnv } from '../../../../functions/archive-api/env.ts';
import { envSchema as archiveEnv } from '../../../../functions/archive-recording/env.ts';
import { envSchema as webhookEnv } from '../../../../functions/cdr-webhook/env.ts';
import { envSchema as linkEnv } from '../../../../functions/recording-link/env.ts';
import { accessSchema } from '../../../../functions/shared/config/access-settings.ts';
import { parseSettings } from '../../../../functions/shared/config/parse-settings.ts';
import { registrySchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { fc } from '../../../property.ts';
import { misplaced, PLANTED, spoilt } from '../../../spoilt-settings.ts';

const env = {
  PBX_REGISTRY_FILE: '/opt/registry.json',
  QUEUE_URL_BASE: 'https://sqs.example/1/',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.example/1/dead',
  BUCKET_NAME: 'bucket',
  LINK_AUTHORIZATION: 'token',
  LINK_TOKEN_SECRET: 'links/token',
  MAX_LINK_AGE_SECONDS: '3600',
  ACCESS_FILE: '/opt/access.json',
  INDEX_TABLE: 'index',
  ACCESS_TABLE: 'access',
  SESSION_COOKIE: '__Host-session',
};
const access = {
  signIn: { issuer: 'https://login.example', clientId: 'page', scope: 'openid' },
  personClaim: 'email',
  roles: {
    claim: 'groups',
    map: { support: { pbxs: ['hq'], extensions: ['1001'], rights: ['listen', 'share'] } },
  },
  shares: { allowed: true, maxDays: 30, defaultDays: 7 },
};
const registry = {
  hq: {
    baseUrl: 'https://192.0.2.1:8088',
    apiVersion: 'v1.1.0',
    serialNumber: '369362089179',
    allowedIp: '203.0.113.7',
    timeZone: 'Europe/Berlin',
    maxRecordingMiB: 10_240,
    tls: { fingerprint256: 'AB'.repeat(32), serverName: 'pbx', minVersion: 'TLSv1.2' },
    reportUrl: 'https://{host}',
    credentialsSecret: 'pbx/hq',
    sessionSecret: 'session/hq',
    queueName: 'recordings-hq',
  },
};

test.each<[string, v.GenericSchema, object]>([
  ['the PBX registry', registrySchema, registry],
  ['the access settings', accessSchema, access],
  ['the environment of archive-api', apiEnv, env],
  ['the environment of archive-recording', archiveEnv, env],
  ['the environment of cdr-webhook', webhookEnv, env],
  ['the environment of recording-link', linkEnv, env],
])('%s is rejected with its problems, never with a value', (_, schema, settings) => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: spoilt(settings) }, misplaced), (input) => {
      fc.pre(!v.is(schema, input));
      expect(() => parseSettings('It', schema, input)).toThrow(
        /^It is not valid:\n(?:.*: (?:should|is) .*\n?)+$/,
      );
      expect(() => parseSettings('It', schema, input)).not.toThrow(PLANTED);
    }),
  );
});
