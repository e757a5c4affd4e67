import { t } from '../../texts.ts';
import { SEVERITIES } from '../../types.ts';
import { AssignMenu } from '../deeds/assign-menu.tsx';
import { CloseMenu } from '../deeds/close-menu.tsx';
import { acknowledgeable, ackSoon, stillOpen } from '../deeds/deeds.ts';
import { CHOSEN } from '../deeds/open-menu.ts';
import { SeverityBadge } from '../severity.tsx';
import { book } from '../store.ts';
import { chooseAll, chooseNone, selection } from './selection.ts';

/** What is chosen, and for how many of it each deed would count. Absent while nothing is chosen. */
export function ChosenBar() {
  const { alerts, shown } = book.value;
  const ids = [...selection.value].filter((id) => alerts.has(id));
  if (ids.length === 0) return null;
  const of = ids.length;
  const [fresh, open] = [acknowledgeable(ids), stillOpen(ids)];
  const done = (deed: () => void) => () => {
    deed();
    chooseNone();
  };
  return (
    <section class="chosen-bar" aria-label={t('list.selected', { n: of })}>
      <strong>{t('list.selected', { n: of })}</strong>
      <ul class="severities">
        {SEVERITIES.map((severity) => {
          const n = ids.filter((id) => alerts.get(id)?.severity === severity).length;
          return n === 0 ? null : (
            <li key={severity}>
              <SeverityBadge severity={severity} /> <b>{n}</b>
            </li>
          );
        })}
      </ul>
      <span class="spacer" />
      {fresh.length > 0 && (
        <button type="button" class="primary" onClick={done(() => ackSoon(fresh))}>
          {t('list.ackOf', { n: fresh.length, of })}
        </button>
      )}
      {open.length > 0 && (
        <>
          <AssignMenu of={CHOSEN} ids={open} label={t('list.assignOf', { n: open.length, of })} />
          <CloseMenu of={CHOSEN} ids={open} label={t('list.closeOf', { n: open.length, of })} />
        </>
      )}
      {of < shown.length && (
        <button type="button" class="quiet" onClick={() => chooseAll(shown)}>
          {t('list.selectAll')}
        </button>
      )}
      <button type="button" class="quiet" onClick={chooseNone}>
        {t('list.drop')}
      </button>
    </section>
  );
}
