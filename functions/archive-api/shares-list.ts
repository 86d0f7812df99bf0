import * as v from 'valibot';
import type { Principal } from '../shared/access/principal.ts';
import type { Page } from '../shared/access-log/query-page.ts';
import type { sharesSchema } from '../shared/api/contract.ts';
import { describeShare, type ShareRecord } from '../shared/shares/share.ts';
import { shareCursorSchema } from '../shared/shares/share-store.ts';
import { type ApiRequest, type ApiResponse, invalid } from './api.ts';
import { recordingId } from './find-recording.ts';
import { readInput } from './read-input.ts';
import { maySee, type ShareDeps } from './shares.ts';
import { pageLimit } from './whole-number.ts';

/** The query of `GET /api/shares`. */
export const listSharesSchema = v.strictObject({
  pbx: v.optional(recordingId.pbx),
  recording: v.optional(recordingId.recording),
  /** The default without a recording. */
  mine: v.optional(v.literal('1', 'should be 1')),
  cursor: shareCursorSchema,
  limit: pageLimit,
});

/**
 * `GET /api/shares`: a person's own shares, or those of a recording. With the right `audit`, a person sees all
 * shares of a recording; others see their own.
 */
export async function listShares(
  { query }: ApiRequest,
  principal: Principal,
  { shares }: Pick<ShareDeps, 'shares'>,
): Promise<ApiResponse> {
  const parsed = readInput(listSharesSchema, query);
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording, mine, cursor: before, limit } = parsed.input;
  const page = { limit, before };
  if (pbx === undefined && recording === undefined)
    return toResponse(await shares.ofPerson(principal.person, page), principal);
  if (mine !== undefined) return invalid('mine', 'should not be combined with pbx and recording');
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
