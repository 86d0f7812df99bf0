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

export const HELP = `Runs the whole product in simulated time, injects faults, and checks that no recording is lost.

  --seeds N       number of seeds to run; 200 by default
  --from N        first seed; 1 by default
  --fresh N       number of additional random seeds; 0 by default
  --calls N       calls per seed; 50 by default
  --seed N        run only this seed
  --trace         print everything that happens
  --digests       print a digest per seed; equal runs have equal digests
  --every-fault   fail unless every kind of fault occurs
  --mutations     put known bugs into the product, one at a time; each must be caught
  --mutation NAME check only this bug (may be repeated)
  --help          show this text`;

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
