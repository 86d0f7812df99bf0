import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { errnoError } from './errors.ts';

const replySchema = v.pipe(v.string(), v.trim(), v.parseJson(), v.looseObject({ status: v.string() }));
const failureSchema = v.object({ errno: v.pipe(v.union([v.string(), v.number()]), v.transform(String)) });

/** Takes a reply apart. Failures come with HTTP status 200 and `{"status":"Failed","errno":"20006"}`. */
export function parseReply(text: string): Record<string, unknown> {
  const reply = v.safeParse(replySchema, text);
  if (!reply.success) throw badReply('it is not JSON with a status');
  if (reply.output.status === 'Success') return reply.output;
  const failure = v.safeParse(failureSchema, reply.output);
  throw errnoError(failure.success ? failure.output.errno : 'none');
}

export const badReply = (problem: string) =>
  new ArchiveError('pbx-bad-reply', `The PBX's reply cannot be used: ${problem}.`);
