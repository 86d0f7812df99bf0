import { describe, expect, test } from 'vitest';
import { findResource, flatten, synthArchive } from './synth-archive.ts';

const archive = synthArchive({ webhook: { plainHttp: true } });
const [distributionId, distribution] = findResource(archive.resources, 'AWS::CloudFront::Distribution');
const config = distribution.Properties.DistributionConfig as {
  Origins: { Id: string; DomainName: string }[];
  DefaultCacheBehavior: Record<string, unknown>;
  CacheBehaviors: Record<string, unknown>[];
};

// Names of CloudFront's managed policies, from its documentation.
const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const allViewerExceptHostHeader = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
const behavior = {
  AllowedMethods: expect.arrayContaining(['GET', 'POST']),
  CachePolicyId: cachingDisabled,
  OriginRequestPolicyId: allViewerExceptHostHeader,
};

describe('the plain HTTP endpoint', () => {
  test('does not exist unless it is configured', () => {
    synthArchive().template.resourceCountIs('AWS::CloudFront::Distribution', 0);
  });

  test('accepts plain HTTP for reports only', () => {
    expect(config.CacheBehaviors).toEqual([
      expect.objectContaining({ ...behavior, PathPattern: '/reports/*', ViewerProtocolPolicy: 'allow-all' }),
    ]);
    expect(config.DefaultCacheBehavior).toMatchObject({ ...behavior, ViewerProtocolPolicy: 'https-only' });
  });

  test('uses TLS 1.2 to the API', () => {
    const [apiId] = findResource(archive.resources, 'AWS::ApiGatewayV2::Api');
    expect(config.Origins).toEqual([
      expect.objectContaining({
        CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
      }),
    ]);
    expect(flatten(config.Origins[0]?.DomainName)).toBe(
      `<${apiId}>.execute-api.<AWS::Region>.<AWS::URLSuffix>`,
    );
  });

  test('writes no access log, which would contain the webhook secret', () => {
    expect(config).not.toHaveProperty('Logging');
  });

  test('is the address to which the PBXs post reports', () => {
    for (const prefix of ['PbxSession', 'ArchiveRecording']) {
      const [, { Properties }] = findResource(archive.resources, 'AWS::Lambda::Function', prefix);
      expect(Properties.Environment).toMatchObject({
        Variables: { REPORT_HOST: { 'Fn::GetAtt': [distributionId, 'DomainName'] } },
      });
    }
    expect(flatten(archive.outputs.WebhookHost?.Value)).toBe(`<${distributionId}.DomainName>`);
  });

  test('does not change the address of the link API', () => {
    expect(flatten(archive.outputs.LinkApiUrl?.Value)).toContain('execute-api');
  });
});
