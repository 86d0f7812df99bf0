import * as v from 'valibot';
import {
  DEFAULT_MAX_SHARE_DAYS,
  DEFAULT_SHARE_DAYS,
  MAX_SHARE_DAYS,
} from '../../functions/shared/config/limits.ts';
import { wholeNumberFrom } from '../../functions/shared/config/parse-settings.ts';

const days = wholeNumberFrom(1, MAX_SHARE_DAYS);

/** Links to recordings for people who cannot sign in. */
export const sharesSchema = v.pipe(
  v.strictObject({
    /** If not, existing shares cannot be opened either. */
    allowed: v.optional(v.boolean(), true),
    /** The longest that a new share may work. */
    maxDays: v.optional(days, DEFAULT_MAX_SHARE_DAYS),
    /** If absent: a week, or `maxDays` if that is less. */
    defaultDays: v.optional(days),
  }),
  v.forward(
    v.check(
      ({ maxDays, defaultDays }) => defaultDays === undefined || defaultDays <= maxDays,
      'should be at most maxDays',
    ),
    ['defaultDays'],
  ),
  v.transform(({ defaultDays, ...shares }) => ({
    ...shares,
    defaultDays: defaultDays ?? Math.min(DEFAULT_SHARE_DAYS, shares.maxDays),
  })),
);
