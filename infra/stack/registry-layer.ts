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

/** The path at which Lambda mounts the file. */
export const registryFile = `/opt/${fileName}`;

/** Builds the registry that the functions read. It has the names of secrets, never their values. */
export function buildRegistry(config: ArchiveConfig): InferInput<typeof registrySchema> {
  const reportUrl = config.webhook.plainHttp ? 'http://{host}' : 'https://{host}';
  const entries = Object.entries(config.pbxs).map(([pbxId, { maxConcurrency, ...settings }]) => [
    pbxId,
    { reportUrl, ...settings, ...pbxNames(config.stackName, pbxId) },
  ]);
  return Object.fromEntries(entries);
}

/** One layer for all functions, so that a changed setting of a PBX does not change the code of each. */
export function addRegistryLayer(scope: Construct, config: ArchiveConfig): LayerVersion {
  const directory = mkdtempSync(join(tmpdir(), 'pbx-registry-'));
  try {
    writeFileSync(join(directory, fileName), JSON.stringify(buildRegistry(config), null, 2));
    return new LayerVersion(scope, 'PbxRegistry', {
      description: `PBX registry of ${config.stackName}`,
      code: Code.fromAsset(directory),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.ARM_64],
    });
  } finally {
    // The CDK has copied it to cdk.out by now.
    rmSync(directory, { recursive: true });
  }
}
