import { usernamesOf } from '../../people.ts';
import type { LoginState } from '../../types.ts';
import { Steps } from '../deeds/steps.tsx';
import { t } from '../say.ts';
import { timeText } from '../words.ts';
import { usePolled } from './polled.ts';

const AGAIN_MS = 3_000;

/** How the last change of the login, or of a secret that goes by command, went. Absent where there was none. */
export function Logins({ path }: { path: string }) {
  const { answer } = usePolled<LoginState>(`${path}/credentials`, AGAIN_MS);
  const changes = [answer?.last, answer?.secret].filter((one) => one !== null && one !== undefined);
  if (changes.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="part-logins">
      <h3 id="part-logins">{t('device.logins')}</h3>
      {changes.map((change) => (
        <div key={change.id}>
          <p role="status">
            {t(`login.${change.state}`)} · {timeText(change.ended ?? change.began)} ·{' '}
            <bdi title={usernamesOf([{ name: change.by }])}>{change.by}</bdi>
          </p>
          <Steps steps={change.steps} expected={[]} running={change.state === 'running'} />
        </div>
      ))}
    </section>
  );
}
