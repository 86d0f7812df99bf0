import type * as v from 'valibot';
import { may } from '../shared/access/principal.ts';
import { type openedShareSchema, openShareSchema, type RefusalReason } from '../shared/api/contract.ts';
import { timeZoneOf } from '../shared/config/pbx-registry.ts';
import { recordingKey } from '../shared/recordings/recording-name.ts';
import { sharedFileName } from '../shared/shares/file-name.ts';
import { isPasscode } from '../shared/shares/passcode.ts';
import { findEnd, playsLeftOf, type ShareRecord } from '../shared/shares/share.ts';
import { shareIdOf } from '../shared/shares/share-token.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { readBody } from './read-input.ts';
import type { ShareDeps } from './shares.ts';

/** For every share that cannot be opened: the response does not tell whether there is one, and what has become of it. */
const unavailable = refuse(404, 'share-unavailable', {
  message: 'This link does not work: it is wrong, it has ended, or it needs another passcode.',
});

/**
 * `POST /api/shares/open`, for everybody. Not a GET, because mail scanners and chat previews open links: they would use up
 * the plays. With a continuation, it gives another link for an opening that has been counted.
 */
export async function openShare(request: ApiRequest, deps: ShareDeps): Promise<ApiResponse> {
  const parsed = readBody(openShareSchema, request);
  if ('refusal' in parsed) return parsed.refusal;
  const { token, passcode = '', continuation } = parsed.input;
  const { shares, accessLog, registry, archive, continuations, linkSeconds, now } = deps;
  const found = await shares.find(shareIdOf(token));
  const share =
    continuation === undefined
      ? await countOpening(found, passcode, deps)
      : await goOn(found, continuation, deps);
  if (found === undefined) {
    // The token is made up and belongs to no share, so the access log gets no row.
    log('warn', 'share-refused', { reason: 'unknown' });
    return unavailable;
  }
  const { id, pbx, recording, person, download, call } = found;
  const entry = { pbx, recording, person, by: 'share', address: request.address, share: id } as const;
  if (typeof share === 'string') {
    log('info', 'share-refused', { pbx, recording, reason: share });
    await accessLog.add({ kind: 'share-refused', reason: share, ...entry });
    return unavailable;
  }
  const timeZone = timeZoneOf(registry, pbx);
  const link = await archive.presign(recordingKey(pbx, recording), {
    fileName: sharedFileName(recording, call.at, timeZone),
    download,
    seconds: linkSeconds,
    signedAt: now(),
  });
  const kind = continuation === undefined ? 'share-opened' : 'share-continued';
  log('info', kind, { pbx, recording });
  await accessLog.add({ kind, ...entry }, { call });
  const playsLeft = playsLeftOf(share);
  return {
    status: 200,
    body: {
      ...link,
      continuation: continuation ?? (await continuations.create(share)),
      download,
      at: call.at,
      timeZone,
      endsAt: share.endsAt,
      ...(playsLeft !== undefined && { playsLeft }),
      ...(call.seconds !== undefined && { seconds: call.seconds }),
      ...(call.codec !== undefined && { codec: call.codec }),
    } satisfies v.InferOutput<typeof openedShareSchema>,
  };
}

/** The share after its opening has been counted, or why it cannot be opened. */
async function countOpening(
  share: ShareRecord | undefined,
  passcode: string,
  deps: ShareDeps,
): Promise<ShareRecord | RefusalReason> {
  const end = share === undefined ? 'ended' : await findReasonToEnd(share, deps, { mayBeUsedUp: false });
  const usable = end === undefined ? share : undefined;
  const isUnlocked = await unlock(usable, passcode, deps);
  if (usable === undefined) return end ?? 'ended';
  if (!isUnlocked) return passcode === '' ? 'no-passcode' : 'wrong-passcode';
  const opened = await deps.shares.countPlay(usable);
  if (opened !== undefined) return opened;
  // It has been opened or revoked since it was read.
  const current = await deps.shares.find(usable.id);
  return (current && findEnd(current, deps.now())) ?? 'ended';
}

/** The share, or why its opening cannot go on. It has been counted, and a passcode was right if one was needed. */
async function goOn(
  share: ShareRecord | undefined,
  continuation: string,
  deps: ShareDeps,
): Promise<ShareRecord | RefusalReason> {
  if (share === undefined || !(await deps.continuations.isValid(continuation, share))) return 'opening-over';
  return (await findReasonToEnd(share, deps, { mayBeUsedUp: true })) ?? share;
}

async function findReasonToEnd(
  share: ShareRecord,
  { authorities, settings, archive, now }: ShareDeps,
  { mayBeUsedUp }: { mayBeUsedUp: boolean },
): Promise<RefusalReason | undefined> {
  if (!settings.shares.allowed) return 'shares-not-allowed';
  const end = findEnd(share, now());
  if (end !== undefined && !(mayBeUsedUp && end === 'used-up')) return end;
  const { pbx, recording, call, download } = share;
  const grants = await authorities.grantsFor(share);
  const subject = { pbx, from: call.from, to: call.to };
  const needed = download ? (['listen', 'share', 'download'] as const) : (['listen', 'share'] as const);
  if (!needed.every((right) => may({ grants }, right, subject))) return 'maker-lost-right';
  return (await archive.find(recordingKey(pbx, recording))) === undefined ? 'not-archived' : undefined;
}

/**
 * Whether the passcode is the one of the share, or none is needed. The costly comparison is made for every request that has
 * a passcode, so it does not tell whether there is a share, and whether it has a passcode. The requests to AWS still differ
 * by the reason: docs/security.md says who can measure that.
 */
async function unlock(
  share: ShareRecord | undefined,
  passcode: string,
  { shares }: ShareDeps,
): Promise<boolean> {
  const hashed = share?.passcode;
  if (passcode === '') return hashed === undefined;
  const mayTry = share !== undefined && hashed !== undefined && (await shares.takePasscodeAttempt(share));
  const isRight = await isPasscode(passcode, hashed);
  return hashed === undefined || (mayTry && isRight);
}
