import * as v from 'valibot';
import { sSeriesSettings } from './s-series/settings.ts';

/** The schema of a PBX whose settings are `entries` and those of its family, which `family` names. */
export const pbxOfAnyFamily = <const E extends v.ObjectEntries>(entries: E) =>
  v.variant('family', [v.strictObject({ ...entries, ...sSeriesSettings })], ({ expected, path }) =>
    path?.at(-1)?.key === 'family'
      ? 'should be a family of PBXs, as listed in docs/configuration.md'
      : `Invalid type: expected ${expected}`,
  );
