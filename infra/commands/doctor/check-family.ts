import { type Pbx, UNVERIFIED_FAMILIES } from '../../../functions/shared/config/pbx-registry.ts';
import { notChecked, type Result } from './finding.ts';

/** Says of a family that is not verified what no program can check. There is nothing to say of the others. */
export function checkFamily({ family }: Pick<Pbx, 'family'>): Result | undefined {
  if (!UNVERIFIED_FAMILIES.includes(family)) return undefined;
  return notChecked(
    `${family} is not verified on a device: compare the first recordings with those on the PBX`,
  );
}
