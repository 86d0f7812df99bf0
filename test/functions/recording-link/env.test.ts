import { describe, expect, test } from 'vitest';
import { envSchema } from '../../../functions/recording-link/env.ts';
import { parseSettings } from '../../../functions/shared/config/parse-settings.ts';

const COMMON = {
  ACCESS_FILE: '/opt/access.json',
  ACCESS_TABLE: 'access',
  BUCKET_NAME: 'bucket',
  MAX_LINK_AGE_SECONDS: '3600',
};
const byToken = { LINK_AUTHORIZATION: 'token', LINK_TOKEN_SECRET: 'links/token' };

describe('the environment', () => {
  const complaint = (env: object) => () => parseSettings('The environment', envSchema, { ...COMMON, ...env });

  test('must name a known authorization type', () => {
    for (const LINK_AUTHORIZATION of [undefined, '', 'none', 'Token']) {
      expect(complaint({ LINK_AUTHORIZATION })).toThrow(/LINK_AUTHORIZATION: /);
    }
  });

  test('must name the secret that holds the token', () => {
    expect(complaint({ LINK_AUTHORIZATION: 'token' })).toThrow(/LINK_TOKEN_SECRET: is missing/);
  });

  test.each(['59', '', '-1', '1e3', '900.5'])('must not set a maximum age of %j', (MAX_LINK_AGE_SECONDS) => {
    expect(complaint({ ...byToken, MAX_LINK_AGE_SECONDS })).toThrow(/MAX_LINK_AGE_SECONDS: should be /);
  });
});
