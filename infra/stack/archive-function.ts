import { resolve } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, type IGrantable, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type ILayerVersion,
  LoggingFormat,
  type RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TIMEOUT_SECONDS } from '../../functions/shared/config/limits.ts';
import { acceptFindings } from './nag.ts';
import type { PbxNetwork } from './pbx-network.ts';

const projectRoot = resolve(import.meta.dirname, '../..');

/** For the C library: threads share one heap, and what is freed at its end goes back to the system at once. */
const SMALL_HEAP = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

/** What the bundles contain instead of a package. */
const bundled = (file: string) => resolve(projectRoot, 'infra/bundled', file);

export interface ArchiveFunctionProps<Environment> {
  /** Its folder below functions/. */
  readonly feature: keyof typeof TIMEOUT_SECONDS;
  readonly description: string;
  /** Exactly what the feature's `envSchema` asks for. Never a secret's value: anyone who may look at a function sees it. */
  readonly environment: Environment;
  readonly logRetention: RetentionDays;
  /** Memory is CPU, too: with half of it a function takes twice as long to start. 256 by default. */
  readonly memoryMb?: number;
  /** Lambda's default, and this one's, is to stop a function that keeps sending messages to its own queue. */
  readonly recursiveLoop?: RecursiveLoop;
  readonly layers?: ILayerVersion[];
  /** Given to the functions that talk to the PBX. */
  readonly network?: PbxNetwork | undefined;
}

/** A function, its log group, and a role that may do nothing but write there until it is granted more. */
export class ArchiveFunction<Environment extends Record<string, string>> extends Construct {
  readonly handler: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ArchiveFunctionProps<Environment>) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      // What has to be kept is in the bucket and in the dead-letter queue.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The managed policies for Lambda allow writing to every log group, and creating them.
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    if (props.network) grantNetworkInterfaces(this.role);
    this.handler = new NodejsFunction(this, 'Function', {
      description: props.description,
      entry: resolve(projectRoot, 'functions', props.feature, 'handler.ts'),
      projectRoot,
      depsLockFilePath: resolve(projectRoot, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      bundling: {
        // CommonJS made of the packages' ES modules starts faster than their CommonJS does, and than ES modules do.
        // Neither minified nor with source maps: stack traces of a bundle that reads like its sources need no map.
        mainFields: ['module', 'main'],
        // The SDK that package-lock.json names and the tests ran with, not the one that Lambda has this month.
        bundleAwsSDK: true,
        // Two packages of which the functions use a small part, and of which esbuild can leave out nothing by itself.
        // Each alias takes a fifth off the start of archive-recording (docs/benchmarks.md).
        esbuildArgs: {
          '--alias:@aws-sdk/credential-provider-node': bundled('environment-credentials.ts'),
          '--alias:undici': bundled('undici.js'),
        },
      },
      memorySize: props.memoryMb ?? 256,
      timeout: Duration.seconds(TIMEOUT_SECONDS[props.feature]),
      ...(props.recursiveLoop !== undefined && { recursiveLoop: props.recursiveLoop }),
      environment: { ...props.environment, ...SMALL_HEAP },
      layers: props.layers ?? [],
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.DISABLED,
      ...props.network?.placement,
    });
  }
}

/** Exact actions where the CDK's own grant is wider than the function's needs (`s3:GetObject*` and the like). */
export function allow(grantee: IGrantable, actions: string[], ...resources: string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ effect: Effect.ALLOW, actions, resources }),
  );
}

/** What Lambda needs to put a function into a VPC, under the function's role. */
function grantNetworkInterfaces(role: Role): void {
  allow(
    role,
    [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    '*',
  );
  acceptFindings(role, {
    'IAM5[Resource::*]':
      "Lambda's documentation asks for these EC2 actions on every resource: the Describe calls know no " +
      'resources, and the interfaces do not exist yet.',
  });
}
