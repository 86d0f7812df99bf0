import type { Version } from './secret-files.ts';

/** Secrets Manager keeps a hundred versions, and deletes none that is younger than a day (AWS's quotas). */
export const MAX_VERSIONS = 100;
const DELETED_AFTER_MS = 24 * 60 * 60 * 1000;

/** The first version of a secret is its current one, whichever stages were requested. */
export function withCurrent(stages: readonly string[]): string[] {
  return [...new Set(['AWSCURRENT', ...stages])];
}

/** A staging label is on one version only. The version that loses AWSCURRENT gets AWSPREVIOUS. */
export function addVersion(versions: readonly Version[], added: Version): Version[] {
  const replacesCurrent = added.stages.includes('AWSCURRENT');
  const moved = replacesCurrent ? [...added.stages, 'AWSPREVIOUS'] : added.stages;
  const others = versions.map((version) => {
    const kept = version.stages.filter((stage) => !moved.includes(stage));
    const becomesPrevious = replacesCurrent && version.stages.includes('AWSCURRENT');
    return { ...version, stages: becomesPrevious ? [...kept, 'AWSPREVIOUS'] : kept };
  });
  return [...others, added];
}

export function dropOldest(versions: Version[], now: number): Version[] {
  const surplus = versions.length - MAX_VERSIONS;
  const dropped = versions
    .filter(({ stages, createdMs }) => stages.length === 0 && now - createdMs >= DELETED_AFTER_MS)
    .slice(0, Math.max(surplus, 0));
  return versions.filter((version) => !dropped.includes(version));
}
