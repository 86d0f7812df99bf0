import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/recording-link/env.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { ArchiveFunction } from './archive-function.ts';
import { acceptFindings } from './nag.ts';
import type { RecordingBucket } from './recording-bucket.ts';

type Environment = InferInput<typeof envSchema>;

interface RecordingLinksProps {
  readonly stackName: string;
  readonly links: ArchiveConfig['links'];
  readonly recordings: RecordingBucket;
  readonly logRetention: RetentionDays;
}

/** The function that signs links, and the token that opens it where API Gateway does not check the caller. */
export class RecordingLinks extends Construct {
  readonly handler: LambdaFunction;
  /** Its name. */
  readonly tokenSecret: string | undefined;

  constructor(scope: Construct, id: string, props: RecordingLinksProps) {
    super(scope, id);
    const { authorization, maximumAgeSeconds } = props.links;
    const common = {
      BUCKET_NAME: props.recordings.bucket.bucketName,
      MAX_LINK_AGE_SECONDS: String(maximumAgeSeconds),
    };
    let environment: Environment;
    if (authorization.type === 'token') {
      this.tokenSecret = `${props.stackName}/link-token`;
      environment = { ...common, LINK_AUTHORIZATION: 'token', LINK_TOKEN_SECRET: this.tokenSecret };
    } else {
      environment = { ...common, LINK_AUTHORIZATION: authorization.type };
    }
    const signer = new ArchiveFunction<Environment>(this, 'Signer', {
      feature: 'recording-link',
      description: 'Answers with a link to a recording, valid for minutes',
      environment,
      logRetention: props.logRetention,
    });
    // What the function may read is what its links may: a presigned URL has the rights of its signer.
    props.recordings.grantRead(signer.role);
    if (this.tokenSecret) this.addToken(this.tokenSecret).grantRead(signer.role);
    this.handler = signer.handler;
  }

  private addToken(secretName: string): Secret {
    const secret = new Secret(this, 'Token', {
      secretName,
      description: 'The bearer token that callers of the link API send',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acceptFindings(secret, {
      SMG4: 'Its callers are programs that a person would have to tell: replaced by hand, without a deployment.',
    });
    return secret;
  }
}
