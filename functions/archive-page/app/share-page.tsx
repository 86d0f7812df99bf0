import { useEffect, useState } from 'preact/hooks';
import { MAX_PASSCODE_LENGTH, SHARE_TOKEN_LENGTH } from '../../shared/api/input-limits.ts';
import { announce } from './announcer.tsx';
import { ApiError } from './api.ts';
import { archiveNow } from './archive-clock.ts';
import type { OpenedShare } from './contract.ts';
import { errorText } from './error-text.ts';
import { Input } from './field.tsx';
import type { Formats } from './formats.ts';
import { Header } from './header.tsx';
import { readOpening } from './kept-opening.ts';
import { type Language, useLocale } from './locale.tsx';
import type { SharePageMessages } from './messages/share-page-en.ts';
import { unlessExpired } from './playback-state.ts';
import { useSharePageMessages } from './share-page-messages.ts';
import { Transport } from './transport.tsx';
import { useOpening } from './use-opening.ts';

/** What the recipient of a link sees. */
export function SharePage({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const [token, setToken] = useState(tokenInAddress);
  // Another link that is pasted into the same tab does not load the page again.
  useEffect(() => {
    const onHashChange = () => setToken(tokenInAddress());
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, []);
  return (
    <>
      <Header onLanguage={onLanguage} />
      <Share key={token} token={token} />
    </>
  );
}

/** What a mail program or a person has put after it, such as a full stop, is cut off. */
const tokenInAddress = () => location.hash.slice(1, 1 + SHARE_TOKEN_LENGTH);

/** Mail scanners and chats open links too, so nothing is opened before a person presses the button. */
function Share({ token }: { token: string }) {
  const { m, f } = useLocale();
  const s = useSharePageMessages();
  const { playback, opened, isOver, open, restore, renew } = useOpening(token);
  const [passcode, setPasscode] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [isRestoring, setRestoring] = useState(() => readOpening(token) !== undefined);

  useEffect(() => {
    void restore()
      .catch((error) => setProblem(errorText(error, m)))
      .finally(() => setRestoring(false));
  }, []);

  useEffect(() => {
    document.title = s.heading;
  }, [s]);

  // With another link, what was wrong is over.
  useEffect(() => setProblem(undefined), [opened]);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const share = await open(passcode);
      if (share === undefined) return;
      announce(validityOf(share, s, f));
      // The button that was pressed is gone.
      document.querySelector<HTMLElement>('.round.play')?.focus();
    } catch (error) {
      const refusal = refusalOf(error);
      setProblem(refusal ? s[refusal] : errorText(error, m));
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
    setProblem(undefined);
    try {
      const share = await renew();
      // The bucket's response says that it is a file to be saved, so the page stays.
      if (share) location.assign(share.url);
    } catch (error) {
      // To open it again would be another play, and may not be allowed.
      setProblem(errorText(error, m));
    }
  }

  const isForGood = opened !== undefined && isUsedUp(opened);
  const mayOpen = opened ? isOver && !isForGood : !isRestoring;
  const isWhole = token.length === SHARE_TOKEN_LENGTH;
  const alert = (
    <p class="problem" role="alert">
      {problem ?? (isOver && !isBusy && s.over[isForGood ? 'forGood' : 'tooLong'])}
    </p>
  );
  return (
    <main class="card share-page">
      <h1>{s.heading}</h1>
      {isRestoring && <p role="status">{m.loading}</p>}
      {opened === undefined && !isRestoring && <p>{s.text}</p>}
      {opened && (
        <>
          <p>
            {s.began} <strong>{f.dateTime(opened.at, opened.timeZone)}</strong>
          </p>
          <p>{validityOf(opened, s, f)}</p>
        </>
      )}
      {!isWhole && (
        <p class="problem" role="alert">
          {s.noToken}
        </p>
      )}
      {isWhole && mayOpen && (
        <form onSubmit={(event) => void submit(event)}>
          <Input
            label={s.passcode}
            hint={s.passcodeHint}
            type="password"
            autocomplete="off"
            maxLength={MAX_PASSCODE_LENGTH}
            value={passcode}
            onValue={setPasscode}
          />
          {alert}
          <button type="submit" class="button primary" aria-disabled={isBusy}>
            {opened ? s.reopen : s.open}
          </button>
          <p class="hint">{s.privacy}</p>
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
      {opened && !mayOpen && alert}
    </main>
  );
}

/** Until when the link can be opened again, and how often. */
function validityOf({ endsAt, timeZone, playsLeft }: OpenedShare, s: SharePageMessages, f: Formats): string {
  const end = s.validUntil(f.deadline(endsAt, timeZone));
  if (playsLeft === undefined) return `${end} ${s.opensAlways}`;
  return `${end} ${playsLeft === 0 ? s.opensNoMore : s.opensMore(f.number(playsLeft), playsLeft === 1)}`;
}

/** Whether a share can surely not be opened again. The archive does not say so, but the page knows the limits. */
const isUsedUp = ({ endsAt, playsLeft }: OpenedShare): boolean =>
  playsLeft === 0 || Date.parse(endsAt) <= archiveNow();

/** Whether the archive refused to open the link; `undefined` if it could not be asked. */
function refusalOf(error: unknown): 'refused' | 'tooMany' | undefined {
  const kind = error instanceof ApiError ? error.kind : 'unavailable';
  if (kind === 'network' || kind === 'unavailable') return undefined;
  return kind === 'too-many' ? 'tooMany' : 'refused';
}
