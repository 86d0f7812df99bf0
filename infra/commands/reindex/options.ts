import * as v from 'valibot';
import { isDay } from '../../../functions/shared/call-log/windows.ts';
import { checkOptions, flag, parseCommandLine, value } from '../../shared/command-line.ts';
import { DEPLOYMENT_HELP, deploymentOptions } from '../deployment.ts';

export const HELP = `Makes the index of the recordings say what the bucket has: writes rows that are missing or wrong, and deletes those
that are about nothing. An archived recording that is gone is left to index-recording, which publishes the deletion,
then deletes the row. The bucket is only read. You can stop it at any time: the next run continues, because it compares
first.

  npm run reindex -- --pbx head-office --from 2025-01-01
  npm run reindex -- --pbx all --from 2025-01-01 --to 2025-12-31

Which recordings
  --pbx ID             a PBX, by its id in cdk.json; all for every PBX that the bucket has recordings of
  --from DAY --to DAY  first and last day in the names of the recordings, such as 2026-01-31. --to defaults to tomorrow,
                       which may have begun where the PBX is. Recordings whose names have no date are always included

How
  --concurrency N      recordings looked at at once (default 20)
  --help               show this text

${DEPLOYMENT_HELP}
`;

const day = v.pipe(v.string(), v.check(isDay, 'should be a day, such as 2026-01-31'));

const optionsSchema = v.pipe(
  v.object({
    pbx: v.string(),
    from: day,
    to: day,
    concurrency: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[1-9]\d{0,2}$/, 'should be a whole number above 0'),
        v.transform(Number),
        v.maxValue(100, 'should be at most 100'),
      ),
      '20',
    ),
    local: v.optional(v.boolean()),
  }),
  v.forward(
    v.check(({ from, to }) => from <= to, 'should not be earlier than --from'),
    ['to'],
  ),
);

export type ReindexOptions = v.InferOutput<typeof optionsSchema> & { positionals: string[] };

/** Returns `undefined` if help is requested. The last day is tomorrow by default: it may have begun where the PBX is. */
export function readOptions(now: number): ReindexOptions | undefined {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      pbx: value,
      from: value,
      to: value,
      concurrency: value,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  const tomorrow = new Date(now + 24 * 3_600_000).toISOString().slice(0, 10);
  return { ...checkOptions(optionsSchema, { to: tomorrow, ...values }), positionals };
}
