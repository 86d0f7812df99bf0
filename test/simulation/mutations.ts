import { UsageError } from '../../infra/shared/command-line.ts';
import type { Edit } from './engine/module-hooks.ts';

/** A bug that somebody could introduce, and that the simulation must catch. */
export interface Mutation {
  name: string;
  edits: readonly Edit[];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'length not checked',
    edits: [
      {
        file: 'functions/shared/recordings/verification.ts',
        find: '  const expected = totalBytes',
        replace: '  if (bytes >= 0) return;\n  const expected = totalBytes',
      },
    ],
  },
  {
    name: 'sizes in the RIFF header not checked',
    edits: [
      {
        file: 'functions/shared/recordings/verification.ts',
        find: 'totalBytes ?? riff?.totalBytes ?? riff?.audioEndsAt ?? bytes',
        replace: 'totalBytes ?? bytes',
      },
      {
        file: 'functions/shared/recordings/verification.ts',
        find: 'if (riff === undefined) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'body not checked for audio',
    edits: [
      { file: 'functions/shared/recordings/save-recording.ts', find: '  checkIsAudio(head);\n', replace: '' },
    ],
  },
  {
    name: 'upload completed before it is checked',
    edits: [
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: '    checkIsComplete(stored.bytes + part.bytes.length, stored);\n',
        replace: '',
      },
      {
        file: 'functions/shared/recordings/save-in-parts.ts',
        find: 'const outcome = await store.complete(upload, contents, signal);',
        replace:
          'const outcome = await store.complete(upload, contents, signal); checkIsComplete(bytes, stored);',
      },
    ],
  },
  {
    name: 'random string reused for a retry',
    edits: [
      {
        file: 'functions/shared/pbx/client.ts',
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
        find: '!(await pbx.isSecret(secret))',
        replace: '!((await pbx.isSecret(secret)) || true)',
      },
    ],
  },
  {
    name: 'message deleted although its job failed',
    edits: [
      {
        file: 'functions/archive-recording/handle-failure.ts',
        find: 'return scheduleRetry(failure, decision.afterSeconds, deps);',
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'job dropped without a dead letter',
    edits: [
      {
        file: 'functions/archive-recording/handle-failure.ts',
        find: "case 'dead-letter':\n      return deadLetter(failure, deps);",
        replace: "case 'dead-letter':\n      return true;",
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
        file: 'functions/shared/jobs/retry-policy.ts',
        find: 'MAX_AGE_MS = 10 * DAY_MS',
        replace: 'MAX_AGE_MS = DAY_MS / 24',
      },
    ],
  },
  {
    name: 'object overwritten',
    edits: [
      {
        file: 'functions/shared/recordings/recording-store.ts',
        find: "        IfNoneMatch: '*',\n",
        replace: '',
      },
    ],
  },
  {
    name: 'multipart object overwritten',
    edits: [
      { file: 'functions/shared/recordings/uploads.ts', find: "        IfNoneMatch: '*',\n", replace: '' },
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
    edits: [
      {
        file: 'functions/shared/recordings/archive-recording.ts',
        find: 'client.openRecording(token, recording, signal, progress.bytes);',
        replace: 'client.openRecording(token, recording, signal, progress.bytes + 1);',
      },
    ],
  },
  {
    name: 'whole file appended to the stored parts',
    edits: [
      {
        file: 'functions/shared/recordings/archive-recording.ts',
        find: 'if (source.start === 0) return { source, isResumable: false };',
        replace: 'if (source.start === 0) return { source, stored: progress, isResumable: false };',
      },
    ],
  },
  {
    name: 'deadline after the timeout',
    edits: [
      { file: 'functions/shared/deadline.ts', find: 'RESERVE_MS = 20_000', replace: 'RESERVE_MS = -20_000' },
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
        find: '  assertNotHeld(current.state, credentials, now(), retryRefused);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'wrong password retried',
    edits: [
      {
        file: 'functions/shared/pbx/errors.ts',
        find: "'20003': {\n      kind: 'login-held'",
        replace: "'20003': {\n      kind: 'transient'",
      },
    ],
  },
  {
    name: 'session never renewed',
    edits: [
      {
        file: 'functions/shared/pbx/errors.ts',
        find: "'20004': { kind: 'session-expired'",
        replace: "'20004': { kind: 'transient'",
      },
      {
        file: 'functions/shared/session/session.ts',
        find: 'if (!(error instanceof PbxRefusal)) throw error;',
        replace: 'throw error;',
      },
    ],
  },
  {
    name: 'token logged',
    edits: [
      {
        file: 'functions/shared/session/login.ts',
        find: "log('info', 'session-opened', { pbx: pbxId });",
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
    edits: [
      {
        file: 'functions/shared/recordings/markers.ts',
        find: 'hasStatus(error, 412)) return false;',
        replace: 'hasStatus(error, 412)) return true;',
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
