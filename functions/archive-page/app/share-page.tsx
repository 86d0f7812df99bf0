import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { MAX_PASSCODE_LENGTH } from '../../shared/api/input-limits.ts';
import { announce } from './announcer.tsx';
import { ApiError, createApi } from './api.ts';
import type { OpenedShare } from './contract.ts';
import { errorText } from './error-text.ts';
import { Input } from './field.tsx';
import { type Locale, useLocale } from './locale.tsx';
import { Playback } from './playback.ts';
import { unlessExpired } from './playback-state.ts';
import { Transport } from './transport.tsx';
import { usePlayback } from './use-playback.ts';

/** What the recipient of a link sees. */
export function SharePage() {
  const [token, setToken] = useState(tokenInAddress);
  // Another link that is pasted into the same tab does not load the page again.
  useEffect(() => {
    const onHashChange = () => setToken(tokenInAddress());
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, []);
  return <Share key={token} token={token} />;
}

const tokenInAddress = () => location.hash.slice(1);

/** Mail scanners and chats open links too, so nothing is opened before a person presses the button. */
function Share({ token }: { token: string }) {
  const locale = useLocale();
  const { m, f } = locale;
  const api = useMemo(() => createApi(), []);
  const playback = useMemo(() => new Playback(), []);
  const { problem: playbackProblem, position, playing } = usePlayback(playback);
  const [passcode, setPasscode] = useState('');
  const [opened, setOpened] = useState<OpenedShare>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  /** The file could not be saved, because the archive gives no other link. */
  const [isOver, setOver] = useState(false);

  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
      playback.close();
    },
    [playback],
  );

  /** Another link for what is open; `undefined` if the archive gives no other. */
  async function goOn(continuation: string): Promise<OpenedShare | undefined> {
    setProblem(undefined);
    try {
      const share = await api.continueShare(token, continuation);
      // It may have been opened again by now.
      setOpened((current) => (current?.continuation === continuation ? share : current));
      setOver(false);
      return share;
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  async function open(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    const resumeAt = opened ? position : 0;
    try {
      const share = await api.openShare(token, passcode);
      // Another link is in the address by now.
      if (isGone.current) return;
      setOpened(share);
      setOver(false);
      announce(validityOf(share, locale));
      const { codec, seconds, continuation } = share;
      const track = { codec, seconds, renew: () => goOn(continuation) };
      await playback.open(track, { link: share, autoplay: playing || !isOver });
      if (resumeAt > 0) playback.seek(resumeAt);
      // The button that was pressed is gone.
      document.querySelector<HTMLElement>('.round.play')?.focus();
    } catch (error) {
      const refusal = refusalOf(error);
      setProblem(refusal ? m.sharePage[refusal] : errorText(error, m));
      if (refusal !== 'refused') return;
      // The API does not say whether the passcode was wrong, but a person can correct nothing else.
      const field = (event.target as HTMLFormElement).querySelector('input');
      field?.focus();
      field?.select();
    } finally {
      setBusy(false);
    }
  }

  async function download(event: Event): Promise<void> {
    if (opened === undefined || unlessExpired(opened)) return;
    event.preventDefault();
    try {
      const share = await goOn(opened.continuation);
      // The bucket's response says that it is a file to be saved, so the page stays.
      if (share) return location.assign(share.url);
      setOver(true);
      setProblem(m.player.problem.ended);
    } catch (error) {
      // To open it again would be another play, and may not be allowed.
      setProblem(errorText(error, m));
    }
  }

  const mustReopen = opened !== undefined && (playbackProblem === 'ended' || isOver);
  return (
    <main class="card share-page">
      <h1>{m.sharePage.heading}</h1>
      {opened === undefined && <p>{m.sharePage.text}</p>}
      {opened && (
        <>
          <p>
            {m.sharePage.began} <strong>{f.dateTime(opened.at, opened.timeZone)}</strong>
          </p>
          <p>{validityOf(opened, locale)}</p>
        </>
      )}
      {token === '' && (
        <p class="problem" role="alert">
          {m.sharePage.noToken}
        </p>
      )}
      {token !== '' && (opened === undefined || mustReopen) && (
        <form onSubmit={(event) => void open(event)}>
          <Input
            label={m.sharePage.passcode}
            hint={m.sharePage.passcodeHint}
            type="password"
            autocomplete="off"
            maxLength={MAX_PASSCODE_LENGTH}
            value={passcode}
            onValue={setPasscode}
          />
          <p class="problem" role="alert">
            {problem}
          </p>
          <button type="submit" class="button primary" aria-disabled={isBusy}>
            {mustReopen ? m.sharePage.reopen : m.sharePage.open}
          </button>
          <p class="hint">{m.sharePage.privacy}</p>
        </form>
      )}
      {opened && (
        <Transport playback={playback}>
          {opened.download && (
            <a
              class="chip"
              href={opened.url}
              download=""
              rel="noreferrer"
              onClick={(event) => void download(event)}
            >
              {m.player.download}
            </a>
          )}
        </Transport>
      )}
      {opened && !mustReopen && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </main>
  );
}

/** Until when the link can be opened again, and how often. */
function validityOf({ endsAt, timeZone, playsLeft }: OpenedShare, { m, f }: Locale): string {
  const { validUntil, opensAlways, opensMore, opensNoMore } = m.sharePage;
  const end = validUntil(f.deadline(endsAt, timeZone));
  if (playsLeft === undefined) return `${end} ${opensAlways}`;
  return `${end} ${playsLeft === 0 ? opensNoMore : opensMore(f.number(playsLeft), playsLeft === 1)}`;
}

/** Whether the archive refused to open the link; `undefined` if it could not be asked. */
function refusalOf(error: unknown): 'refused' | 'tooMany' | undefined {
  const kind = error instanceof ApiError ? error.kind : 'unavailable';
  if (kind === 'network' || kind === 'unavailable') return undefined;
  return kind === 'too-many' ? 'tooMany' : 'refused';
}
