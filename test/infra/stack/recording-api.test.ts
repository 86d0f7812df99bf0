import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { findResource, flatten, type Json, synthArchive } from './synth-archive.ts';

const { template, resources } = synthArchive();
const links = [
  'GET /recordings/{pbxId}',
  'GET /recordings/{pbxId}/{recording}',
  'HEAD /recordings/{pbxId}',
  'HEAD /recordings/{pbxId}/{recording}',
];
/** What needs the same authorization. */
const api = ['DELETE /api/{proxy+}', 'GET /api/{proxy+}', 'POST /api/{proxy+}'];

function linkRoutesWith(authorization: Record<string, unknown>) {
  const synthesized = synthArchive({ links: { authorization } });
  const routes = Object.values(synthesized.resources)
    .filter(
      ({ Type, Properties }) =>
        Type === 'AWS::ApiGatewayV2::Route' && [...links, ...api].includes(String(Properties.RouteKey)),
    )
    .map(({ Properties }) => Properties);
  expect(routes).toHaveLength(links.length + api.length);
  return { ...synthesized, routes };
}

describe('the API', () => {
  test('has routes for reports, for the search API, and for links with the recording in path or query', () => {
    const routes = Object.values(resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map(({ Properties }) => Properties.RouteKey).sort()).toEqual([
      ...[
        'GET /',
        'GET /assets/{file}',
        'GET /s',
        'HEAD /',
        'HEAD /assets/{file}',
        'HEAD /s',
        'POST /api/shares/open',
        'POST /reports/{pbxId}/{secret}',
        ...api,
        ...links,
      ].sort(),
    ]);
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'POST /reports/{pbxId}/{secret}',
      AuthorizationType: 'NONE',
    });
  });

  test('may invoke recording-link from every route', () => {
    const [handler] = findResource(resources, 'AWS::Lambda::Function', 'RecordingLink');
    const [apiId] = findResource(resources, 'AWS::ApiGatewayV2::Api');
    const permitted = Object.values(resources)
      .filter(
        ({ Type, Properties }) =>
          Type === 'AWS::Lambda::Permission' && flatten(Properties.FunctionName) === `<${handler}.Arn>`,
      )
      .map(({ Properties }) => flatten(Properties.SourceArn).replace(/^.*:/, ''));
    expect(permitted).toEqual([`<${apiId}>/*/*/*`]);
  });

  test.each([
    ['ApiPOST', 'CdrWebhook'],
    ['ApiGETrecordings', 'RecordingLink'],
    ['ApiGETapi', 'ArchiveApi'],
    ['ApiGETPage', 'Page'],
  ])('integrates %s with %s in payload format 2.0', (route, handler) => {
    const [functionId] = findResource(resources, 'AWS::Lambda::Function', handler);
    const [, { Properties }] = findResource(resources, 'AWS::ApiGatewayV2::Integration', route);
    expect(Properties).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [functionId, 'Arn'] },
      PayloadFormatVersion: '2.0',
    });
  });

  test('may invoke archive-api from all its routes, by one permission', () => {
    const [handler] = findResource(resources, 'AWS::Lambda::Function', 'ArchiveApi');
    const permissions = Object.values(resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::Lambda::Permission' && flatten(Properties.FunctionName) === `<${handler}.Arn>`,
    );
    expect(permissions).toHaveLength(1);
    expect(flatten(permissions[0]?.Properties.SourceArn)).toMatch(/\/\*\/\*$/);
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
    for (const route of linkRoutesWith({ type: 'token' }).routes)
      expect(route.AuthorizationType).toBe('NONE');
  });

  test('with iam is SigV4', () => {
    for (const route of linkRoutesWith({ type: 'iam' }).routes)
      expect(route.AuthorizationType).toBe('AWS_IAM');
  });

  test('with jwt is a bearer JWT of the configured issuer', () => {
    const { routes, ...jwt } = linkRoutesWith({
      type: 'jwt',
      issuer: 'https://login.example/tenant',
      audience: ['recordings', 'archive'],
    });
    const [authorizerId] = findResource(jwt.resources, 'AWS::ApiGatewayV2::Authorizer');
    for (const route of routes) {
      expect(route).toMatchObject({ AuthorizationType: 'JWT', AuthorizerId: { Ref: authorizerId } });
    }
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

test('how people sign in, and what a share leads to, is public with jwt; with iam nothing is', () => {
  const publicRoutes = (authorization: Record<string, unknown>) =>
    Object.values(synthArchive({ links: { authorization } }).resources)
      .filter(
        ({ Type, Properties }) =>
          Type === 'AWS::ApiGatewayV2::Route' && Properties.AuthorizationType === 'NONE',
      )
      .map(({ Properties }) => String(Properties.RouteKey))
      .filter((key) => key.includes('/api/'))
      .sort();
  const jwt = { type: 'jwt', issuer: 'https://login.example', audience: ['recordings'] };
  expect(publicRoutes(jwt)).toEqual(['GET /api/config', 'POST /api/shares/open']);
  expect(publicRoutes({ type: 'iam' })).toEqual([]);
});

test('openings of shares are throttled on their own, so that guessing leaves functions for reports', () => {
  const jwt = { type: 'jwt', issuer: 'https://login.example', audience: ['recordings'] };
  for (const authorization of [{ type: 'token' }, jwt]) {
    const { resources: withShares } = synthArchive({ links: { authorization } });
    const [, stage] = findResource(withShares, 'AWS::ApiGatewayV2::Stage');
    expect(stage.Properties.RouteSettings).toEqual({
      'POST /api/shares/open': { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 },
    });
    const [route] =
      Object.entries(withShares).find(
        ([, { Properties }]) => Properties?.RouteKey === 'POST /api/shares/open',
      ) ?? [];
    expect(stage.DependsOn).toContain(route);
  }
  const [, withoutShares] = findResource(
    synthArchive({ links: { authorization: { type: 'iam' } } }).resources,
    'AWS::ApiGatewayV2::Stage',
  );
  expect(withoutShares.Properties).not.toHaveProperty('RouteSettings');
});

describe('scripts in a browser', () => {
  const apiOf = (synthesized: ReturnType<typeof synthArchive>) =>
    findResource(synthesized.resources, 'AWS::ApiGatewayV2::Api')[1].Properties;
  const bucketOf = (synthesized: ReturnType<typeof synthArchive>) =>
    findResource(synthesized.resources, 'AWS::S3::Bucket')[1].Properties;

  test('may use neither the API nor the bucket unless their origin is allowed', () => {
    expect(apiOf(synthArchive())).not.toHaveProperty('CorsConfiguration');
    const withoutPage = synthArchive({ links: { authorization: { type: 'iam' } } });
    expect(bucketOf(withoutPage)).not.toHaveProperty('CorsConfiguration');
  });

  test('of the page, which is at the address of the API, may fetch recordings', () => {
    const [apiId] = findResource(synthArchive().resources, 'AWS::ApiGatewayV2::Api');
    const page = `https://<${apiId}>.execute-api.<AWS::Region>.<AWS::URLSuffix>`;
    const originsWith = (allowedOrigins: string[]) => {
      const { CorsConfiguration } = bucketOf(synthArchive({ links: { allowedOrigins } }));
      const { CorsRules } = CorsConfiguration as unknown as { CorsRules: [{ AllowedOrigins: Json[] }] };
      return CorsRules[0].AllowedOrigins.map(flatten);
    };
    expect(originsWith([])).toEqual([page]);
    expect(originsWith(['https://crm.example.com'])).toEqual(['https://crm.example.com', page]);
    expect(originsWith(['*'])).toEqual(['*']);
  });

  test('of the page at a domain of its own may fetch recordings, too', () => {
    const origin = 'https://recordings.example.com';
    const [apiId] = findResource(synthArchive().resources, 'AWS::ApiGatewayV2::Api');
    const originsWith = (links: object) => {
      const { CorsConfiguration } = bucketOf(synthArchive({ links: { origin, ...links } }));
      const { CorsRules } = (CorsConfiguration ?? { CorsRules: [] }) as {
        CorsRules: { AllowedOrigins: Json[] }[];
      };
      return CorsRules.flatMap(({ AllowedOrigins }) => AllowedOrigins.map(flatten));
    };
    const api = `https://<${apiId}>.execute-api.<AWS::Region>.<AWS::URLSuffix>`;
    expect(originsWith({})).toEqual([origin, api]);
    expect(originsWith({ authorization: { type: 'iam' } })).toEqual([]);
  });

  test.each([[['https://crm.example.com', 'http://localhost:5173']], [['*']]])(
    'of %j may ask for links with any authorization, and fetch recordings in ranges',
    (allowedOrigins) => {
      const synthesized = synthArchive({ links: { allowedOrigins } });
      expect(apiOf(synthesized).CorsConfiguration).toEqual({
        AllowOrigins: allowedOrigins,
        AllowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
        AllowHeaders: [
          'authorization',
          'content-type',
          'x-amz-content-sha256',
          'x-amz-date',
          'x-amz-security-token',
        ],
        ExposeHeaders: ['x-next-cursor'],
        MaxAge: 3600,
      });
      const { CorsRules } = bucketOf(synthesized).CorsConfiguration as unknown as { CorsRules: object[] };
      expect(CorsRules).toEqual([
        {
          AllowedOrigins: expect.arrayContaining(allowedOrigins),
          AllowedMethods: ['GET', 'HEAD'],
          AllowedHeaders: expect.arrayContaining(['range']),
          ExposedHeaders: expect.arrayContaining([
            'Accept-Ranges',
            'Content-Length',
            'Content-Range',
            'ETag',
          ]),
          MaxAge: 3600,
        },
      ]);
    },
  );
});
