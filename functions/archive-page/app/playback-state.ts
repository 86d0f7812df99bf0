import type { Codec } from '../../shared/recording-index/row.ts';
import { archiveNow } from './archive-clock.ts';
import type { Link } from './contract.ts';

export interface Track {
  codec: Codec | undefined;
  /** Expected length, until the player knows it. */
  seconds: number | undefined;
  /** Gets a link, or `undefined` if there will be no other. */
  renew: () => Promise<Link | undefined>;
}

export interface OpenOptions {
  /** One that is there already. */
  link?: Link;
  autoplay?: boolean;
  position?: number;
}

/**
 * Why nothing plays: the archive gave no link, a file did not arrive or there is no sound output, the browser does not
 * play the format, the page's decoder was not loaded, or the link has ended and there is no other.
 */
export type PlaybackProblem = 'link' | 'network' | 'unsupported' | 'not-loaded' | 'ended';

export interface PlaybackState {
  track: Track | undefined;
  status: 'loading' | 'decoding' | 'ready';
  playing: boolean;
  position: number;
  duration: number;
  rate: number;
  volume: number;
  problem: PlaybackProblem | undefined;
  /** Why the archive gave no link. */
  error: unknown;
}

export const NOTHING_OPEN = {
  track: undefined,
  status: 'ready',
  playing: false,
  position: 0,
  duration: 0,
  problem: undefined,
  error: undefined,
} as const satisfies Partial<PlaybackState>;

/** How far the player goes back or forward at once. */
export const STEP_SECONDS = 10;

export const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** A link is renewed this long before it expires, so that it is still valid when S3 gets it. */
const MARGIN_MS = 10_000;

export const isExpired = ({ expiresAt }: Link): boolean => Date.parse(expiresAt) - MARGIN_MS < archiveNow();

export const unlessExpired = (link: Link | undefined): Link | undefined =>
  link === undefined || isExpired(link) ? undefined : link;
