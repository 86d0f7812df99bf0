import { UsageError } from '../../infra/shared/command-line.ts';
import type { Edit } from './engine/module-hooks.ts';
import type { FaultKind } from './faults.ts';
import type { Family } from './pbx/office.ts';

/** A bug that somebody could introduce, and that the simulation must catch. */
export interface Mutation {
  name: string;
  edits: readonly Edit[];
  /** Faults without which the bug does no harm. It is tried where they are most frequent. */
  needs?: readonly FaultKind[];
  /** Seeds that revealed it. They are tried first. */
  seeds?: readonly number[];
  /** The PBXs in which the bug is. It is tried where the first one is such a PBX. */
  family?: Family;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'sizes in the header not checked',
    edits: [
      {
        file: 'functions/shared/recordings/completeness.ts',
        find: "container.sizes === 'none') return 'silent';",
        replace: "container.sizes === 'none') return 'silent';\n  return 'agrees';",
      },
    ],
  },
  {
    name: 'body not checked for text',
    edits: [
      {
        file: 'functions/shared/recordings/save-recording.ts',
        find: 'checkIsNoText(head, readFailure);',
        replace: '{}',
      },
    ],
  },
  {
    name: 'upload completed before it is checked',
    edits: [
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: 'const verifiedBy = verify({ bytes, crc32: crc32OfAll }, expectation, now());',
        replace: "const verifiedBy = (initial.verifiedBy ?? '').split(' ') as never;",
      },
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: "    if (saved.outcome === 'same' ||",
        replace:
          "    verify({ bytes, crc32: crc32OfAll }, expectation, now());\n    if (saved.outcome === 'same' ||",
      },
    ],
  },
  {
    name: 'random string reused for a retry',
    family: 's-series',
    edits: [
      {
        file: 'functions/shared/pbx/s-series/client.ts',
        find: 'query: { recording, random, token }',
        replace: 'query: { recording, random: ((globalThis.known ??= {})[recording] ??= random), token }',
      },
    ],
  },
  {
    name: 'report acknowledged before it is queued',
    edits: [
      {
        file: 'functions/cdr-webhook/receive-report.ts',
        find: 'await deps.queues.send(pbx.queueUrl, job);',
        replace: 'void deps.queues.send(pbx.queueUrl, job).catch(() => {});',
      },
    ],
  },
  {
    name: 'report accepted from anybody',
    edits: [
      {
        file: 'functions/cdr-webhook/receive-report.ts',
        find: '!(await pbx.isAuthentic(request))',
        replace: '!((await pbx.isAuthentic(request)) || true)',
      },
    ],
  },
  {
    name: 'message deleted although its job failed',
    edits: [
      {
        file: 'functions/archive-recording/handle-failure.ts',
        find: '    return isChanged;',
        replace: '    return true;',
      },
    ],
  },
  {
    name: 'job dropped without a dead letter',
    edits: [
      {
        file: 'functions/archive-recording/end-job.ts',
        find: "if (kind !== 'not-recorded' && marked !== 'duplicate')",
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'dead letter without its code',
    edits: [
      { file: 'functions/shared/jobs/queues.ts', find: '          code: text(error.code),\n', replace: '' },
    ],
  },
  {
    name: 'job dead-lettered after an hour',
    edits: [
      {
        file: 'functions/shared/jobs/retry-policy/decide.ts',
        find: 'MAX_AGE_MS = 10 * DAY_MS',
        replace: 'MAX_AGE_MS = DAY_MS / 24',
      },
    ],
  },
  {
    name: 'object overwritten',
    edits: [
      {
        file: 'functions/shared/recordings/uploads.ts',
        find: "replaces === undefined ? { IfNoneMatch: '*' }",
        replace: 'replaces === undefined ? {}',
      },
    ],
  },
  {
    name: 'shorter version takes the place of the longer',
    edits: [
      {
        file: 'functions/shared/recordings/compare-with-stored.ts',
        find: 'received.bytes > stored.bytes && isTrusted',
        replace: 'isTrusted',
      },
    ],
  },
  {
    name: 'longer version thrown away',
    edits: [
      {
        file: 'functions/shared/recordings/compare-with-stored.ts',
        find: "? 'replaces' : 'differs'",
        replace: "? 'same' : 'differs'",
      },
    ],
  },
  {
    name: 'other recording of the name thrown away',
    edits: [
      {
        file: 'functions/shared/recordings/compare-with-stored.ts',
        find: "? 'replaces' : 'differs'",
        replace: "? 'replaces' : 'same'",
      },
    ],
  },
  {
    name: 'other recording replaced without a copy',
    edits: [
      {
        file: 'functions/shared/recordings/create-object.ts',
        find: 'if (stored.callId === undefined || stored.callId !== callId)',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'failed upload left open',
    edits: [
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: '    if (!isKept || initial.bytes === 0) await discardUpload(upload, store);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'upload that will not be resumed left open',
    seeds: [8],
    edits: [
      {
        file: 'functions/archive-recording/handle-failure.ts',
        find: '    if (isChanged && job?.progress === undefined) await discardUploads(failure, deps);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'checksum of the last part for the whole',
    edits: [
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: 'combineCrc32(stored.crc32, checksum, bytes.length)',
        replace: 'checksum',
      },
    ],
  },
  {
    name: 'buffer refilled while it is being sent',
    edits: [
      {
        file: 'functions/shared/recordings/parts.ts',
        find: '[filling, other] = [other ?? buffers.take(), filling];',
        replace: '',
      },
    ],
  },
  {
    name: 'download resumed one byte too late',
    seeds: [329],
    needs: ['slow-uplink'],
    edits: [
      {
        file: 'functions/shared/recordings/open-download.ts',
        find: 'client.openRecording(token, recording, signal, progress.bytes);',
        replace: 'client.openRecording(token, recording, signal, progress.bytes + 1);',
      },
    ],
  },
  {
    name: 'whole file appended to the stored parts',
    seeds: [596],
    needs: ['pbx-cut', 'pbx-header-unwritten'],
    edits: [
      {
        file: 'functions/shared/recordings/open-download.ts',
        find: 'if (source.start === 0) return { source, isResumable: false };',
        replace: 'if (source.start === 0) return { source, stored: progress, isResumable: false };',
      },
    ],
  },
  {
    name: 'deadline after the timeout',
    edits: [
      {
        file: 'functions/shared/deadline.ts',
        find: 'JOB_RESERVE_MS = 40_000',
        replace: 'JOB_RESERVE_MS = -20_000',
      },
    ],
  },
  {
    name: 'login hold not saved',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: "if (failure.kind === 'login-held') await hold(leased, failure, credentials, deps);",
        replace: '',
      },
    ],
  },
  {
    name: 'login hold ignored',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: '  assertNotHeld(current.state, credentials, now());\n',
        replace: '',
      },
    ],
  },
  {
    name: 'wrong password retried',
    family: 's-series',
    edits: [
      {
        file: 'functions/shared/pbx/s-series/errors.ts',
        find: "'20003': {\n      kind: 'login-held'",
        replace: "'20003': {\n      kind: 'transient'",
      },
    ],
  },
  {
    name: 'session never renewed',
    family: 's-series',
    edits: [
      {
        file: 'functions/shared/pbx/s-series/errors.ts',
        find: "'20004': { kind: 'session-expired'",
        replace: "'20004': { kind: 'transient'",
      },
      {
        file: 'functions/shared/session/session.ts',
        find: 'if (!isRejected) throw error;',
        replace: 'throw error;',
      },
    ],
  },
  {
    name: 'token logged',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: 'logOpened(pbxId, tokens, deps.client.rules);',
        replace: "log('info', 'session-opened', { pbx: pbxId, token: tokens.token });",
      },
    ],
  },
  {
    name: 'job marked as queued, but not sent',
    edits: [{ file: 'functions/reconcile/queue-missing.ts', find: '    await send(job);\n', replace: '' }],
  },
  {
    name: 'only the first day of the call log read',
    family: 's-series',
    edits: [
      {
        file: 'functions/shared/call-log/windows.ts',
        find: '[...before.map((day) => windowOf(day)), windowOf(today.toString(), tomorrow.toString())]',
        replace: '[...before.map((day) => windowOf(day)), windowOf(today.toString())].slice(0, 1)',
      },
    ],
  },
  {
    name: 'loss counted repeatedly',
    needs: ['pbx-deleted', 'killed-after-effect'],
    edits: [
      {
        file: 'functions/shared/recordings/markers.ts',
        find: "return settledAt > 0 ? 'duplicate' : 'again';",
        replace: "return 'first';",
      },
    ],
  },
  {
    name: 'second dead letter for a recording',
    edits: [
      {
        file: 'functions/archive-recording/end-job.ts',
        find: "if (kind !== 'not-recorded' && marked !== 'duplicate')",
        replace: "if (kind !== 'not-recorded')",
      },
    ],
  },
  {
    name: 'recording lost at the first response',
    edits: [
      {
        file: 'functions/shared/jobs/retry-policy/persistent-failures.ts',
        find: 'missing: { ...A_DAY,',
        replace: 'missing: { patienceMs: 0, count: 0,',
      },
    ],
  },
  {
    name: 'ending of another job not seen',
    seeds: [724],
    needs: ['pbx-deleted', 'report-repeated'],
    edits: [
      {
        file: 'functions/shared/recordings/markers.ts',
        find: "if (isFresh && isOfCall(marked, call)) return 'duplicate';",
        replace: '',
      },
    ],
  },
  {
    name: 'endings of earlier calls forgotten',
    seeds: [650],
    needs: ['pbx-name-reused', 'sqs-delivered-twice'],
    edits: [
      {
        file: 'functions/shared/recordings/earlier-calls.ts',
        find: '.slice(0, MAX_EARLIER_CALLS)',
        replace: '.slice(0, 0)',
      },
    ],
  },
  {
    name: 'job ended by one slow download',
    seeds: [300],
    needs: ['slow-uplink'],
    edits: [
      {
        file: 'functions/shared/jobs/retry-policy/persistent-failures.ts',
        find: "'too-slow': { ...A_DAY,",
        replace: "'too-slow': { patienceMs: 0, count: 0,",
      },
    ],
  },
  {
    name: 'storage that is away taken for a loss',
    needs: ['pbx-storage-away'],
    edits: [
      {
        file: 'functions/archive-recording/record-findings.ts',
        find: 'if (since === undefined) return false;',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'recording of an older call taken for this one',
    needs: ['pbx-name-reused', 'pbx-name-reused-deleted'],
    edits: [
      {
        file: 'functions/archive-recording/handle-failure.ts',
        find: 'stored !== undefined && isSettled(stored, job)',
        replace: 'stored !== undefined',
      },
    ],
  },
  {
    name: 'unanswered call counted as lost',
    edits: [
      {
        file: 'functions/shared/jobs/retry-policy/persistent-failures.ts',
        find: "isUnanswered && kind !== 'too-slow' ? UNANSWERED_LIMIT : ",
        replace: '',
      },
    ],
  },
  {
    name: 'empty recording retried for ten days',
    edits: [
      {
        file: 'functions/shared/pbx/errors.ts',
        find: "{ kind: 'empty' }",
        replace: '{}',
      },
    ],
  },
  {
    name: 'recording archived while it grows',
    edits: [
      {
        file: 'functions/shared/recordings/completeness.ts',
        find: 'if (ageMs >= SETTLED_AFTER_MS) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'odd header believed at the first download',
    edits: [
      {
        file: 'functions/shared/recordings/completeness.ts',
        find: 'if (now < download.at + intervalMs) throw',
        replace: 'if (false) throw',
      },
    ],
  },
  {
    name: 'first download forgotten',
    edits: [
      {
        file: 'functions/archive-recording/record-findings.ts',
        find: '    download: error instanceof Unverified',
        replace: '    download: false',
      },
    ],
  },
  {
    name: 'archived recording downloaded again',
    edits: [
      {
        file: 'functions/shared/recordings/archive-recording.ts',
        find: 'if ((isRepeated || job.progress !== undefined) &&',
        replace: 'if (job.progress !== undefined &&',
      },
    ],
  },
  {
    name: 'job queued by every reconciliation',
    edits: [
      {
        file: 'functions/reconcile/queue-missing.ts',
        find: 'queuedAt === undefined || at - queuedAt >= REPEAT_AFTER_MS',
        replace: 'true',
      },
    ],
  },
  {
    name: 'job queued for a recording that is lost',
    needs: ['pbx-deleted'],
    edits: [
      {
        file: 'functions/reconcile/queue-missing.ts',
        find: 'missing.filter(({ ended }) => ended === undefined)',
        replace: 'missing',
      },
      {
        file: 'functions/reconcile/queue-missing.ts',
        find: '({ queuedAt }) => queuedAt',
        replace: '({ queuedAt, ended }) => ended !== undefined || queuedAt',
      },
    ],
  },
  {
    name: 'NULs behind JSON not removed',
    family: 's-series',
    needs: ['pbx-padded'],
    edits: [
      {
        file: 'functions/shared/pbx/parse-json.ts',
        find: "trimPadding(text.replace(REST_OF_BUFFER, ''))",
        replace: 'text',
      },
    ],
  },
  {
    name: 'report that is no JSON dropped',
    family: 's-series',
    edits: [
      { file: 'functions/shared/pbx/s-series/report.ts', find: 'json ?? findFields(text)', replace: 'json' },
    ],
  },
  {
    name: 'new tokens used before they are saved',
    family: 'p-series',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: 'const saved = await store.replace(snapshot, state);\n    return saved && { token, snapshot: saved };',
        replace:
          'setTimeout(() => store.replace(snapshot, state).catch(() => {}), 2000);\n    return { token, snapshot };',
      },
    ],
  },
  {
    name: 'token asked for anew instead of refreshed',
    family: 'p-series',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: 'now() - openedAt < refreshTokenLifeMs',
        replace: 'now() - openedAt < 0 * refreshTokenLifeMs',
      },
    ],
  },
  {
    name: 'signature not checked',
    family: 'p-series',
    needs: ['report-forged'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/report.ts',
        find: 'signature !== undefined && isSignedWith(secret, body, signature)',
        replace: 'secret !== undefined && body.length > 0 && signature !== ""',
      },
    ],
  },
  {
    name: 'token renewed for a wrong parameter',
    family: 'p-series',
    needs: ['p-series-parameter-refused'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/errors.ts',
        find: "'40002': OUR_FAULT",
        replace: "'40002': { ...OUR_FAULT, kind: 'session-expired' }",
      },
    ],
  },
  {
    name: 'refused client secret tried again',
    family: 'p-series',
    needs: ['password-changed-in-pbx'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/errors.ts',
        find: "const REFUSED_CREDENTIALS: Meaning = {\n  kind: 'login-held'",
        replace: "const REFUSED_CREDENTIALS: Meaning = {\n  kind: 'transient'",
      },
    ],
  },
  {
    name: 'download path followed anywhere',
    family: 'p-series',
    needs: ['p-series-foreign-download'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/client.ts',
        find: 'const response = await send(\n      {\n        path: readResourcePath(offered.download_resource_url),',
        replace:
          'const url = new URL(offered.download_resource_url, pbx.baseUrl);\n    const open = createTransport({ ...pbx, baseUrl: url.origin });\n    const response = await (url.origin === pbx.baseUrl ? send : open)(\n      {\n        path: url.pathname,',
      },
    ],
  },
  {
    name: 'recording in the archive of the PBX lost',
    family: 'p-series',
    needs: ['p-series-archived-away'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/client.ts',
        find: 'throw isMoved ? movedAway() : error;',
        replace: 'throw error;',
      },
    ],
  },
  {
    name: 'empty list of recordings believed',
    family: 'p-series',
    needs: ['p-series-search-silent', 'report-lost'],
    edits: [
      {
        file: 'functions/shared/pbx/p-series/list-recordings.ts',
        find: '(found.rows.length === 0 && !(await understandsTimes(list, timeZone)))',
        replace: 'false',
      },
    ],
  },
  {
    name: 'type of a recording taken from its name',
    family: 'p-series',
    needs: ['p-series-mp3'],
    edits: [
      {
        file: 'functions/shared/recordings/save-recording.ts',
        find: 'contentType: contentTypeOf(container) ?? contentType',
        replace: 'contentType',
      },
    ],
  },
  {
    name: 'permission to queue a job again missing',
    edits: [
      {
        file: 'infra/stack/archive-stack.ts',
        find: 'pbx.grantRetries(archiver.role);',
        replace: '',
      },
    ],
  },
];

export function mutationNamed(name: string): Mutation {
  const mutation = MUTATIONS.find((candidate) => candidate.name === name);
  if (mutation === undefined)
    throw new UsageError(`There is no bug "${name}"; see the names in test/simulation/mutations.ts.`);
  return mutation;
}
