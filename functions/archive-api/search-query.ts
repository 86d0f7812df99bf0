import { Temporal } from 'temporal-polyfill';
import * as v from 'valibot';
import { MAX_NUMBERS } from '../shared/api/input-limits.ts';
import { isDay } from '../shared/call-log/windows.ts';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';
import { pageLimit, wholeNumber } from './read-input.ts';

const MAX_SECONDS = 7 * 24 * 3600;

/** A list whose values are separated by commas. HTTP APIs join a repeated parameter in the same way. */
const list = <const S extends v.GenericSchema<string, string>>(item: S, max: number, what: string) =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(',').map((part) => part.trim())),
    v.array(item),
    v.maxLength(max, `should have at most ${max} ${what}`),
  );

const text = (max: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.nonEmpty('should not be empty'),
    v.maxLength(max, `should have at most ${max} characters`),
  );

const isInstant = (value: string): boolean => {
  try {
    return /^\d{4}-/.test(value) && Boolean(Temporal.Instant.from(value));
  } catch {
    return false;
  }
};

/** A day in the time zone of each PBX, or an instant. */
const time = v.pipe(
  v.string(),
  v.check(
    (value) => isDay(value) || isInstant(value),
    'should be a day, such as 2026-11-26, or an instant, such as 2026-11-26T09:00:00Z',
  ),
);

/** The query of `GET /api/recordings`. */
export const searchQuerySchema = v.strictObject({
  pbx: v.optional(list(pbxIdSchema, 50, 'PBXs')),
  from: v.optional(time),
  to: v.optional(time),
  number: v.optional(list(text(100), MAX_NUMBERS, 'numbers')),
  direction: v.optional(
    v.picklist(['inbound', 'outbound', 'internal'], 'should be inbound, outbound or internal'),
  ),
  type: v.optional(text(100)),
  minSeconds: v.optional(wholeNumber(0, MAX_SECONDS)),
  callId: v.optional(text(100)),
  cursor: v.optional(v.pipe(v.string(), v.nonEmpty('should not be empty'))),
  limit: pageLimit,
});

export type SearchQuery = v.InferOutput<typeof searchQuerySchema>;
