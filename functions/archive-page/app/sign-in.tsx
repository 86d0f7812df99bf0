import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_NAME_LENGTH } from '../../shared/api/input-limits.ts';
import { SESSION_HOURS } from '../../shared/config/limits.ts';
import { announce } from './announcer.tsx';
import { ApiError } from './api.ts';
import { errorText } from './error-text.ts';
import { Input } from './field.tsx';
import { useLocale } from './locale.tsx';
import { readPreference, savePreference } from './preferences.ts';
import type { SignedOut, SignedOutReason } from './use-session.ts';

interface SignInProps {
  session: SignedOut;
  onToken: (token: string, name: string) => Promise<void>;
  onOidc: () => Promise<void>;
}

export function SignIn({ session, onToken, onOidc }: SignInProps) {
  const { m } = useLocale();
  const { config, reason } = session;
  const heading = useRef<HTMLHeadingElement>(null);
  // It is still about recordings.
  useEffect(() => announce(''), []);
  // What had the focus is gone, and a screen reader would say nothing.
  useEffect(() => {
    if (reason !== undefined) heading.current?.focus();
  }, [session]);
  const reasons: Record<SignedOutReason, string> = {
    ended: m.signIn.ended,
    'signed-out': m.signIn.signedOut,
    'oidc-failed': m.signIn.oidcFailed,
    'not-kept': m.signIn.notKept,
    'not-accepted': m.signIn.notAccepted,
  };
  return (
    <main class="card">
      <h1 ref={heading} tabIndex={-1}>
        {m.signIn.heading}
      </h1>
      {reason !== undefined && (
        <p role="status" class="notice">
          {reasons[reason]}
        </p>
      )}
      {config.authorization === 'token' ? <TokenForm onToken={onToken} /> : <OidcButton onOidc={onOidc} />}
    </main>
  );
}

function TokenForm({ onToken }: Pick<SignInProps, 'onToken'>) {
  const { m, f } = useLocale();
  const [token, setToken] = useState('');
  const [name, setName] = useState(readPreference('name') ?? '');
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function signIn(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    savePreference('name', name.trim());
    try {
      await onToken(token.trim(), name.trim());
    } catch (error) {
      const kind = error instanceof ApiError ? error.kind : undefined;
      setProblem(
        kind === 'signed-out' || kind === 'invalid'
          ? m.signIn.wrong
          : kind === 'too-many'
            ? m.signIn.tooMany
            : errorText(error, m),
      );
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void signIn(event)}>
      <p>{m.signIn.text(f.number(SESSION_HOURS))}</p>
      <Input
        label={m.signIn.token}
        type="password"
        name="token"
        autocomplete="current-password"
        required
        aria-invalid={problem !== undefined}
        value={token}
        onValue={setToken}
      />
      <Input
        label={m.signIn.name}
        hint={m.signIn.nameHint}
        name="name"
        autocomplete="name"
        maxLength={MAX_NAME_LENGTH}
        value={name}
        onValue={setName}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button primary" aria-disabled={isBusy}>
        {m.signIn.submit}
      </button>
    </form>
  );
}

function OidcButton({ onOidc }: Pick<SignInProps, 'onOidc'>) {
  const { m } = useLocale();
  const [problem, setProblem] = useState<string>();
  return (
    <>
      <p>{m.signIn.oidcText}</p>
      <p class="problem" role="alert">
        {problem}
      </p>
      <button
        type="button"
        class="button primary"
        onClick={() => {
          setProblem(undefined);
          onOidc().catch(() => setProblem(m.signIn.oidcFailed));
        }}
      >
        {m.signIn.submit}
      </button>
    </>
  );
}
