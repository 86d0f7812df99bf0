import * as v from 'valibot';

/**
 * Checks `input` (environment, file, secret) against `schema` and throws one error that names every
 * problem by its path. Values never appear in the message: any of them may be a secret.
 */
export function parseSettings<const S extends v.GenericSchema>(
  what: string,
  schema: S,
  input: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `  ${v.getDotPath(issue) ?? '(whole)'}: ${describe(issue)}`);
  throw new Error(`${what} is not valid:\n${problems.join('\n')}`);
}

/** Valibot's own messages quote what was received; ours do not. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema' && issue.input === undefined) return 'is missing';
  if (issue.expected === 'never') return 'is not a known setting';
  if (issue.kind === 'schema') return `should be ${issue.expected ?? issue.type}`;
  // The messages of checks are our own words, given where the check stands.
  return issue.message.startsWith('Invalid')
    ? `should satisfy ${issue.expected ?? issue.type}`
    : issue.message;
}
