import { describe, expect, test } from 'vitest';
import type { StoredRecording } from '../../../../functions/shared/recordings/compare-with-stored.ts';
import { startArchiveHarness } from './archive-harness.ts';

/** Archives one recording in a bucket whose description of the written object is changed by `change`. */
async function archive(change: (stored: StoredRecording) => StoredRecording | undefined) {
  const harness = await startArchiveHarness();
  const find = harness.store.find;
  harness.store.find = async (key, signal) => {
    const stored = await find(key, signal);
    return stored === undefined ? undefined : change(stored);
  };
  const call = harness.pbx.makeCall({ from: '1001', to: '1003' });
  const isDone = await harness.deliver(harness.jobFor(call));
  return { ...harness, isDone };
}

describe('what S3 reports as stored', () => {
  test('is what was received, and the job is acknowledged', async () => {
    const { isDone, deadLetters, retryDelays } = await archive((stored) => stored);
    expect(isDone).toBe(true);
    expect(deadLetters).toEqual([]);
    expect(retryDelays).toEqual([]);
  });

  test.each<[string, (stored: StoredRecording) => StoredRecording | undefined]>([
    ['another CRC32', (stored) => ({ ...stored, crc32: 'AAAAAA==' })],
    ['no CRC32', (stored) => ({ ...stored, crc32: undefined })],
    ['one byte less', (stored) => ({ ...stored, bytes: stored.bytes - 1 })],
    ['one byte more', (stored) => ({ ...stored, bytes: stored.bytes + 1 })],
    ['a CRC32 that is not of the whole object', (stored) => ({ ...stored, isFullObjectChecksum: false })],
    ['nothing', () => undefined],
  ])(
    'is %s: the job is dead-lettered at once, because a retry would find an existing object',
    async (_, change) => {
      const { deadLetters, retryDelays } = await archive(change);
      expect(deadLetters).toMatchObject([
        { pbx: 'test', error: { code: 'stored-differently', kind: 'permanent' } },
      ]);
      expect(retryDelays).toEqual([]);
    },
  );
});
