import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { findResource, synthArchive } from './synth-archive.ts';

const { template, resources } = synthArchive();
const links = 'GET /recordings/{pbxId}/{recording}';

function linkRouteWith(authorization: Record<string, unknown>) {
  const synthesized = synthArchive({ links: { authorization } });
  return {
    ...synthesized,
    route: findResource(synthesized.resources, 'AWS::ApiGatewayV2::Route', 'ApiGET')[1],
  };
}

describe('the API', () => {
  test('has two routes', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 2);
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'POST /reports/{pbxId}/{secret}',
      AuthorizationType: 'NONE',
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: links });
  });

  test.each([
    ['ApiPOST', 'CdrWebhook'],
    ['ApiGET', 'RecordingLink'],
  ])('integrates %s with %s in payload format 2.0', (route, handler) => {
    const [functionId] = findResource(resources, 'AWS::Lambda::Function', handler);
    const [, { Properties }] = findResource(resources, 'AWS::ApiGatewayV2::Integration', route);
    expect(Properties).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [functionId, 'Arn'] },
      PayloadFormatVersion: '2.0',
    });
  });

  test('is throttled', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
  });

  test('logs every request without its path, query or headers', () => {
    const [, { Properties }] = findResource(resources, 'AWS::ApiGatewayV2::Stage');
    const { Format } = Properties.AccessLogSettings as { Format: string };
    const variables = Object.values(JSON.parse(Format) as Record<string, string>);
    expect(variables.sort()).toEqual([
      '$context.error.responseType',
      '$context.identity.sourceIp',
      '$context.integrationStatus',
      '$context.requestId',
      '$context.requestTimeEpoch',
      '$context.responseLatency',
      '$context.responseLength',
      '$context.routeKey',
      '$context.status',
    ]);
  });

  test('writes its access logs to a group that needs no entry in the resource policy of the account', () => {
    const [logGroupId, { Properties }] = findResource(resources, 'AWS::Logs::LogGroup', 'Api');
    expect(Properties.LogGroupName).toMatch(/^\/aws\/vendedlogs\//);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: { DestinationArn: { 'Fn::GetAtt': [logGroupId, 'Arn'] } },
    });
  });
});

describe('link authorization', () => {
  test('with token is left to the function', () => {
    const { route } = linkRouteWith({ type: 'token' });
    expect(route.Properties.AuthorizationType).toBe('NONE');
  });

  test('with iam is SigV4', () => {
    const { route } = linkRouteWith({ type: 'iam' });
    expect(route.Properties).toMatchObject({ RouteKey: links, AuthorizationType: 'AWS_IAM' });
  });

  test('with jwt is a bearer JWT of the configured issuer', () => {
    const { route, ...jwt } = linkRouteWith({
      type: 'jwt',
      issuer: 'https://login.example/tenant',
      audience: ['recordings', 'archive'],
    });
    const [authorizerId] = findResource(jwt.resources, 'AWS::ApiGatewayV2::Authorizer');
    expect(route.Properties).toMatchObject({
      RouteKey: links,
      AuthorizationType: 'JWT',
      AuthorizerId: { Ref: authorizerId },
    });
    jwt.template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: Match.objectEquals({
        Issuer: 'https://login.example/tenant',
        Audience: ['recordings', 'archive'],
      }),
    });
  });
});
