import * as v from 'valibot';
import { mayAnywhere, type Principal } from '../shared/access/principal.ts';
import type { Page } from '../shared/access-log/query-page.ts';
import type { sharesSchema } from '../shared/api/contract.ts';
import { describeShare, type ShareRecord } from '../shared/shares/share.ts';
import { shareCursorSchema } from '../shared/shares/share-store.ts';
import { type ApiRequest, type ApiResponse, invalid } from './api.ts';
import { recordingId } from './find-recording.ts';
import { forbid } from './forbid.ts';
import { pageLimit, personName, readInput } from './read-input.ts';
import { maySee, type ShareDeps } from './shares.ts';

/** The query of `GET /api/shares`. */
export const listSharesSchema = v.strictObject({
  pbx: v.optional(recordingId.pbx),
  recording: v.optional(recordingId.recording),
  person: v.optional(personName),
  /** The default without a recording or a person. */
  mine: v.optional(v.literal('1', 'should be 1')),
  cursor: shareCursorSchema,
  limit: pageLimit,
});

/**
 * `GET /api/shares`: a person's own shares, those of a recording, or those of somebody else. With the right `audit`, a
 * person sees all of them, as far as the right reaches; others see their own.
 */
export async function listShares(
  request: ApiRequest,
  principal: Principal,
  { shares, accessLog }: Pick<ShareDeps, 'shares' | 'accessLog'>,
): Promise<ApiResponse> {
  const parsed = readInput(listSharesSchema, request.query);
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording, mine, person, cursor: before, limit } = parsed.input;
  const page = { limit, before };
  if (mine !== undefined && person !== undefined)
    return invalid('mine', 'should not be combined with person');
  if (pbx === undefined && recording === undefined) {
    const isSomebodyElse = person !== undefined && person !== principal.person;
    if (isSomebodyElse && !mayAnywhere(principal, 'audit')) return forbid(principal, request, accessLog);
    return toResponse(await shares.ofPerson(person ?? principal.person, page), principal);
  }
  const alone = 'should not be combined with pbx and recording';
  if (mine !== undefined) return invalid('mine', alone);
  if (person !== undefined) return invalid('person', alone);
  if (pbx === undefined) return invalid('pbx', 'is missing');
  if (recording === undefined) return invalid('recording', 'is missing');
  return toResponse(await shares.ofRecording(pbx, recording, page), principal);
}

function toResponse({ items, cursor }: Page<ShareRecord>, principal: Principal): ApiResponse {
  return {
    status: 200,
    body: {
      shares: items.filter((share) => maySee(principal, share)).map(describeShare),
      ...(cursor !== undefined && { cursor }),
    } satisfies v.InferOutput<typeof sharesSchema>,
  };
}
