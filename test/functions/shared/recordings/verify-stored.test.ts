import { describe, expect, test } from 'vitest';
import type { StoredRecording } from '../../../../functions/shared/recordings/recording-store.ts';
import { startArchiveHarness } from './archive-harness.ts';

/** Archives one recording in a bucket that tells of it, once it is written, as `tell` says. */
async function archive(tell: (stored: StoredRecording) => StoredRecording | undefined) {
  const harness = await startArchiveHarness();
  const find = harness.store.find;
  harness.store.find = async (key, signal) => {
    const stored = await find(key, signal);
    return stored === undefined ? undefined : tell(stored);
  };
  const call = harness.pbx.makeCall({ from: '1001', to: '1003' });
  const isDone = await harness.deliver(harness.jobFor(call));
  return { ...harness, isDone };
}

describe('what S3 says that it stored', () => {
  test('is what was received, and the job is done', async () => {
    const { isDone, deadLetters, postponed } = await archive((stored) => stored);
    expect(isDone).toBe(true);
    expect(deadLetters).toEqual([]);
    expect(postponed).toEqual([]);
  });

  test.each<[string, (stored: StoredRecording) => StoredRecording | undefined]>([
    ['another CRC32', (stored) => ({ ...stored, crc32: 'AAAAAA==' })],
    ['no CRC32', (stored) => ({ ...stored, crc32: undefined })],
    ['a byte less', (stored) => ({ ...stored, bytes: stored.bytes - 1 })],
    ['a byte more', (stored) => ({ ...stored, bytes: stored.bytes + 1 })],
    ['a CRC32 that is not of the whole', (stored) => ({ ...stored, isFullObjectChecksum: false })],
    ['nothing', () => undefined],
  ])('is %s: a person has to look at it, as a retry would find an object there', async (_, tell) => {
    const { deadLetters, postponed } = await archive(tell);
    expect(deadLetters).toMatchObject([
      { pbx: 'test', error: { code: 'stored-differently', kind: 'permanent' } },
    ]);
    expect(postponed).toEqual([]);
  });
});
