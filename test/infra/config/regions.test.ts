import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { describeRegion, findRegionProblem } from '../../../infra/config/regions.ts';

const pbxs = { office: { baseUrl: 'https://10.0.0.5:8088' } };
const plain = readArchiveConfig({ pbxs, webhook: { plainHttp: true } });

describe('webhook.plainHttp', () => {
  test.each(['us-gov-west-1', 'us-gov-east-1', 'cn-north-1', 'cn-northwest-1'])(
    'cannot be deployed in %s, and the message says what to do instead',
    (region) => {
      const problem = findRegionProblem(plain, region);
      expect(problem).toMatch(/^webhook\.plainHttp needs .*CloudFront/);
      expect(problem).toContain(region);
      expect(problem).toMatch(/reportUrl of the PBX\.$/);
      expect(findRegionProblem(readArchiveConfig({ pbxs }), region)).toBeUndefined();
    },
  );

  test.each(['eu-central-1', 'us-east-1', 'eusc-de-east-1'])('can be deployed in %s', (region) => {
    expect(findRegionProblem(plain, region)).toBeUndefined();
  });
});

describe('events.webhook', () => {
  const webhook = { url: 'https://crm.example.com/events', header: 'x-key', secret: 'crm-key' };
  const config = readArchiveConfig({ pbxs, events: { webhook } });

  test.each(['ca-west-1', 'il-central-1'])('cannot be deployed in %s', (region) => {
    expect(findRegionProblem(config, region)).toMatch(/^events\.webhook needs API destinations .* Remove /);
    expect(findRegionProblem(readArchiveConfig({ pbxs }), region)).toBeUndefined();
  });

  test.each(['eu-central-1', 'us-gov-west-1'])('can be deployed in %s', (region) => {
    expect(findRegionProblem(config, region)).toBeUndefined();
  });
});

test('what differs in a region is said in a sentence or two', () => {
  expect(describeRegion('us-gov-west-1')).toMatch(/JSON log format/);
  expect(describeRegion('cn-north-1')).toMatch(/ICP recordal/);
  expect(describeRegion('eusc-de-east-1')).toMatch(/HTTP APIs/);
  expect(describeRegion('eu-central-1')).toBeUndefined();
});
