import { anyText, fc } from './property.ts';

/** A secret that somebody put where it does not belong. */
export const PLANTED = 'planted-4cb0c5a3b1d84f6e';

/** What somebody may write instead of a valid setting. */
export const misplaced = fc.oneof(
  fc.constantFrom(`https://${PLANTED}`, `${PLANTED}@host`, `-----BEGIN CERTIFICATE-----${PLANTED}`, [
    PLANTED,
  ]),
  fc.tuple(anyText, anyText).map(([before, after]) => before + PLANTED + after),
  fc.dictionary(fc.constantFrom('ca', 'baseUrl', 'other', '__proto__'), fc.constantFrom(PLANTED, [PLANTED])),
);

/** Settings with any of their values, at any depth, replaced by one that contains the secret. */
export function spoilt(settings: object): fc.Arbitrary<unknown> {
  const fields = Object.entries(settings).map(([name, value]): [string, fc.Arbitrary<unknown>] => [
    name,
    fc.oneof(typeof value === 'object' ? spoilt(value) : fc.constant(value), misplaced),
  ]);
  return fc.record({ ...Object.fromEntries(fields), extra: misplaced }, { requiredKeys: [] });
}
