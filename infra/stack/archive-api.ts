import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILayerVersion, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/archive-api/env.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import type { AccessTable } from './access-table.ts';
import { ArchiveFunction, allow } from './archive-function.ts';
import type { IndexTable } from './index-table.ts';
import { acceptFindings } from './nag.ts';
import type { RecordingBucket } from './recording-bucket.ts';
import type { LinkToken } from './recording-links.ts';
import { accessFile, registryFile } from './registry-layer.ts';

type Environment = InferInput<typeof envSchema>;

interface ArchiveApiProps {
  readonly stackName: string;
  readonly links: ArchiveConfig['links'];
  /** With the authorization `token`. */
  readonly linkToken: LinkToken | undefined;
  readonly recordings: RecordingBucket;
  readonly index: IndexTable;
  readonly accessTable: AccessTable;
  readonly layers: ILayerVersion[];
  readonly logRetention: RetentionDays;
}

/** The function behind everything below /api/: search, links and sessions. */
export class ArchiveApi extends Construct {
  readonly handler: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ArchiveApiProps) {
    super(scope, id);
    const { stackName, links, linkToken, recordings, index, accessTable, layers, logRetention } = props;
    const common = {
      PBX_REGISTRY_FILE: registryFile,
      ACCESS_FILE: accessFile,
      BUCKET_NAME: recordings.bucket.bucketName,
      INDEX_TABLE: index.tableName,
      ACCESS_TABLE: accessTable.name,
      MAX_LINK_AGE_SECONDS: String(links.maximumAgeSeconds),
    };
    const { type } = links.authorization;
    let environment: Environment;
    let secret: Secret;
    if (linkToken !== undefined) {
      secret = linkToken.secret;
      environment = {
        ...common,
        LINK_AUTHORIZATION: 'token',
        LINK_TOKEN_SECRET: linkToken.name,
        SESSION_COOKIE: '__Host-session',
      };
    } else {
      if (type === 'token') throw new Error('The authorization "token" needs a link token.');
      const name = `${stackName}/api`;
      secret = this.addSecret(name);
      environment = { ...common, LINK_AUTHORIZATION: type, API_SECRET: name };
    }
    const api = new ArchiveFunction<Environment>(this, 'Function', {
      feature: 'archive-api',
      description: 'Finds recordings, hands out links to them, and signs people in',
      environment,
      layers,
      logRetention,
    });
    // A presigned URL has the permissions of its signer, so links open exactly what the function may read.
    recordings.grantRead(api.role);
    index.grantSearch(api.role);
    accessTable.grantApi(api.role);
    allow(api.role, ['secretsmanager:GetSecretValue'], secret.secretArn);
    this.handler = api.handler;
    this.role = api.role;
  }

  private addSecret(secretName: string): Secret {
    const secret = new Secret(this, 'Secret', {
      secretName,
      description: 'Key material of the search API; nobody has to know it',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acceptFindings(secret, {
      SMG4: 'It only protects cursors, which lead to rows that their holder may see anyway.',
    });
    return secret;
  }
}
