/** An IAM action on a resource, which may end in a wildcard, such as `s3:GetObject` on `bucket/recordings/*`. */
export interface Permission {
  action: string;
  resource: string;
}

export const describePermission = ({ action, resource }: Permission) => `${action} on ${resource}`;

/** What a role has too little and too much. */
export interface Comparison {
  missing: Permission[];
  /** Not needed at all, or on more resources than needed. */
  superfluous: Permission[];
}

export function comparePermissions(granted: Permission[], needed: Permission[]): Comparison {
  return {
    missing: needed.filter((need) => !granted.some((grant) => covers(grant, need))),
    superfluous: granted.filter((grant) => {
      const resources = needed.filter((need) => covers(grant, need)).map(({ resource }) => resource);
      return grant.resource !== narrowest(resources);
    }),
  };
}

function covers(grant: Permission, need: Permission): boolean {
  if (grant.action !== need.action) return false;
  if (!grant.resource.endsWith('*')) return grant.resource === need.resource;
  return need.resource.startsWith(grant.resource.slice(0, -1));
}

/** The resource that covers exactly these, or the folder in the bucket that contains them all. */
function narrowest(resources: string[]): string | undefined {
  const [first, ...others] = new Set(resources);
  if (first === undefined || others.length === 0) return first;
  const folder = first.split('/').slice(0, 2).join('/');
  return others.every((other) => other.startsWith(`${folder}/`)) ? `${folder}/*` : undefined;
}
