import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Architecture,
  Code,
  type Function as LambdaFunction,
  LayerVersion,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/archive-page/env.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { buildPage } from '../page/build-page.ts';
import { ArchiveFunction } from './archive-function.ts';
import type { RecordingBucket } from './recording-bucket.ts';

type LinkAuthorization = ArchiveConfig['links']['authorization'];

/** Where the page gets its tokens from. */
const tokenSources = (authorization: LinkAuthorization): string[] =>
  authorization.type === 'jwt' ? [new URL(authorization.issuer).origin, ...authorization.tokenOrigins] : [];

interface ArchivePageProps {
  readonly links: ArchiveConfig['links'];
  readonly recordings: RecordingBucket;
  readonly logRetention: RetentionDays;
}

/** The function that serves the page, and the layer with its files. It may do nothing but write its log. */
export class ArchivePage extends Construct {
  readonly handler: LambdaFunction;

  constructor(scope: Construct, id: string, props: ArchivePageProps) {
    super(scope, id);
    const { authorization } = props.links;
    const { linkSource } = props.recordings;
    const { handler } = new ArchiveFunction<InferInput<typeof envSchema>>(this, 'Server', {
      feature: 'archive-page',
      description: 'Serves the page on which people find and play recordings',
      environment: {
        PAGE_DIRECTORY: '/opt/page',
        MEDIA_SOURCES: linkSource,
        CONNECT_SOURCES: [linkSource, ...tokenSources(authorization)].join(' '),
      },
      layers: [this.addFiles()],
      logRetention: props.logRetention,
    });
    this.handler = handler;
  }

  /** The bundles of the functions are made by esbuild from one entry each. The page is more than one file. */
  private addFiles(): LayerVersion {
    const directory = mkdtempSync(join(tmpdir(), 'archive-page-'));
    try {
      buildPage(join(directory, 'page'));
      return new LayerVersion(this, 'Files', {
        description: 'Files of the page',
        code: Code.fromAsset(directory),
        compatibleRuntimes: [Runtime.NODEJS_24_X],
        compatibleArchitectures: [Architecture.ARM_64],
      });
    } finally {
      // The CDK has copied it to cdk.out by now.
      rmSync(directory, { recursive: true });
    }
  }
}
