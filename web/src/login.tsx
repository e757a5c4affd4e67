import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { explain } from './explain.ts';
import { undone } from './ground/ending.ts';
import { follows } from './ground/router.ts';
import { VIEWS } from './ground/views.ts';
import { LanguageButton } from './header.tsx';
import { db } from './orders/kept/db.ts';
import { isEndUnheard, login, sessionExpired } from './session.ts';
import { t } from './texts.ts';

export function Login() {
  const [trouble, setTrouble] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const [waits, setWaits] = useState(false);
  useEffect(() => {
    name.current?.focus();
    db.isAnythingUnsent().then(setWaits, () => undefined);
  }, []);
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setTrouble(null);
    login(String(fields.get('username')), String(fields.get('password')))
      .catch(setTrouble)
      .finally(() => setBusy(false));
  };
  return (
    <main class="login">
      <form onSubmit={submit} method="post">
        <div class="bar">
          <h1>{t('app.name')}</h1>
          <LanguageButton />
        </div>
        {isEndUnheard.value && (
          <p class="hint" role="status">
            {t('login.ending')}
          </p>
        )}
        {undone.value > 0 && (
          <p class="hint" role="alert">
            {t('login.undone', { n: undone.value })}
          </p>
        )}
        {sessionExpired.value && <p class="hint">{t('login.ended')}</p>}
        {waits && <p class="hint">{t('login.unsent')}</p>}
        <label>
          {t('login.user')}
          <input ref={name} name="username" autocomplete="username" required maxLength={128} spellcheck={false} />
        </label>
        <label>
          {t('login.password')}
          <input name="password" type="password" autocomplete="current-password" required maxLength={1024} />
        </label>
        <p class="trouble" role="alert">
          {trouble === null ? '' : troubleText(trouble)}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'login.busy' : 'login.submit')}
        </button>
        <a class="login-screen" href={VIEWS.wall.path} onClick={follows}>
          {t('screen.begin')}
        </a>
      </form>
    </main>
  );
}

function troubleText(error: unknown): string {
  const isWrong = error instanceof ApiError && (error.status === 401 || error.status === 400);
  return isWrong ? t('login.wrong') : explain(error);
}
