import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type CfnRoute,
  type CfnStage,
  HttpApi,
  HttpMethod,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { accessLogFormat, corsFor } from './api-properties.ts';
import { acceptFindings } from './nag.ts';

type LinkAuthorization = ArchiveConfig['links']['authorization'];

/**
 * Anybody may try to open a share, and a passcode costs time to compare. A new account can run ten functions at once: a
 * flood of attempts must leave some for the reports of PBXs.
 */
const OPENINGS = { rateLimit: 5, burstLimit: 10 };

interface RecordingApiProps {
  readonly stackName: string;
  readonly links: ArchiveConfig['links'];
  readonly logRetention: RetentionDays;
}

/** The HTTP API. PBXs post reports to it; people and programs find recordings with it and get links from it. */
export class RecordingApi extends Construct {
  /** Host name, without a scheme. */
  readonly host: string;
  private readonly api: HttpApi;
  private readonly stage: HttpStage;
  private readonly authorization: LinkAuthorization;
  /** Authorizes people and programs; `undefined` if the functions themselves check the token. */
  private readonly authorizer: IHttpRouteAuthorizer | undefined;

  constructor(scope: Construct, id: string, props: RecordingApiProps) {
    super(scope, id);
    const { stackName, links, logRetention } = props;
    const { allowedOrigins } = links;
    const { region, urlSuffix } = Stack.of(this);
    this.api = new HttpApi(this, 'Api', {
      apiName: stackName,
      createDefaultStage: false,
      ...(allowedOrigins.length > 0 && { corsPreflight: corsFor(allowedOrigins) }),
    });
    this.authorization = links.authorization;
    this.authorizer = linkAuthorizer(links.authorization);
    this.host = `${this.api.apiId}.execute-api.${region}.${urlSuffix}`;

    const logGroup = new LogGroup(this, 'AccessLogs', {
      // API Gateway adds each log group to a resource policy of the account, whose size is limited. Log groups
      // under /aws/vendedlogs/ are covered already.
      logGroupName: `/aws/vendedlogs/${stackName}-access`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // A busy mid-size PBX sends 1 to 2 reports a second (25 lines, calls of 3 minutes, about ten events each),
      // so fifty of them send up to 100. A report above the limit gets 429, and the PBX sends it again. The limit
      // caps what a flood by a stranger can cost.
      throttle: { rateLimit: 100, burstLimit: 200 },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogFormat },
    });
  }

  /** A secret in the path authorizes, or the signature of a P-Series. The function checks it first. */
  addReports(handler: IFunction): void {
    const integration = new HttpLambdaIntegration('Reports', handler);
    for (const route of this.addRoutes([HttpMethod.POST], '/reports/{pbxId}/{secret}', integration)) {
      acceptFindings(route, {
        APIG4:
          'A PBX can send no credential but a secret in the path, or a signature. The function checks it before anything else.',
      });
    }
  }

  /** The second path is for names that have `%`, `?` or `/`: HTTP APIs change a path that contains them. */
  addLinks(handler: IFunction): void {
    const integration = integrate('Links', handler);
    for (const path of ['/recordings/{pbxId}/{recording}', '/recordings/{pbxId}']) {
      this.addAuthorizedRoutes([HttpMethod.GET, HttpMethod.HEAD], path, integration);
    }
  }

  /**
   * Not ANY, which would also catch the preflight requests of browsers: they carry no authorization, and API Gateway
   * answers them itself where no route does.
   */
  addApi(handler: IFunction): void {
    const integration = integrate('Api', handler);
    const methods = [HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE];
    this.addAuthorizedRoutes(methods, '/api/{proxy+}', integration);
    // There is no page on which somebody could open a share.
    if (this.authorization.type === 'iam') return;
    const publicRoutes = this.addRoutes([HttpMethod.POST], '/api/shares/open', integration);
    for (const route of publicRoutes) this.throttle(route, OPENINGS);
    // With a token, the function itself says what else is public.
    if (this.authorization.type === 'jwt')
      publicRoutes.push(...this.addRoutes([HttpMethod.GET], '/api/config', integration));
    for (const route of publicRoutes) {
      acceptFindings(route, {
        APIG4:
          'How people sign in is no secret. To open a share, one needs its token, which the function checks.',
      });
    }
  }

  /** Limits one route. The others share the limit of the stage. */
  private throttle(
    route: HttpRoute,
    { rateLimit, burstLimit }: { rateLimit: number; burstLimit: number },
  ): void {
    const stage = this.stage.node.defaultChild as CfnStage;
    const { routeKey } = route.node.defaultChild as CfnRoute;
    stage.routeSettings = {
      [routeKey]: { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
    };
    // API Gateway refuses settings of a route that it does not have yet.
    this.stage.node.addDependency(route);
  }

  private addAuthorizedRoutes(methods: HttpMethod[], path: string, integration: HttpLambdaIntegration): void {
    for (const route of this.addRoutes(methods, path, integration, this.authorizer)) {
      if (this.authorizer !== undefined) continue;
      acceptFindings(route, { APIG4: 'The function itself checks the bearer token, in constant time.' });
    }
  }

  /** Anyone may load the page. What it shows comes from the API, which authorizes. Monitors and link checkers send HEAD. */
  addPage(handler: IFunction): void {
    const integration = integrate('Page', handler);
    const methods = [HttpMethod.GET, HttpMethod.HEAD];
    for (const path of ['/', '/s', '/assets/{file}']) {
      for (const route of this.addRoutes(methods, path, integration)) {
        acceptFindings(route, {
          APIG4: 'These are the files of the page, the same for everyone, without data.',
        });
      }
    }
  }

  private addRoutes(
    methods: HttpMethod[],
    path: string,
    integration: HttpLambdaIntegration,
    authorizer?: IHttpRouteAuthorizer,
  ): HttpRoute[] {
    return this.api.addRoutes({ methods, path, integration, ...(authorizer && { authorizer }) });
  }
}

/** With one permission for all routes, instead of one for each: a stack has at most 500 resources. */
const integrate = (id: string, handler: IFunction) =>
  new HttpLambdaIntegration(id, handler, { scopePermissionToRoute: false });

function linkAuthorizer(authorization: LinkAuthorization): IHttpRouteAuthorizer | undefined {
  switch (authorization.type) {
    case 'token':
      return undefined;
    case 'iam':
      return new HttpIamAuthorizer();
    case 'jwt':
      return new HttpJwtAuthorizer('LinkAuthorizer', authorization.issuer, {
        jwtAudience: authorization.audience,
      });
  }
}
