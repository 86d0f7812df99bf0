import * as v from 'valibot';
import { DEFAULT_LINK_SECONDS, MIN_LINK_AGE_SECONDS } from '../shared/config/limits.ts';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';
import { findNameProblem } from '../shared/recordings/recording-name.ts';

/** `1` or `0`, as in `?download=1`. */
const flag = v.optional(
  v.pipe(
    v.picklist(['0', '1'], 'should be 0 or 1'),
    v.transform((value) => value === '1'),
  ),
  '0',
);

export interface LinkQuery {
  pbx: string;
  recording: string;
  redirect: boolean;
  download: boolean;
  expiresIn: number;
}

/**
 * The requested link, or the first invalid parameter. The message never quotes its value. A path without a recording
 * leaves it to the query: HTTP APIs change a path that has `%`, `?` or `/` in the name.
 */
export function readLinkQuery(
  path: Record<string, string | undefined>,
  query: Record<string, string | undefined>,
  maxSeconds: number,
): LinkQuery | { parameter: string; message: string } {
  const seconds = `should be whole seconds from ${MIN_LINK_AGE_SECONDS} to ${maxSeconds}`;
  const schema = v.object({
    pbx: pbxIdSchema,
    recording: v.pipe(
      v.string('is missing'),
      v.check((name) => findNameProblem(name) === undefined, 'should be the name of a recording'),
    ),
    redirect: flag,
    download: flag,
    expiresIn: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{1,9}$/, seconds),
        v.transform(Number),
        v.minValue(MIN_LINK_AGE_SECONDS, seconds),
        v.maxValue(maxSeconds, seconds),
      ),
      String(Math.min(DEFAULT_LINK_SECONDS, maxSeconds)),
    ),
  });
  const recording = path.recording ?? query.recording;
  const parsed = v.safeParse(schema, { ...query, pbx: path.pbxId, recording });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return { parameter: v.getDotPath(issue) ?? '', message: issue.message };
}
