import * as v from 'valibot';
import { isDay } from '../../../functions/shared/call-log/windows.ts';
import { checkOptions, flag, parseCommandLine, value } from '../../shared/command-line.ts';
import { DEPLOYMENT_HELP, deploymentOptions } from '../deployment.ts';

export const HELP = `Archives past recordings: compares the PBX's call log with the archive and fetches what is missing.
Run it on a machine that can reach the PBX and has AWS credentials. You can stop it at any time: the next run
continues, because it finds what is archived already.

  npm run backfill -- --pbx head-office --from 2026-01-01 --to 2026-06-30

Which recordings
  --pbx ID             the PBX, by its id in cdk.json; on a local host pbx, demo or demo-p-series
  --from DAY --to DAY  first and last day, by the PBX's calendar, such as 2026-01-31
  --dry-run            only show how many recordings are missing, by day

How
  --concurrency N      recordings fetched at once (default 1); the PBX has its calls to handle as well
  --bytes-per-second N limit for all downloads together (default: none)
  --help               show this text

${DEPLOYMENT_HELP}
`;

const day = v.pipe(v.string(), v.check(isDay, 'should be a day, such as 2026-01-31'));

const count = (max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[1-9]\d{0,11}$/, 'should be a whole number above 0'),
    v.transform(Number),
    v.maxValue(max, `should be at most ${max}`),
  );

const optionsSchema = v.pipe(
  v.object({
    pbx: v.string(),
    from: day,
    to: day,
    'dry-run': v.optional(v.boolean(), false),
    concurrency: v.optional(count(10), '1'),
    'bytes-per-second': v.optional(count(1e9)),
    local: v.optional(v.boolean()),
  }),
  v.forward(
    v.check(({ from, to }) => from <= to, 'should not be earlier than --from'),
    ['to'],
  ),
);

export type BackfillOptions = v.InferOutput<typeof optionsSchema> & { positionals: string[] };

/** Returns `undefined` if help is requested. */
export function readOptions(): BackfillOptions | undefined {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      pbx: value,
      from: value,
      to: value,
      'dry-run': flag,
      concurrency: value,
      'bytes-per-second': value,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  return { ...checkOptions(optionsSchema, values), positionals };
}
