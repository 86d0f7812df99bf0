import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { registrySchema } from '../../functions/shared/config/pbx-registry.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { pbxNames } from './pbx-resources.ts';

const fileName = 'pbx-registry.json';

/** Where Lambda unpacks the layer. */
export const registryFile = `/opt/${fileName}`;

/** The PBXs as the functions read them: names only, no secret value. */
export function buildRegistry(config: ArchiveConfig): InferInput<typeof registrySchema> {
  const reportUrl = config.webhook.plainHttp ? 'http://{host}' : 'https://{host}';
  const entries = Object.entries(config.pbxs).map(([pbxId, { maxConcurrency, ...settings }]) => [
    pbxId,
    { reportUrl, ...settings, ...pbxNames(config.stackName, pbxId) },
  ]);
  return Object.fromEntries(entries);
}

/** One file for all functions, so that a change to a PBX's settings does not change the code of each. */
export function addRegistryLayer(scope: Construct, config: ArchiveConfig): LayerVersion {
  const directory = mkdtempSync(join(tmpdir(), 'pbx-registry-'));
  try {
    writeFileSync(join(directory, fileName), JSON.stringify(buildRegistry(config), null, 2));
    return new LayerVersion(scope, 'PbxRegistry', {
      description: `The PBXs of ${config.stackName}`,
      code: Code.fromAsset(directory),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.ARM_64],
    });
  } finally {
    // By now the CDK has its own copy in cdk.out.
    rmSync(directory, { recursive: true });
  }
}
