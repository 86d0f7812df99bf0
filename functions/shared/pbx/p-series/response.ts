import * as v from 'valibot';
import { badResponse } from '../errors.ts';
import { errorNumber } from '../fields.ts';
import { trimPadding } from '../padding.ts';
import { parseResponseText } from '../parse-json.ts';
import { errcodeError } from './errors.ts';

/** How much of a response tells JSON from audio: a byte order mark or some blanks, then a brace. */
export const START_BYTES = 16;

/** Neither RIFF nor any MP3 begins like this. */
export const isJson = (start: Buffer) =>
  trimPadding(start.subarray(0, START_BYTES).toString()).startsWith('{');

/** No digits: neither a token nor a phone number must pass for the name of a parameter. */
const isParameter = (name: string) => /^[a-z_][a-z_ ]{0,39}$/i.test(name);

/** Only the names in `invalid_param_list`: the values may be secrets. */
const parametersSchema = v.fallback(
  v.pipe(
    v.array(v.object({ field: v.string() })),
    v.transform((list) =>
      list
        .map(({ field }) => field)
        .filter(isParameter)
        .slice(0, 5),
    ),
  ),
  [],
);

const responseSchema = v.looseObject({
  errcode: errorNumber,
  invalid_param_list: v.optional(parametersSchema, []),
  data: v.optional(v.unknown()),
});

/**
 * Parses a JSON response. The PBX reports failures with HTTP status 200 and `{"errcode":10004,"errmsg":"…"}`. Of malformed
 * JSON, returns the fields that can be found unless it has data, such as a list: without it, the list would
 * seem to be empty.
 */
export function parseResponse(text: string, toError = errcodeError): Record<string, unknown> {
  const response = v.safeParse(responseSchema, parseResponseText(text));
  if (!response.success) throw badResponse('it is not JSON with an errcode');
  const { errcode, invalid_param_list, ...fields } = response.output;
  if (errcode !== '0') throw toError(errcode, invalid_param_list);
  if (fields.data === undefined && /"data"\s*:/.test(text)) throw badResponse('it is malformed JSON');
  return fields;
}

/** Returns the fields of an operation's response. Throws `pbx-bad-response` if they do not match the schema. */
export function check<const S extends v.GenericSchema>(
  operation: string,
  schema: S,
  response: Record<string, unknown>,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, response);
  if (!parsed.success) throw badResponse(`${operation}: a required field is missing or malformed`);
  return parsed.output;
}
