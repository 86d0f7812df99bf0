import { afterEach, expect, test, vi } from 'vitest';
import { describeEndpoints } from '../../../infra/shared/environment.ts';

afterEach(() => void vi.unstubAllEnvs());

test('what to check if AWS cannot be reached: the network, a proxy that is not used, or a URL in its place', () => {
  for (const name of Object.keys(process.env)) {
    if (/^AWS_ENDPOINT_URL|^https_proxy$/i.test(name)) vi.stubEnv(name, undefined);
  }
  const network = 'Check the network and AWS_REGION.';
  expect(describeEndpoints()).toBe(network);
  vi.stubEnv('https_proxy', 'http://proxy.test:3128');
  expect(describeEndpoints()).toBe(`${network} Unlike the AWS CLI, this command does not use https_proxy.`);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', 'https://s3.test');
  expect(describeEndpoints()).toBe('Check AWS_ENDPOINT_URL_S3=https://s3.test.');
});
