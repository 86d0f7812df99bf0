import { readFileSync } from 'node:fs';
import { parseSettings } from './parse-settings.ts';
import { type PbxRegistry, registrySchema } from './pbx-registry.ts';

/** The registry is a file because fifty PBXs do not fit Lambda's 4 KB of environment. */
export function readPbxRegistry(path: string): PbxRegistry {
  return parseSettings(`The PBX registry ${path}`, registrySchema, JSON.parse(readFileSync(path, 'utf8')));
}
