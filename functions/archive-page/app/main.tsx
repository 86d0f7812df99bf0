import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { Archive } from './archive.tsx';
import type { DialogName } from './dialog-names.ts';
import { errorText } from './error-text.ts';
import { Header } from './header.tsx';
import {
  findLanguage,
  type Language,
  type Locale,
  LocaleProvider,
  loadLocale,
  useLocale,
} from './locale.tsx';
import { savePreference } from './preferences.ts';
import { SharePage } from './share-page.tsx';
import { SignIn } from './sign-in.tsx';
import { useSession } from './use-session.ts';

function Page({ initialLocale }: { initialLocale: Locale }) {
  const [locale, setLocale] = useState(initialLocale);
  const { language } = locale;
  const isShare = location.pathname === '/s';
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = isShare ? locale.m.sharePage.heading : locale.m.title;
  }, [language, locale, isShare]);
  const choose = async (chosen: Language) => {
    savePreference('language', chosen);
    setLocale(await loadLocale(chosen));
  };
  return (
    <LocaleProvider value={locale}>
      {isShare ? (
        <>
          <Header onLanguage={(chosen) => void choose(chosen)} />
          <SharePage />
        </>
      ) : (
        <ArchivePage onLanguage={(chosen) => void choose(chosen)} />
      )}
      <Announcer />
    </LocaleProvider>
  );
}

function ArchivePage({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const { m } = useLocale();
  const { session, api, start, signInWithToken, signInWithOidc, signOut } = useSession();
  const [dialog, setDialog] = useState<DialogName>();
  return (
    <>
      {session.state === 'signed-in' && (
        <a class="skip" href="#results">
          {m.skip}
        </a>
      )}
      <Header
        onLanguage={onLanguage}
        {...(session.state === 'signed-in' && {
          me: session.me,
          onDialog: setDialog,
          onSignOut: () => void signOut(),
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
        <SignIn
          config={session.config}
          reason={session.reason}
          onToken={signInWithToken}
          onOidc={signInWithOidc}
        />
      )}
      {session.state === 'signed-in' && (
        <Archive api={api} me={session.me} dialog={dialog} onDialog={setDialog} />
      )}
    </>
  );
}

const root = document.querySelector('#page');
if (root) render(<Page initialLocale={await loadLocale(findLanguage())} />, root);
