import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILayerVersion, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/recording-link/env.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import type { AccessTable } from './access-table.ts';
import { ArchiveFunction, allow } from './archive-function.ts';
import { acceptFindings } from './nag.ts';
import type { RecordingBucket } from './recording-bucket.ts';
import { accessFile } from './registry-layer.ts';

type Environment = InferInput<typeof envSchema>;

interface RecordingLinksProps {
  readonly stackName: string;
  readonly links: ArchiveConfig['links'];
  readonly recordings: RecordingBucket;
  readonly accessTable: AccessTable;
  readonly layers: ILayerVersion[];
  readonly logRetention: RetentionDays;
}

/** The secret with the bearer token. */
export interface LinkToken {
  readonly name: string;
  readonly secret: Secret;
}

/** The function that signs links, and its bearer token, unless API Gateway authorizes the callers. */
export class RecordingLinks extends Construct {
  readonly handler: LambdaFunction;
  readonly role: Role;
  readonly token: LinkToken | undefined;

  constructor(scope: Construct, id: string, props: RecordingLinksProps) {
    super(scope, id);
    const { authorization, maximumAgeSeconds } = props.links;
    const common = {
      ACCESS_FILE: accessFile,
      ACCESS_TABLE: props.accessTable.name,
      BUCKET_NAME: props.recordings.bucket.bucketName,
      MAX_LINK_AGE_SECONDS: String(maximumAgeSeconds),
    };
    let environment: Environment;
    if (authorization.type === 'token') {
      this.token = this.addToken(`${props.stackName}/link-token`);
      environment = { ...common, LINK_AUTHORIZATION: 'token', LINK_TOKEN_SECRET: this.token.name };
    } else {
      environment = { ...common, LINK_AUTHORIZATION: authorization.type };
    }
    const signer = new ArchiveFunction<Environment>(this, 'Signer', {
      feature: 'recording-link',
      description: 'Returns a short-lived link to a recording',
      environment,
      layers: props.layers,
      logRetention: props.logRetention,
    });
    // A presigned URL has the permissions of its signer, so links open exactly what the function may read.
    props.recordings.grantRead(signer.role);
    props.accessTable.grantLogging(signer.role);
    if (this.token) allow(signer.role, ['secretsmanager:GetSecretValue'], this.token.secret.secretArn);
    this.handler = signer.handler;
    this.role = signer.role;
  }

  private addToken(secretName: string): LinkToken {
    const secret = new Secret(this, 'Token', {
      secretName,
      description: 'Bearer token for callers of the link API',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acceptFindings(secret, {
      SMG4: 'A person has to give a new token to the callers, so it is replaced by hand, without a deployment.',
    });
    return { name: secretName, secret };
  }
}
