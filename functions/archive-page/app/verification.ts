import type { Recording } from './contract.ts';

/** What speaks for the completeness of a recording. */
const EVIDENCE = ['content-length', 'listed-size', 'header', 'identical-downloads'] as const;

/** What speaks against it. */
const DOUBTS = [
  'header-contradicts',
  'header-states-more',
  'header-unwritten',
  'shorter-than-talk-time',
  'unknown-format',
] as const;

export type Claim = (typeof EVIDENCE | typeof DOUBTS)[number];

const KNOWN: readonly string[] = [...EVIDENCE, ...DOUBTS];

/** What is known about the completeness of a recording. Values of older versions without a text are left out. */
export function verificationOf({ verifiedBy = [] }: Recording) {
  const claims = verifiedBy
    // In versions before 0.2.
    .map((claim) => (claim === 'riff-header-unpatched' ? 'header-unwritten' : claim))
    // Each container has its own: `riff-header`, `ogg-header`, …
    .map((claim) => (/^[a-z0-9]+-header$/.test(claim) ? 'header' : claim))
    .filter((claim): claim is Claim => KNOWN.includes(claim));
  const isDoubtful = DOUBTS.some((doubt) => claims.includes(doubt));
  const verdict = isDoubtful ? 'doubtful' : claims.length > 0 ? 'sound' : undefined;
  return { claims, verdict } as const;
}
