import { useEffect, useRef, useState } from 'preact/hooks';
import { Archive } from './archive.tsx';
import type { DialogName } from './dialog-names.ts';
import { errorText } from './error-text.ts';
import { Header } from './header.tsx';
import { type Language, useLocale } from './locale.tsx';
import { SignIn } from './sign-in.tsx';
import type { StopPlaying } from './use-play-report.ts';
import { useSession } from './use-session.ts';

export function ArchivePage({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const { m } = useLocale();
  const { session, api, start, signInWithToken, signInWithOidc, signOut } = useSession();
  const [dialog, setDialog] = useState<DialogName>();
  const stopPlaying: StopPlaying = useRef(async () => {});
  useEffect(() => {
    document.title = m.title;
  }, [m]);
  return (
    <>
      {session.state === 'signed-in' && (
        <>
          <a class="skip" href="#results">
            {m.skip}
          </a>
          <a class="skip" href="#player">
            {m.skipToPlayer}
          </a>
        </>
      )}
      <Header
        onLanguage={onLanguage}
        {...(session.state === 'signed-in' && {
          me: session.me,
          onDialog: setDialog,
          // Only somebody who is signed in can report what was played.
          onSignOut: () => void stopPlaying.current().then(signOut),
        })}
      />
      {session.state === 'loading' && (
        <p class="loading" role="status">
          {m.loading}
        </p>
      )}
      {session.state === 'failed' && (
        <main class="card">
          <h1>{m.title}</h1>
          <p role="alert">{errorText(session.error, m)}</p>
          <button type="button" class="button" onClick={() => void start()}>
            {m.tryAgain}
          </button>
        </main>
      )}
      {session.state === 'signed-out' && (
        <SignIn session={session} onToken={signInWithToken} onOidc={signInWithOidc} />
      )}
      {session.state === 'signed-in' && (
        <Archive api={api} me={session.me} dialog={dialog} onDialog={setDialog} stopPlaying={stopPlaying} />
      )}
    </>
  );
}
