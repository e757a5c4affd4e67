import { useEffect, useRef, useState } from 'preact/hooks';
import { districtName } from '../alerts/choices.ts';
import { keepValuesUnder, valuesUnder } from '../alerts/drafts.ts';
import { SeverityBadge } from '../alerts/severity.tsx';
import { send } from '../api.ts';
import { useAnswer } from '../case/use-answer.ts';
import { dayTime } from '../forms/moments.ts';
import { Pairs } from '../forms/pairs.tsx';
import { Trouble } from '../forms/trouble.tsx';
import { follows } from '../ground/router.ts';
import { caseAddress, VIEWS } from '../ground/views.ts';
import { nameOf, usernamesOf } from '../people.ts';
import { canHandle, noticeEnd, session } from '../session.ts';
import { language } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { DutyShift, HandOver } from '../types.ts';
import { leads } from './duty.ts';
import { t, tOf } from './say.ts';

type Item = HandOver['items'][number];

interface HandOverProps {
  id: string;
  shifts: readonly DutyShift[];
  onTaken(): void;
}

/** One hand-over with what was open; who leads the shift that takes over signs for it. It is one paper to print. */
export function HandOverPage({ id, shifts, onTaken }: HandOverProps) {
  const title = useRef<HTMLHeadingElement>(null);
  const [version, setVersion] = useState(0);
  const { answer, refused } = useAnswer<HandOver>(`/duty/hand-overs/${encodeURIComponent(id)}#${version}`);
  useEffect(() => title.current?.focus({ preventScroll: true }), [answer === null]);
  const next = shifts.find((one) => one.id === answer?.toShift);
  const isTheirs = next !== undefined && leads(next, session.value?.username) && canHandle.value;
  const area = answer ? districtName(answer.jurisdiction) : '';
  return (
    <>
      <a class="case-back off-paper" href={VIEWS.shift.path} onClick={follows}>
        ← {t('page.back')}
      </a>
      {refused && <p class="trouble">{t('hand.gone')}</p>}
      {!answer && !refused && <p class="hint">{t('list.loading')}</p>}
      {answer && (
        <>
          <div class="paper-head">
            <h2 ref={title} tabIndex={-1}>
              <bdi>{t('hand.of', { area })}</bdi>
            </h2>
            <span class={`tag${answer.takenAt === null ? ' tag-wait' : ' tag-on'}`}>
              {t(answer.takenAt === null ? 'hand.waits' : 'hand.taken')}
            </span>
            <span class="bar off-paper">
              <button type="button" onClick={() => print()}>
                {t('page.print')}
              </button>
            </span>
          </div>
          <Facts handOver={answer} />
          <Taking
            key={answer.version}
            handOver={answer}
            isTheirs={isTheirs && answer.takenAt === null}
            onTaken={() => {
              setVersion(version + 1);
              onTaken();
            }}
          />
          <Signatures handOver={answer} />
        </>
      )}
    </>
  );
}

function Facts({ handOver: { note, open, givenBy, givenAt, takenBy, takenAt } }: { handOver: HandOver }) {
  return (
    <section class="panel">
      <Pairs
        of={[
          [t('hand.given'), <Signed key="given" name={givenBy} at={givenAt} />],
          [t('hand.takenBy'), takenBy && <Signed key="taken" name={takenBy} at={takenAt ?? givenAt} />],
          [t('hand.items'), t('hand.open', { n: open })],
          [t('hand.note'), note],
        ]}
      />
    </section>
  );
}

function Signed({ name, at }: { name: string; at: string }) {
  return <bdi title={usernamesOf([{ name }])}>{t('hand.by', { name, time: dayTime(at) })}</bdi>;
}

