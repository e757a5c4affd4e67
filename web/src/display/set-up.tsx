import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, send } from '../api.ts';
import { explain } from '../explain.ts';
import { follows, go } from '../ground/router.ts';
import { screenToken, wasDisplay } from '../ground/screen-token.ts';
import { VIEWS } from '../ground/views.ts';
import { LanguageButton } from '../header.tsx';
import { loadSession, session } from '../session.ts';
import { t } from './say.ts';

const TOKEN_MAX = 128;

interface Begun {
  view: 'wall' | 'map' | 'desk';
}

/** Signs a second screen in, with the token of its link or one that is typed. */
export function SetUp() {
  const [busy, setBusy] = useState(screenToken.value !== null);
  const [trouble, setTrouble] = useState('');
  const begin = async (token: string) => {
    setBusy(true);
    setTrouble('');
    try {
      const begun = await send<Begun>('POST', '/session/display', { token });
      await loadSession();
      if (begun) go(VIEWS[begun.view].path);
    } catch (error) {
      const isWrong = error instanceof ApiError && (error.status === 401 || error.status === 400);
      setTrouble(isWrong ? t('display.wrong') : explain(error));
    }
    setBusy(false);
  };
  useEffect(() => {
    const token = screenToken.value;
    screenToken.value = null;
    if (token !== null && !session.value) void begin(token);
  }, []);
  if (session.value) return <p class="plain">{t('display.person')}</p>;
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    void begin(String(new FormData(event.currentTarget).get('token')).trim());
  };
  return (
    <main class="login">
      <form onSubmit={submit} method="post">
        <div class="bar">
          <h1>{t('view.screen')}</h1>
          <LanguageButton />
        </div>
        {wasDisplay.value && <p class="hint">{t('display.ended')}</p>}
        <label>
          {t('display.token')}
          <input name="token" type="password" autocomplete="off" required maxLength={TOKEN_MAX} spellcheck={false} />
        </label>
        <p class="hint">{t('display.hint')}</p>
        <p class="trouble" role="alert">
          {trouble}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'display.busy' : 'display.begin')}
        </button>
        <a
          class="login-screen"
          href={VIEWS.duty.path}
          onClick={(event) => {
            wasDisplay.value = false;
            follows(event);
          }}
        >
          {t('display.login')}
        </a>
      </form>
    </main>
  );
}
