import * as v from 'valibot';
import { pbxIdSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { findNameProblem } from '../../../functions/shared/recordings/recording-name.ts';
import { checkOptions, flag, parseCommandLine, UsageError, value } from '../../shared/command-line.ts';
import { DEPLOYMENT_HELP, deploymentOptions } from '../deployment.ts';

export const HELP = `Erases a recording for good: all its versions, other recordings of the same name, its markers, its dead letters and
its shares. The access log keeps its rows, with a digest instead of the recording's name. The recording is marked as
erased first, so that neither reconciliation nor backfill brings it back. Asks for confirmation.

  npm run erase -- --pbx head-office --recording 20170901181806-1504261084.7-1001-1003-Internal.wav
  npm run --silent erase -- --pbx head-office --recording NAME --yes >> erasures.jsonl

Which recording
  --pbx ID             the PBX, by its id in cdk.json; on a local host pbx, demo or demo-p-series
  --recording NAME     its name, as the PBX lists it

How
  --yes                do not ask
  --help               show this text

${DEPLOYMENT_HELP}

Prints one line of JSON as evidence on standard output, and everything else on standard error. Exits with 0 if nothing
is left; otherwise with 1, and the versions that S3 refuses to delete.
`;

const optionsSchema = v.object({
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'should be the name of a recording'),
  ),
  yes: v.optional(v.boolean(), false),
  local: v.optional(v.boolean()),
});

export type EraseOptions = v.InferOutput<typeof optionsSchema> & { positionals: string[] };

/** Returns `undefined` if help is requested. */
export function readOptions(): EraseOptions | undefined {
  const { values, positionals } = parseCommandLine({
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      pbx: value,
      recording: value,
      yes: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  const options = checkOptions(optionsSchema, values);
  if (!options.yes && !process.stdin.isTTY) {
    throw new UsageError('Erasing has to be confirmed. Run the command in a terminal, or add --yes.');
  }
  return { ...options, positionals };
}
