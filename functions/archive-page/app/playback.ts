import { fetchAsWav, isDecoderMissing } from './audio-decoder.ts';
import type { Link } from './contract.ts';
import { isSupported } from './formats-supported.ts';
import {
  NOTHING_OPEN,
  type OpenOptions,
  type PlaybackProblem,
  type PlaybackState,
  type Track,
  unlessExpired,
} from './playback-state.ts';
import { readPreference, savePreference } from './preferences.ts';

/**
 * Plays one recording at a time. When its link has expired, it gets a new one and goes on at the same second: before
 * playing or seeking if the link's time is over, and after an error of the player, which does not say why a request
 * has failed.
 */
export class Playback {
  private readonly audio = new Audio();
  private readonly listeners = new Set<() => void>();
  private state: PlaybackState;
  private link: Link | undefined;
  /** URL of the decoded recording; `undefined` if the browser plays the file itself. */
  private blobUrl: string | undefined;
  /** Position of the last failure. A second one at the same place is not the link's fault. */
  private failedAt: number | undefined;
  /** Counts loads, so that a slow one does not disturb the next. */
  private generation = 0;

  constructor() {
    const { audio } = this;
    audio.volume = Number(readPreference('volume') ?? 1);
    this.state = { ...NOTHING_OPEN, rate: 1, volume: audio.volume };
    const on = (event: string, update: () => Partial<PlaybackState>) =>
      audio.addEventListener(event, () => this.set(update()));
    for (const event of ['play', 'pause', 'ended']) {
      on(event, () => (this.state.status === 'ready' ? { playing: !audio.paused && !audio.ended } : {}));
    }
    on('timeupdate', () => {
      // While a new link is loaded, the element is at its beginning again. If there is none, it stays where it was.
      if (audio.readyState === 0 || this.state.status !== 'ready' || this.state.problem) return {};
      if (this.failedAt !== undefined && audio.currentTime > this.failedAt + 1) this.failedAt = undefined;
      return { position: audio.currentTime };
    });
    on('durationchange', () => (Number.isFinite(audio.duration) ? { duration: audio.duration } : {}));
    on('volumechange', () => ({ volume: audio.muted ? 0 : audio.volume }));
    audio.addEventListener('error', () => this.onError());
  }

  get current(): PlaybackState {
    return this.state;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Opens a recording, with a link that is there already or a new one. */
  async open(track: Track, { link, autoplay = true, position = 0 }: OpenOptions = {}): Promise<void> {
    this.close();
    this.set({ track, duration: track.seconds ?? 0 });
    await this.load(position, autoplay, link);
  }

  close(): void {
    this.generation += 1;
    this.audio.removeAttribute('src');
    this.audio.load();
    if (this.blobUrl !== undefined) URL.revokeObjectURL(this.blobUrl);
    this.blobUrl = undefined;
    this.link = undefined;
    this.failedAt = undefined;
    this.set(NOTHING_OPEN);
  }

  /** A link that is valid for at least some seconds. */
  async freshLink(): Promise<Link> {
    const link = unlessExpired(this.link) ?? (await this.state.track?.renew());
    if (link === undefined) throw new Error('no link');
    return link;
  }

  toggle(): void {
    const { track, status, playing, position } = this.state;
    if (track === undefined) return;
    // While it is loading, this decides what it does then.
    if (status !== 'ready') this.set({ playing: !playing });
    else if (playing) this.audio.pause();
    else if (this.needsLoad()) void this.load(this.audio.ended ? 0 : position, true);
    else void this.play();
  }

  seek(seconds: number): void {
    const { track, status, playing, duration } = this.state;
    if (track === undefined) return;
    const position = Math.max(0, duration > 0 ? Math.min(seconds, duration) : seconds);
    this.set({ position });
    if (status !== 'ready') return;
    if (this.needsLoad()) void this.load(position, playing);
    else this.audio.currentTime = position;
  }

  readonly seekBy = (seconds: number): void => this.seek(this.state.position + seconds);

  setRate(rate: number): void {
    // Loading another file resets the rate to the default one.
    this.audio.defaultPlaybackRate = rate;
    this.audio.playbackRate = rate;
    this.set({ rate });
  }

  setVolume(volume: number): void {
    this.audio.volume = volume;
    savePreference('volume', String(volume));
  }

  private needsLoad(): boolean {
    if (this.state.problem !== undefined) return true;
    // A decoded recording is there as a whole.
    return this.blobUrl === undefined && unlessExpired(this.link) === undefined;
  }

  private async load(position: number, autoplay: boolean, given?: Link): Promise<void> {
    const { track } = this.state;
    if (track === undefined) return;
    const generation = ++this.generation;
    const isOver = () => generation !== this.generation;
    this.set({ status: 'loading', problem: undefined, playing: autoplay, position });
    let link: Link | undefined;
    try {
      link = given ?? (await track.renew());
    } catch (error) {
      if (!isOver()) this.fail('link', error);
      return;
    }
    if (isOver()) return;
    if (link === undefined) return this.fail('ended');
    this.link = link;
    const url = track.codec === 'gsm' ? await this.decode(link.url, isOver) : link.url;
    if (url === undefined || isOver()) return;
    this.audio.onloadedmetadata = () => {
      if (isOver()) return;
      // Both may have changed meanwhile.
      const wanted = this.state;
      if (wanted.position > 0) this.audio.currentTime = wanted.position;
      this.set({ status: 'ready' });
      if (wanted.playing) void this.play();
    };
    this.audio.src = url;
    this.audio.load();
  }

  private async decode(url: string, isOver: () => boolean): Promise<string | undefined> {
    this.set({ status: 'decoding' });
    try {
      const wav = await fetchAsWav(url);
      if (isOver()) return undefined;
      if (this.blobUrl !== undefined) URL.revokeObjectURL(this.blobUrl);
      this.blobUrl = URL.createObjectURL(wav);
      return this.blobUrl;
    } catch (error) {
      if (!isOver()) this.fail(isDecoderMissing(error) ? 'not-loaded' : 'network');
      return undefined;
    }
  }

  private async play(): Promise<void> {
    const { generation } = this;
    await this.audio.play().catch(() => {
      // A browser may refuse to play before the person has done anything. It also fails when another load begins.
      if (generation === this.generation) this.set({ playing: !this.audio.paused });
    });
  }

  private onError(): void {
    const { track, position, playing } = this.state;
    if (track === undefined || !this.audio.hasAttribute('src')) return;
    const cannotDecode = this.audio.error?.code === MediaError.MEDIA_ERR_DECODE || this.blobUrl !== undefined;
    const hasFailedHere = this.failedAt !== undefined && Math.abs(position - this.failedAt) <= 1;
    // Without a sound output, Firefox reports that it cannot decode the file.
    if (cannotDecode || hasFailedHere) this.fail(isSupported(track) ? 'network' : 'unsupported');
    else {
      this.failedAt = position;
      void this.load(position, playing);
    }
  }

  private fail(problem: PlaybackProblem, error?: unknown): void {
    this.audio.pause();
    this.set({ status: 'ready', playing: false, problem, error });
  }

  private set(change: Partial<PlaybackState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
