import type { Random } from '../engine/random.ts';
import { FAMILIES, type Family } from './office.ts';

/** Some seeds have PBXs of one family only, others of both. */
export const drawFamilies = (random: Random, ids: readonly string[]): [string, Family][] =>
  ids.map((id) => [id, random.pick(FAMILIES)]);
