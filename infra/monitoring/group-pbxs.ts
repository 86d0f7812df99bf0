/** With two metrics for each: CloudWatch allows ten in an alarm. */
const PBXS_PER_ALARM = 5;

/**
 * Groups of PBXs that share an alarm, numbered from 1. One more alarm for each of fifty PBXs would not fit into a stack.
 */
export function groupPbxs<Pbx>(pbxs: readonly Pbx[]): { number: string; members: Pbx[] }[] {
  const count = Math.ceil(pbxs.length / PBXS_PER_ALARM);
  return Array.from({ length: count }, (_, n) => ({
    number: String(n + 1),
    members: pbxs.slice(n * PBXS_PER_ALARM, (n + 1) * PBXS_PER_ALARM),
  }));
}
