import * as v from 'valibot';
import { flag, parseCommandLine, UsageError, value } from '../../infra/shared/command-line.ts';

const whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'should be a whole number'), v.transform(Number));
const no = v.optional(v.boolean(), false);

const optionsSchema = v.object({
  seeds: v.optional(whole, '200'),
  from: v.optional(whole, '1'),
  fresh: v.optional(whole, '0'),
  seed: v.optional(whole),
  calls: v.optional(whole, '50'),
  trace: no,
  digests: no,
  'every-fault': no,
  mutations: no,
  mutation: v.optional(v.array(v.string())),
  help: no,
});

export type Options = v.InferOutput<typeof optionsSchema>;

export const HELP = `Runs the whole product in simulated time, with whatever can go wrong, and looks for lost recordings.

  --seeds N       how many seeds, from --from (1) on; 200 by default
  --fresh N       and so many that nobody has tried before
  --calls N       calls in each; 50 by default
  --seed N        this one alone
  --trace         with everything that happens in it
  --digests       a line for each seed; equal runs have equal digests
  --every-fault   fails unless each kind of fault has occurred
  --mutations     puts known bugs into the product, one by one: each has to be caught
  --mutation NAME this one alone (may be repeated)`;

export function readOptions(args: string[]): Options {
  const { values } = parseCommandLine({
    args,
    options: {
      seeds: value,
      from: value,
      fresh: value,
      seed: value,
      calls: value,
      trace: flag,
      digests: flag,
      'every-fault': flag,
      mutations: flag,
      mutation: { ...value, multiple: true },
      help: flag,
    },
  });
  const parsed = v.safeParse(optionsSchema, values);
  if (parsed.success) return parsed.output;
  throw new UsageError(parsed.issues.map((issue) => `--${v.getDotPath(issue)} ${issue.message}`).join('\n'));
}
