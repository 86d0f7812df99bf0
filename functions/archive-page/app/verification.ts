import type { Recording } from './contract.ts';
import type { Messages } from './messages/en.ts';

type Verified = Messages['verified'];
type Claim = Exclude<keyof Verified, 'label' | 'unknown' | 'short'>;

/** What speaks against the completeness of a recording. */
const DOUBTS: ReadonlySet<Claim> = new Set<Claim>([
  'header-contradicts',
  'header-states-more',
  'header-unwritten',
  'shorter-than-talk-time',
  'unknown-format',
]);

/** The evidence that a recording is complete. Values of older versions without a text are left out. */
export function verificationOf({ verifiedBy = [] }: Recording, { verified }: Messages) {
  const claims = verifiedBy
    // In versions before 0.2.
    .map((claim) => (claim === 'riff-header-unpatched' ? 'header-unwritten' : claim))
    // Each container has its own: `riff-header`, `ogg-header`, …
    .map((claim) => (/^[a-z0-9]+-header$/.test(claim) ? 'header' : claim))
    .filter((claim): claim is Claim => claim in verified && !['label', 'unknown', 'short'].includes(claim));
  const short = claims.some((claim) => DOUBTS.has(claim))
    ? verified.short.doubtful
    : claims.length > 0
      ? verified.short.sound
      : undefined;
  return {
    short,
    isDoubtful: short === verified.short.doubtful,
    sentences: claims.map((claim) => verified[claim]),
  };
}
