import * as v from 'valibot';

/**
 * Validates `input` (environment, file, secret) against `schema`. Throws one error that lists every problem by its
 * path. The message never contains a value: any of them may be a secret.
 */
export function parseSettings<const S extends v.GenericSchema>(
  subject: string,
  schema: S,
  input: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `  ${v.getDotPath(issue) ?? '(root)'}: ${describe(issue)}`);
  throw new Error(`${subject} is not valid:\n${problems.join('\n')}`);
}

/** A whole number within these limits. */
export const wholeNumberFrom = (min: number, max = Number.POSITIVE_INFINITY) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min, `should be at least ${min}`),
    v.maxValue(max, `should be at most ${max}`),
  );

/** Valibot's own messages quote the input; ours do not. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema' && issue.input === undefined) return 'is missing';
  if (issue.expected === 'never') return 'is not a known setting';
  // Any other message is our own, written beside its check.
  if (!issue.message.startsWith('Invalid')) return issue.message;
  return `should ${issue.kind === 'schema' ? 'be' : 'satisfy'} ${issue.expected ?? issue.type}`;
}
