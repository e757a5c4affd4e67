import { nameOf } from '../../people.ts';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { Order } from '../../types.ts';
import { db } from '../kept/db.ts';
import type { Entry, KeptOrder, Trouble } from '../kept/kept.ts';
import { again, drop, goOn, mayStep } from '../queue/decide.ts';
import { changed, readWaiting, uuid } from '../queue/state.ts';
import { t } from '../say.ts';
import { StepLine } from './happened.tsx';
import { wordsOf } from './waits.tsx';

interface Props {
  kept: KeptOrder;
  entry: Entry;
  trouble: Trouble;
}

const DECIDING = { outbox: db, uuid };

/** Why an entry was not done, with both sides where somebody else changed what it is about. Its owner decides. */
export function Clash({ kept, entry, trouble }: Props) {
  const decide = async (decision: Promise<void>) => {
    await decision;
    await readWaiting(entry.owner);
    changed();
  };
  const leave = (
    <button type="button" onClick={() => void decide(drop(entry, DECIDING))}>
      {t(trouble.is === 'refused' ? 'clash.drop' : 'clash.leave')}
    </button>
  );
  if (trouble.is === 'refused') {
    return (
      <div class="clash" role="alert">
        <p>{t('clash.refused')}</p>
        <p lang="en">
          <bdi>{trouble.says || trouble.status}</bdi>
        </p>
        <div class="bar">
          <button type="button" onClick={() => void decide(again(entry, DECIDING))}>
            {t('clash.again')}
          </button>
          {leave}
        </div>
      </div>
    );
  }
  const fits = trouble.is === 'unit' || fitsNow(entry, trouble.current);
  return (
    <div class="clash" role="alert">
      <p>{t('clash.title')}</p>
      {trouble.is === 'unit' ? (
        <UnitSides trouble={trouble} />
      ) : (
        <OrderSides entry={entry} trouble={trouble} kept={kept} />
      )}
      {!fits && <p>{t('clash.cannot')}</p>}
      <div class="bar">
        {fits && (
          <button type="button" class="primary" onClick={() => void decide(goOn(entry, DECIDING))}>
            {trouble.is === 'unit' ? t('clash.swapNow', { unit: trouble.current.words }) : t('clash.goOn')}
          </button>
        )}
        {leave}
      </div>
    </div>
  );
}

/** Whether what was entered can be done with the order as it is now. A closed one takes no work any more. */
function fitsNow({ deed }: Entry, { state }: Order): boolean {
  if (deed.kind === 'step') return mayStep(state, deed.to);
  if (deed.kind === 'note' || deed.kind === 'photo') return true;
  return state === 'open' || state === 'taken';
}

function OrderSides({ entry, trouble, kept }: Props & { trouble: Extract<Trouble, { is: 'order' }> }) {
  const { seen, current } = trouble;
  const known = new Set(kept.order.steps.map(({ id }) => id));
  const since = current.steps.filter(({ id }) => !known.has(id) && id !== entry.id);
  return (
    <>
      <dl class="sides">
        <dt>{t('clash.yours')}</dt>
        <dd>{stateText(seen)}</dd>
        <dt>{t('clash.entry')}</dt>
        <dd>
          <bdi>{wordsOf(entry)}</bdi>
        </dd>
        <dt>{t('clash.now')}</dt>
        <dd>
          <strong>{stateText(current)}</strong>
        </dd>
      </dl>
      {since.length > 0 && (
        <>
          <p>{t('clash.meanwhile')}</p>
          <ul class="lines">
            {since.map((step) => (
              <li key={step.id}>
                <StepLine step={step} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function stateText({ state, assignee, due }: Order) {
  const until = due ? ` · ${t('jobs.due', { time: clockTime(due, nowMs.value) })}` : '';
  return (
    <bdi>
      {t('clash.state', {
        state: t(`order.state.${state}`),
        who: assignee === null ? t('clash.nobody') : nameOf(assignee),
      })}
      {until}
    </bdi>
  );
}

function UnitSides({ trouble }: { trouble: Extract<Trouble, { is: 'unit' }> }) {
  const { seen, current, by, at } = trouble;
  return (
    <>
      <p>{t('clash.unit')}</p>
      <dl class="sides">
        <dt>{t('clash.yours')}</dt>
        <dd>
          <bdi>{seen}</bdi>
        </dd>
        <dt>{t('clash.now')}</dt>
        <dd>
          <strong>
            <bdi>{current.words}</bdi>
          </strong>
          {by !== null && at !== null && (
            <>
              {' · '}
              <bdi>{t('clash.hungBy', { who: by, time: clockTime(at, nowMs.value) })}</bdi>
            </>
          )}
        </dd>
      </dl>
    </>
  );
}
