import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { accessSchema } from '../../functions/shared/config/access-settings.ts';
import type { registrySchema } from '../../functions/shared/config/pbx-registry.ts';
import { type ArchiveConfig, allowsShares } from '../config/archive-config.ts';
import { pbxNames } from './pbx-resources.ts';

const registryName = 'pbx-registry.json';
const accessName = 'access.json';

/** The paths at which Lambda mounts the files. */
export const registryFile = `/opt/${registryName}`;
export const accessFile = `/opt/${accessName}`;

/** Name of the secret from which ids in events are made. */
export const eventKeySecret = (stackName: string) => `${stackName}/event-key`;

/** Builds the registry that the functions read. It has the names of secrets, never their values. */
export function buildRegistry(config: ArchiveConfig): InferInput<typeof registrySchema> {
  const reportUrl = config.webhook.plainHttp ? 'http://{host}' : 'https://{host}';
  const entries = Object.entries(config.pbxs).map(([pbxId, { maxConcurrency, ...settings }]) => [
    pbxId,
    { reportUrl, ...settings, ...pbxNames(config.stackName, pbxId) },
  ]);
  return Object.fromEntries(entries);
}

/** What the functions have to know about people: how they sign in, their roles, and what they may share. */
export function buildAccessSettings(config: ArchiveConfig): InferInput<typeof accessSchema> {
  const { authorization, shares, accessLogDays, origin } = config.links;
  const { events, stackName: archive } = config;
  const allowed = allowsShares(config);
  const types = [
    ...(events.shared && allowed ? ['Recording Shared' as const] : []),
    ...(events.accessed ? ['Recording Accessed' as const] : []),
  ];
  const people = {
    shares: { ...shares, allowed },
    accessLogDays,
    ...(origin !== undefined && { origin }),
    ...(types.length > 0 && {
      events: { types, numbers: events.numbers, archive, keySecret: eventKeySecret(archive) },
    }),
  };
  if (authorization.type !== 'jwt') return people;
  const { issuer, clientId, scope, personClaim, roles } = authorization;
  return {
    ...(clientId !== undefined && { signIn: { issuer, clientId, scope } }),
    ...(personClaim !== undefined && { personClaim }),
    ...(roles !== undefined && { roles }),
    ...people,
  };
}

/** One layer for all functions, so that a changed setting of a PBX does not change the code of each. */
export function addRegistryLayer(scope: Construct, config: ArchiveConfig): LayerVersion {
  const directory = mkdtempSync(join(tmpdir(), 'pbx-registry-'));
  try {
    writeFileSync(join(directory, registryName), JSON.stringify(buildRegistry(config), null, 2));
    writeFileSync(join(directory, accessName), JSON.stringify(buildAccessSettings(config), null, 2));
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