/** The list, and for who takes over which of it they take. What they have marked is kept until they sign. */
function Taking({ handOver, isTheirs, onTaken }: { handOver: HandOver; isTheirs: boolean; onTaken(): void }) {
  const { id, items, open, left: leftBefore, takenAt } = handOver;
  const draft = `take-over ${id}`;
  const marked = (valuesUnder(draft).left ?? '').split(' ').filter((one) => one !== '');
  const left = new Set(isTheirs ? marked : (leftBefore ?? []));
  const held = items.filter((one) => one.held);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const mark = (alert: string, isTaken: boolean) => {
    const next = new Set(left);
    if (isTaken) next.delete(alert);
    else next.add(alert);
    keepValuesUnder(draft, next.size === 0 ? {} : { left: [...next].join(' ') });
  };
  const take = () => {
    setBusy(true);
    setError(null);
    send('POST', `/duty/hand-overs/${encodeURIComponent(id)}/take`, { left: [...left] })
      .then(
        () => keepValuesUnder(draft, {}),
        (thrown: unknown) => {
          noticeEnd(thrown);
          setError(thrown);
        },
      )
      .finally(() => {
        setBusy(false);
        onTaken();
      });
  };
  const taken = held.filter(({ alert }) => !left.has(alert)).length;
  return (
    <section class="panel" aria-labelledby="items-title">
      <h3 id="items-title">{t('hand.items')}</h3>
      {items.length === 0 && <p class="hint">{t('hand.items.none')}</p>}
      {items.length > 0 && <Items items={items} left={left} isTaken={takenAt !== null} mark={isTheirs ? mark : null} />}
      {open > items.length && <p class="hint">{t('hand.more', { n: open - items.length })}</p>}
      {isTheirs && (
        <div class="taking off-paper">
          <p class="hint">{t('hand.take.hint', { n: taken, all: held.length })}</p>
          <Trouble error={error} />
          <button type="button" class="primary" disabled={busy} onClick={take}>
            {t(busy ? 'form.busy' : 'hand.take.do')}
          </button>
        </div>
      )}
      {!isTheirs && takenAt === null && <p class="hint off-paper">{t('hand.lead')}</p>}
    </section>
  );
}

interface ItemsProps {
  items: readonly Item[];
  left: ReadonlySet<string>;
  isTaken: boolean;
  /** Null for who does not take over. */
  mark: ((alert: string, isTaken: boolean) => void) | null;
}

function Items({ items, left, isTaken, mark }: ItemsProps) {
  return (
    <ul class="paper-rows hand-items">
      {items.map((item) => (
        <li key={item.alert} class="paper-row">
          <ItemFacts item={item} isLeft={left.has(item.alert)} isTaken={isTaken} />
          {mark && item.held && (
            <label class="check off-paper">
              <input
                type="checkbox"
                checked={!left.has(item.alert)}
                onChange={({ currentTarget }) => mark(item.alert, currentTarget.checked)}
              />
              <span>
                {t('hand.take')}
                <span class="unseen"> {item.now?.title[language.value]}</span>
              </span>
            </label>
          )}
        </li>
      ))}
    </ul>
  );
}

function ItemFacts({ item, isLeft, isTaken }: { item: Item; isLeft: boolean; isTaken: boolean }) {
  const { alert, handling, visibility, held, now } = item;
  const how = [
    tOf('handling', handling),
    visibility === 'normal' ? '' : t(visibility === 'shelved' ? 'hand.shelved' : 'hand.hidden'),
    held ? t('hand.held') : '',
  ].filter((text) => text !== '');
  if (now === null) {
    return (
      <p class="paper-facts">
        <span>{t('hand.unseen')}</span>
        <span>{how.join(' · ')}</span>
      </p>
    );
  }
  return (
    <>
      <p class="paper-facts">
        <SeverityBadge severity={now.severity} />
        <a href={caseAddress(alert)} onClick={follows}>
          <bdi>{now.title[language.value] || now.title.en}</bdi>
        </a>
        <span>
          <bdi>{now.subject}</bdi>
        </span>
        <time dateTime={now.firstAt}>{dayTime(now.firstAt)}</time>
      </p>
      <p class="paper-facts">
        <span>
          {t('hand.then')}: {how.join(' · ')}
        </span>
        <span>
          <bdi title={usernamesOf([{ username: now.assignedTo }])}>
            {t('hand.now')}: {[tOf('handling', now.handling), nameOf(now.assignedTo ?? '')].filter(Boolean).join(' · ')}
          </bdi>
        </span>
        {held && isLeft && <span class="tag tag-wait">{t('hand.left')}</span>}
        {held && isTaken && !isLeft && <span class="tag tag-on">{t('hand.taken')}</span>}
      </p>
    </>
  );
}

/** On paper both sign by hand as well. */
function Signatures({ handOver: { givenBy, givenAt, takenBy, takenAt } }: { handOver: HandOver }) {
  const both = [
    [t('hand.given'), givenBy, givenAt],
    [t('hand.takenBy'), takenBy ?? '', takenAt],
  ] as const;
  const time = dayTime(new Date(nowMs.value).toISOString());
  return (
    <footer class="on-paper signatures" aria-hidden="true">
      {both.map(([what, name, at]) => (
        <p key={what}>
          {what}: {name} {at === null ? '' : dayTime(at)}
          <br />
          {t('hand.signature')}: ____________________
        </p>
      ))}
      <p>{t('page.printed', { name: session.value?.name ?? '', time })}</p>
    </footer>
  );
}
