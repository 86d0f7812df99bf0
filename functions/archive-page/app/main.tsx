import { type ComponentType, render } from 'preact';
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
import { SignIn } from './sign-in.tsx';
import { useSession } from './use-session.ts';

interface PageProps {
  initialLocale: Locale;
  /** The page of a share, if it is the one in the address. */
  SharePage: ComponentType | undefined;
}

function Page({ initialLocale, SharePage }: PageProps) {
  const [locale, setLocale] = useState(initialLocale);
  const { language } = locale;
  useEffect(() => {
    document.documentElement.lang = language;
    if (!SharePage) document.title = locale.m.title;
  }, [language, locale, SharePage]);
  const choose = async (chosen: Language) => {
    savePreference('language', chosen);
    setLocale(await loadLocale(chosen));
  };
  return (
    <LocaleProvider value={locale}>
      {SharePage ? (
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
if (root) {
  const [initialLocale, share] = await Promise.all([
    loadLocale(findLanguage()),
    location.pathname === '/s' ? import('./share-page.tsx') : undefined,
  ]);
  render(<Page initialLocale={initialLocale} SharePage={share?.SharePage} />, root);
}
