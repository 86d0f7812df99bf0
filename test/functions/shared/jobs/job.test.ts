import { expect, test } from 'vitest';
import { readJob } from '../../../../functions/shared/jobs/job.ts';
import { readContainer } from '../../../../functions/shared/recordings/container.ts';

test('a job can be resumed whose recording has a byte rate with a fraction, such as that of the Macintosh', () => {
  // AIFF, 8-bit mono, at rate22khz = 0x56EE8BA3 / 65536 samples a second (Inside Macintosh: Sound).
  const head = Buffer.concat([
    Buffer.from('FORM\0\x0f\x42\x40AIFFCOMM\0\0\0\x12\0\x01\0\0\0\0\0\x08', 'latin1'),
    Buffer.from('400daddd174600000000', 'hex'),
    Buffer.from('SSND\0\x0f\x42\x1a\0\0\0\0\0\0\0\0', 'latin1'),
  ]);
  const container = readContainer(head, 'call.aiff');
  expect(container?.bytesPerSecond).toBeCloseTo(22254.545, 2);

  const job = {
    version: 1,
    pbx: 'head-office',
    recording: 'call.aiff',
    call: {},
    reportedAt: '2026-01-31T12:00:00.000Z',
    progress: { uploadId: 'u', parts: [], bytes: 0, crc32: 0, container },
  };
  expect(readJob(JSON.stringify(job)).progress?.container).toEqual(container);
});
