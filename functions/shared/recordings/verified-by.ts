import type { ContainerFormat } from './container.ts';

/**
 * What a recording's completeness was verified by, and what speaks against it. Stored in the object's metadata, in this
 * order, separated by spaces.
 */
export type VerifiedBy =
  /** The PBX announced the length, and as many bytes arrived. */
  | 'content-length'
  /** The PBX's list of recordings has this size. */
  | 'listed-size'
  /** All sizes in the file's own header agree with the length. */
  | `${ContainerFormat}-header`
  /** Two downloads some minutes apart had the same size and CRC-32. */
  | 'identical-downloads'
  | Doubt;

export type Doubt =
  /** The header states another size. */
  | 'header-contradicts'
  /** The header states more, and no length was announced: the recording may be cut short. */
  | 'header-states-more'
  /** The recorder never wrote the sizes into the header. */
  | 'header-unwritten'
  /** The audio lasts several seconds less than the call. */
  | 'shorter-than-talk-time'
  /** It starts like no audio format that is known. */
  | 'unknown-format';

const DOUBTS: ReadonlySet<string> = new Set<Doubt>([
  'header-contradicts',
  'header-states-more',
  'header-unwritten',
  'shorter-than-talk-time',
  'unknown-format',
]);

/** Whether nothing spoke against a recording. `verifiedBy` is the metadata; that of older versions differs. */
export const isSound = (verifiedBy: string): boolean =>
  !verifiedBy.split(' ').some((item) => DOUBTS.has(item)) &&
  !['', 'nothing'].includes(verifiedBy) &&
  !verifiedBy.includes('riff-header-unpatched');

/** Whether metadata that was written before a recording was verified claims nothing else, and conceals no doubt. */
export function isDescribedBy(metadata: string, verifiedBy: readonly VerifiedBy[]): boolean {
  const claims = metadata.split(' ').filter((claim) => claim !== '');
  const items: readonly string[] = verifiedBy;
  return (
    claims.every((claim) => items.includes(claim)) &&
    items.every((item) => !DOUBTS.has(item) || claims.includes(item))
  );
}
