import { expect, test } from 'vitest';
import { verificationOf } from '../../../functions/archive-page/app/verification.ts';

const describeClaims = (...verifiedBy: string[]) =>
  verificationOf({
    pbx: 'hq',
    recording: 'a.wav',
    state: 'archived',
    at: '2026-01-15T10:00:00.000Z',
    verifiedBy,
  });

test('a recording is verified if something speaks for it, and nothing against it', () => {
  expect(describeClaims('content-length', 'riff-header')).toEqual({
    verdict: 'sound',
    claims: ['content-length', 'header'],
  });
  expect(describeClaims('content-length', 'shorter-than-talk-time').verdict).toBe('doubtful');
});

// docs/architecture.md: it counts as a doubt.
test('a doubt of versions before 0.2 is one', () => {
  expect(describeClaims('content-length', 'riff-header-unpatched')).toEqual({
    verdict: 'doubtful',
    claims: ['content-length', 'header-unwritten'],
  });
});

test('what is not known is claimed neither way', () => {
  for (const claims of [[], ['nothing'], ['a-claim-of-a-later-version']])
    expect(describeClaims(...claims)).toEqual({ verdict: undefined, claims: [] });
});
