import * as v from 'valibot';
import { isDay } from '../shared/call-log/windows.ts';
import { DEFAULT_RECONCILIATION, MAX_RECONCILE_HOURS } from '../shared/config/limits.ts';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';

const daySchema = v.pipe(v.string(), v.check(isDay, 'should be a day, such as 2026-01-31'));

/**
 * The function is invoked
 * - by the schedules, with `{"schedule":"recent","hours":24}`, and
 *   `{"schedule":"discovery","pbx":["warehouse"],"hours":1}` for PBXs that cannot report their calls;
 * - by a person, with `{"pbx":"head-office","hours":720}` or
 *   `{"pbx":"head-office","from":"2026-01-01","to":"2026-06-30"}`. Days are in the PBX's time zone, both included.
 */
const requestSchema = v.union([
  v.strictObject({
    /** Absent if a person has asked. */
    schedule: v.optional(v.picklist(['recent', 'wide', 'discovery'])),
    pbx: v.optional(v.union([pbxIdSchema, v.pipe(v.array(pbxIdSchema), v.minLength(1))])),
    hours: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_RECONCILE_HOURS)),
      DEFAULT_RECONCILIATION.recent.overHours,
    ),
  }),
  v.pipe(
    v.strictObject({ pbx: v.optional(pbxIdSchema), from: daySchema, to: daySchema }),
    v.check(({ from, to }) => from <= to, 'from should not be later than to'),
  ),
]);

/** All PBXs if `pbx` is absent. */
export type ReconcileRequest = v.InferOutput<typeof requestSchema>;

export const readRequest = (event: unknown): ReconcileRequest => v.parse(requestSchema, event ?? {});
