import type { Me } from './contract.ts';
import type { DialogName } from './dialog-names.ts';
import { LANGUAGES, type Language, useLocale } from './locale.tsx';

interface HeaderProps {
  onLanguage: (language: Language) => void;
  me?: Me;
  onDialog?: (dialog: DialogName) => void;
  onSignOut?: () => void;
}

export function Header({ onLanguage, me, onDialog, onSignOut }: HeaderProps) {
  const { m, language } = useLocale();
  return (
    <header class="page-header">
      <p class="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 10v4M7.5 7v10M12 3.5v17M16.5 8v8M21 10v4" />
        </svg>
        {m.title}
      </p>
      <nav aria-label={m.menu.label}>
        {me && onDialog && (
          <>
            {me.shares.allowed && (me.rights.includes('share') || me.rights.includes('audit')) && (
              <button type="button" onClick={() => onDialog('shares')}>
                {m.menu.shares}
              </button>
            )}
            {me.accessLog && (
              <button type="button" onClick={() => onDialog('access')}>
                {m.menu.access}
              </button>
            )}
            <button type="button" onClick={() => onDialog('keys')}>
              {m.menu.keys}
            </button>
          </>
        )}
        <label class="language">
          <span class="visually-hidden">{m.menu.language}</span>
          <select value={language} onChange={(event) => onLanguage(event.currentTarget.value as Language)}>
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {me && onSignOut && (
          <button type="button" title={me.person} onClick={onSignOut}>
            {m.menu.signOut}
          </button>
        )}
      </nav>
    </header>
  );
}
