import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { usePolled } from '../../devices/page/polled.ts';
import { follows } from '../../ground/router.ts';
import { caseAddress } from '../../ground/views.ts';
import type { Page } from '../../types.ts';
import { Deed } from '../common/deed.tsx';
import { t } from '../say.ts';
import type { DeadDelivery } from '../types.ts';
import { countText, timeText } from '../words.ts';

/** Of a group so many are named. */
const NAMED_MAX = 20;

/** What could not be delivered, by its reason. */
export function Deliveries({ id, onSent }: { id: string; onSent(): void }) {
  const path = `/subscriptions/${encodeURIComponent(id)}/dead-letters`;
  const { answer, again } = usePolled<Page<DeadDelivery>>(path, null);
  const [sent, setSent] = useState<number | null>(null);
  const resend = async () => {
    const answered = await send<{ count: number }>('POST', path, {});
    setSent(answered?.count ?? 0);
    again();
    onSent();
  };
  if (!answer) return <p class="hint">{t('part.reading')}</p>;
  return (
    <div class="admin-part">
      {sent !== null && <p role="status">{t('sub.letters.sent', { n: countText(sent) })}</p>}
      {answer.items.length === 0 ? (
        <p class="hint">{t('sub.letters.none')}</p>
      ) : (
        <>
          <ul class="admin-rows">
            {groupsOf(answer.items).map(([why, letters]) => (
              <li key={why}>
                <Group why={why} letters={letters} />
              </li>
            ))}
          </ul>
          <Deed label={t('sub.letters.again')} run={resend} />
        </>
      )}
    </div>
  );
}

function groupsOf(letters: readonly DeadDelivery[]): [string, DeadDelivery[]][] {
  const whyOf = ({ lastStatus, lastError }: DeadDelivery) => {
    return [lastStatus, lastError].filter((one) => one !== null).join(' ') || t('sub.noAnswer');
  };
  const groups = new Map<string, DeadDelivery[]>();
  for (const letter of letters) groups.set(whyOf(letter), [...(groups.get(whyOf(letter)) ?? []), letter]);
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

function Group({ why, letters }: { why: string; letters: readonly DeadDelivery[] }) {
  return (
    <>
      <p>
        <b>
          <bdi>{t('sub.letters.group', { n: countText(letters.length), why })}</bdi>
        </b>
      </p>
      <ul class="lines">
        {letters.slice(0, NAMED_MAX).map(({ id, alert, attempts, raisedAt }) => (
          <li key={id}>
            <time dateTime={raisedAt}>{timeText(raisedAt)}</time>
            <span>
              <a class="admin-link" href={caseAddress(alert)} onClick={follows}>
                {alert}
              </a>{' '}
              {t('sub.letters.tries', { n: attempts })}
            </span>
          </li>
        ))}
      </ul>
      {letters.length > NAMED_MAX && <p class="hint">… {countText(letters.length - NAMED_MAX)}</p>}
    </>
  );
}
