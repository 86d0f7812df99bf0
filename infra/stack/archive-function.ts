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
import { LogLevel, NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TIMEOUT_SECONDS } from '../../functions/shared/config/limits.ts';
import { acceptFindings } from './nag.ts';
import type { PbxNetwork } from './pbx-network.ts';

const projectRoot = resolve(import.meta.dirname, '../..');

/** Settings of the C library: threads share one heap, and memory freed at its end returns to the system at once. */
const SMALL_HEAP = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

/** Path of a file that replaces a package in the bundles. */
const replacement = (file: string) => resolve(projectRoot, 'infra/bundled', file);

export interface ArchiveFunctionProps<Environment> {
  /** The function's folder in functions/. */
  readonly feature: keyof typeof TIMEOUT_SECONDS;
  readonly description: string;
  /** Exactly the variables of the `envSchema`. Never a secret: anyone who may view a function can read them. */
  readonly environment: Environment;
  readonly logRetention: RetentionDays;
  /** Default 256. Lambda allots CPU by memory: with less, a function takes longer to start. */
  readonly memoryMb?: number;
  /** By default Lambda stops a function that keeps sending messages to its own queue. */
  readonly recursiveLoop?: RecursiveLoop;
  readonly layers?: ILayerVersion[];
  /** For functions that talk to a PBX. */
  readonly network?: PbxNetwork | undefined;
}

/** A function, its log group, and a role that may only write to the log group until it is granted more. */
export class ArchiveFunction<Environment extends Record<string, string>> extends Construct {
  readonly handler: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ArchiveFunctionProps<Environment>) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      // Whatever must be kept is in the bucket or in the dead-letter queue.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Not AWS's managed policies: they allow creating log groups, and writing to every log group.
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
        // CommonJS bundled from the packages' ES modules starts faster than bundles of their CommonJS files, and
        // faster than ES modules. Without minification, stack traces are readable and need no source maps.
        mainFields: ['module', 'main'],
        // The SDK version of package-lock.json, which the tests ran with, not the one that Lambda happens to have.
        bundleAwsSDK: true,
        // Without this, esbuild prints the size of every bundle.
        logLevel: LogLevel.WARNING,
        // The functions use a small part of these two packages, and esbuild cannot tree-shake them. Each alias
        // makes archive-recording start faster (docs/benchmarks.md).
        esbuildArgs: {
          '--alias:@aws-sdk/credential-provider-node': replacement('environment-credentials.ts'),
          '--alias:undici': replacement('undici.js'),
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

/** Allows exact actions, where the CDK's own grant would allow more (`s3:GetObject*` and the like). */
export function allow(grantee: IGrantable, actions: string[], ...resources: string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ effect: Effect.ALLOW, actions, resources }),
  );
}

/** Allows what Lambda does under the function's role to attach it to a VPC. */
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
      "Lambda's documentation requires these EC2 actions on all resources: the Describe calls cannot be " +
      'limited to resources, and the interfaces do not exist yet.',
  });
}
