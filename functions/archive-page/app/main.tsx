import { type ComponentType, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { findLanguage, type Language, type Locale, LocaleProvider, loadLocale } from './locale.tsx';
import { savePreference } from './preferences.ts';
import { ReloadButton } from './reload-button.tsx';

interface PageProps {
  initialLocale: Locale;
  Content: ComponentType<{ onLanguage: (language: Language) => void }>;
}

function Page({ initialLocale, Content }: PageProps) {
  const [locale, setLocale] = useState(initialLocale);
  const [hasFailed, setFailed] = useState(false);
  const { language } = locale;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = async (chosen: Language) => {
    savePreference('language', chosen);
    try {
      setLocale(await loadLocale(chosen));
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <LocaleProvider value={locale}>
      {hasFailed && (
        <div class="card" role="alert">
          <p>{locale.m.error.notLoaded}</p>
          <ReloadButton />
        </div>
      )}
      <Content onLanguage={(chosen) => void choose(chosen)} />
      <Announcer />
    </LocaleProvider>
  );
}

const root = document.querySelector('#page');
if (root) {
  const [initialLocale, Content] = await Promise.all([
    loadLocale(findLanguage()),
    location.pathname === '/s'
      ? import('./share-page.tsx').then(({ SharePage }) => SharePage)
      : import('./archive-page.tsx').then(({ ArchivePage }) => ArchivePage),
  ]);
  root.replaceChildren();
  render(<Page initialLocale={initialLocale} Content={Content} />, root);
}
