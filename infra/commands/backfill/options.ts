import * as v from 'valibot';
import { isDay } from '../../../functions/shared/call-log/windows.ts';
import { flag, parseCommandLine, UsageError, value } from '../../shared/command-line.ts';
import { DEPLOYMENT_HELP, deploymentOptions } from '../deployment.ts';

export const HELP = `Archives recordings of the past: compares the PBX's call log with the archive, and fetches what is missing.
Runs on a machine that reaches the PBX and signs in to AWS; what it has archived, the next run finds there, so
that it can be stopped at any time and started again.

  npm run backfill -- --pbx head-office --from 2026-01-01 --to 2026-06-30

What
  --pbx ID             the PBX, by its name in the configuration
  --from DAY --to DAY  days of the PBX's calendar, both included, such as 2026-01-31
  --dry-run            only tells what is missing

How
  --concurrency N      recordings fetched at once (default 1): calls go through the same small machine
  --bytes-per-second N the most that it takes of the PBX's line (default: all there is)
  --help               this text

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

/** `undefined` where help is asked for. */
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
  const parsed = v.safeParse(optionsSchema, values);
  if (parsed.success) return { ...parsed.output, positionals };
  const problems = parsed.issues.map((issue) => {
    const problem = issue.input === undefined ? 'is needed' : issue.message;
    return `--${v.getDotPath(issue)} ${problem}`;
  });
  throw new UsageError(`${problems.join('\n')}\n--help tells all options.`);
}
