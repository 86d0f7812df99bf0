import { expect, test } from 'vitest';
import { en } from '../../../functions/archive-page/app/messages/en.ts';
import { verificationOf } from '../../../functions/archive-page/app/verification.ts';

const describeClaims = (...verifiedBy: string[]) =>
  verificationOf(
    { pbx: 'hq', recording: 'a.wav', state: 'archived', at: '2026-01-15T10:00:00.000Z', verifiedBy },
    en,
  );

test('a recording is verified if something speaks for it, and nothing against it', () => {
  expect(describeClaims('content-length', 'riff-header')).toEqual({
    short: 'verified as complete',
    isDoubtful: false,
    sentences: [en.verified['content-length'], en.verified.header],
  });
  expect(describeClaims('content-length', 'shorter-than-talk-time').isDoubtful).toBe(true);
});

// docs/architecture.md: it counts as a doubt.
test('a doubt of versions before 0.2 is one', () => {
  expect(describeClaims('content-length', 'riff-header-unpatched')).toEqual({
    short: 'may be incomplete',
    isDoubtful: true,
    sentences: [en.verified['content-length'], en.verified['header-unwritten']],
  });
});

test('what is not known is claimed neither way', () => {
  for (const claims of [[], ['nothing'], ['a-claim-of-a-later-version']])
    expect(describeClaims(...claims)).toEqual({ short: undefined, isDoubtful: false, sentences: [] });
});
