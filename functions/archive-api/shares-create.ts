import * as v from 'valibot';
import { may, type Principal } from '../shared/access/principal.ts';
import { type createdShareSchema, createShareSchema } from '../shared/api/contract.ts';
import { callFactsSchema } from '../shared/events/schemas.ts';
import { hashPasscode } from '../shared/shares/passcode.ts';
import { describeShare, type ShareRecord } from '../shared/shares/share.ts';
import { createShareToken, shareIdOf } from '../shared/shares/share-token.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, invalid, refuse } from './api.ts';
import { type FoundRecording, findRecording, recordingId } from './find-recording.ts';
import { forbid } from './forbid.ts';
import { readBody } from './read-input.ts';
import type { ShareDeps } from './shares.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The body of `POST /api/shares`. */
export const newShareSchema = v.strictObject({ ...createShareSchema.entries, ...recordingId });

type NewShare = v.InferOutput<typeof newShareSchema>;

/** `POST /api/shares` */
export async function createShare(
  request: ApiRequest,
  principal: Principal,
  deps: ShareDeps,
): Promise<ApiResponse> {
  const { shares, accessLog, settings, accessLogDays } = deps;
  const { allowed, maxDays, defaultDays } = settings.shares;
  const parsed = readBody(newShareSchema, request);
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording, days = defaultDays, passcode, download } = parsed.input;
  if (days > maxDays) return invalid('days', `should be at most ${maxDays}`);

  const { address } = request;
  const found = await findRecording({ pbx, recording, address }, principal, deps);
  if (found?.object === undefined) return refuse(404, 'not-found');
  const { row, subject } = found;
  const { person, by } = principal;
  const access = { pbx, recording, person, by, address } as const;
  if (!allowed) {
    await accessLog.add({ kind: 'refused', reason: 'shares-not-allowed', ...access });
    const message = 'Shares are not allowed (links.shares). Ask the administrator of the archive.';
    return refuse(403, 'shares-not-allowed', { message });
  }
  if (!may(principal, 'share', subject) || (download && !may(principal, 'download', subject)))
    return forbid(principal, request, accessLog, { pbx, recording });

  const token = createShareToken();
  const input = { ...parsed.input, days };
  const share = await toShareRecord(shareIdOf(token), input, found, principal, deps);
  // As long as the access log tells of it, it can be looked up.
  await shares.create(share, Date.parse(share.endsAt) + accessLogDays * DAY_MS);
  const facts = { call: row, share: describeShare(share) };
  await accessLog.add({ kind: 'share-created', share: share.id, ...access }, facts);
  log('info', 'share-created', { pbx, recording, days, hasPasscode: passcode !== undefined });
  return {
    status: 201,
    body: {
      share: describeShare(share),
      // In the fragment, which browsers do not send: no log of any server on the way has it.
      url: `${settings.origin ?? originOf(request)}/s#${token}`,
    } satisfies v.InferOutput<typeof createdShareSchema>,
  };
}

async function toShareRecord(
  id: string,
  { pbx, recording, days, passcode, ...options }: NewShare & { days: number },
  { row, subject }: FoundRecording,
  principal: Principal,
  { authorities, now }: ShareDeps,
): Promise<ShareRecord> {
  const createdAt = now();
  return {
    id,
    pbx,
    recording,
    person: principal.person,
    authority: await authorities.of(principal, id),
    createdAt: new Date(createdAt).toISOString(),
    endsAt: new Date(createdAt + days * DAY_MS).toISOString(),
    passcode: passcode === undefined ? undefined : await hashPasscode(passcode),
    wrongPasscodes: 0,
    ...options,
    // DynamoDB refuses a lone half of a surrogate pair.
    note: options.note?.toWellFormed(),
    plays: 0,
    call: {
      ...v.parse(callFactsSchema, row),
      at: row.at,
      codec: row.codec,
      from: subject.from,
      to: subject.to,
    },
  };
}

/** Where the request was sent: API Gateway adds the header, the local host has no TLS. */
const originOf = ({ headers }: ApiRequest) =>
  `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${headers.host}`;
