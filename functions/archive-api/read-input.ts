import * as v from 'valibot';
import { toPersonName } from '../shared/access/claims.ts';
import { MAX_PERSON_LENGTH } from '../shared/api/input-limits.ts';
import { type ApiRequest, type ApiResponse, invalid, refuse } from './api.ts';

const MAX_BODY_LENGTH = 16 * 1024;

type Input<S extends v.GenericSchema> = { input: v.InferOutput<S> } | { refusal: ApiResponse };

/** The name of a person in a query, as the access log keeps it. */
export const personName = v.pipe(
  v.string(),
  v.nonEmpty('should not be empty'),
  v.maxLength(MAX_PERSON_LENGTH, `should have at most ${MAX_PERSON_LENGTH} characters`),
  v.transform(toPersonName),
  v.nonEmpty('should not be empty'),
);

/** A whole number in a query. */
export function wholeNumber(min: number, max: number) {
  const message = `should be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, message),
    v.transform(Number),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** How many rows a page has. */
export const pageLimit = v.optional(wholeNumber(1, 200), '50');

/** The input as the schema returns it, or the response that names the first parameter that is wrong. */
export function readInput<const S extends v.GenericSchema>(schema: S, input: unknown): Input<S> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return { input: parsed.output };
  const [issue] = parsed.issues;
  return { refusal: invalid(String(issue.path?.[0]?.key ?? 'body'), describe(issue)) };
}

/** The JSON that a request carries. */
export function readBody<const S extends v.GenericSchema>(
  schema: S,
  { headers, body }: Pick<ApiRequest, 'headers' | 'body'>,
): Input<S> {
  // A form of another site cannot send this type, and its scripts need CORS for it.
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? ''))
    return { refusal: refuse(415, 'unsupported-media-type', { message: 'Send JSON, as application/json.' }) };
  if (body.length > MAX_BODY_LENGTH) return { refusal: refuse(413, 'body-too-large') };
  return readInput(v.pipe(v.string(), v.parseJson(), schema) as unknown as S, body);
}

/** Valibot's own messages quote the input; ours do not. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema' && issue.input === undefined) return 'is missing';
  if (issue.expected === 'never') return 'is not a known parameter';
  return issue.message.startsWith('Invalid') ? `should be ${issue.expected ?? issue.type}` : issue.message;
}
