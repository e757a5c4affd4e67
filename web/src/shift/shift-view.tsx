import { useState } from 'preact/hooks';
import { districtName } from '../alerts/choices.ts';
import { usePolled } from '../devices/page/polled.ts';
import { dayTime } from '../forms/moments.ts';
import { follows, place, refine } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { nameOf, namesOf, usernamesOf } from '../people.ts';
import { canHandle, may, session } from '../session.ts';
import { t as common } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { DeskNow, DutyShift, HandOverLine, Page } from '../types.ts';
import { rosterPath, toGive, toTake } from './duty.ts';
import { GiveForm } from './give-form.tsx';
import { HandOverPage } from './hand-over.tsx';
import { t } from './say.ts';
import '../case/case.css';
import '../forms/paper.css';
import './shift.css';

const AGAIN_MS = 15_000;

/** Who has duty, and what one shift hands to the next. */
export function ShiftView() {
  if (!may('alerts.read')) return <p class="plain">{common('error.forbidden')}</p>;
  return <Shift />;
}

function Shift() {
  const [version, setVersion] = useState(0);
  const again = () => setVersion(version + 1);
  const shifts = usePolled<Page<DutyShift>>(rosterPath(nowMs.value), AGAIN_MS).answer?.items ?? [];
  const handOvers = usePolled<Page<HandOverLine>>(`/duty/hand-overs#${version}`, AGAIN_MS).answer;
  const id = place.value.query.get('handover');
  if (id !== null) {
    return (
      <div class="paper">
        <HandOverPage key={id} id={id} shifts={shifts} onTaken={again} />
      </div>
    );
  }
  const username = session.value?.username;
  const all = handOvers?.items ?? [];
  const theirs = toTake(all, shifts, username);
  return (
    <div class="paper">
      <div class="paper-head">
        <h2>{t('shift.title')}</h2>
      </div>
      {theirs.length > 0 && <Lines title={t('hand.toTake')} lines={theirs} />}
      {canHandle.value &&
        toGive(shifts, all, { username, nowMs: nowMs.value }).map((shift) => (
          <GiveForm
            key={shift.id}
            shift={shift}
            shifts={shifts}
            onGiven={(made) => {
              again();
              refine(new URLSearchParams({ handover: made }));
            }}
          />
        ))}
      <Desks />
      <Coming shifts={shifts} />
      {!handOvers && <p class="hint">{t('list.loading')}</p>}
      {handOvers && <Lines title={t('hand.title')} lines={all.filter((one) => !theirs.includes(one))} />}
    </div>
  );
}

function Desks() {
  const desks = usePolled<Page<DeskNow>>('/duty', AGAIN_MS).answer?.items ?? null;
  return (
    <section class="panel" aria-labelledby="desks-title">
      <h3 id="desks-title">{t('shift.desks')}</h3>
      {desks?.length === 0 && <p class="hint">{t('shift.desks.none')}</p>}
      <ul class="paper-rows">
        {desks?.map(({ jurisdiction, police, state, people, until }) => (
          <li key={`${jurisdiction} ${police}`} class="paper-facts">
            <strong>
              <bdi>{districtName(jurisdiction)}</bdi>
            </strong>
            {police !== null && <span>{t('shift.police', { code: police })}</span>}
            <span class={`tag ${state === 'manned' ? 'tag-on' : 'tag-grave'}`}>{t(`shift.state.${state}`)}</span>
            <span>
              <People of={people} />
            </span>
            {until !== null && <span>{t('shift.until', { time: dayTime(until) })}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function People({ of: usernames }: { of: readonly string[] }) {
  return <bdi title={usernamesOf(usernames.map((username) => ({ username })))}>{namesOf(usernames)}</bdi>;
}

const COMING_MAX = 12;

function Coming({ shifts }: { shifts: readonly DutyShift[] }) {
  const coming = shifts.filter(({ startsAt }) => Date.parse(startsAt) > nowMs.value);
  const first = coming.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt)).slice(0, COMING_MAX);
  return (
    <section class="panel" aria-labelledby="coming-title">
      <h3 id="coming-title">{t('shift.next')}</h3>
      {first.length === 0 && <p class="hint">{t('shift.next.none')}</p>}
      <ul class="paper-rows">
        {first.map(({ id, jurisdiction, police, people, startsAt, endsAt }) => (
          <li key={id} class="paper-facts">
            <span>{t('shift.span', { from: dayTime(startsAt), until: dayTime(endsAt) })}</span>
            <span>
              <bdi>{districtName(jurisdiction)}</bdi>
            </span>
            {police !== null && <span>{t('shift.police', { code: police })}</span>}
            <span>
              <bdi title={usernamesOf([{ username: people[0] ?? null }])}>
                {t('shift.lead', { name: nameOf(people[0] ?? '') })}
              </bdi>
            </span>
            {people.length > 1 && (
              <span>
                <People of={people.slice(1)} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly HandOverLine[] }) {
  return (
    <section class="paper-rows" aria-label={title}>
      <h3>{title}</h3>
      {lines.length === 0 && <p class="hint">{t('hand.none')}</p>}
      <ul class="paper-rows">
        {lines.map(({ id, jurisdiction, open, givenBy, givenAt, takenBy, takenAt, note }) => (
          <li key={id}>
            <a class="paper-row" href={`${VIEWS.shift.path}?handover=${encodeURIComponent(id)}`} onClick={follows}>
              <span class="paper-facts">
                <strong>
                  <bdi>{districtName(jurisdiction)}</bdi>
                </strong>
                <span class={`tag${takenAt === null ? ' tag-wait' : ' tag-on'}`}>
                  {t(takenAt === null ? 'hand.waits' : 'hand.taken')}
                </span>
                <span>{t('hand.open', { n: open })}</span>
              </span>
              <span class="paper-facts">
                <span>
                  <bdi title={usernamesOf([{ name: givenBy }])}>
                    {t('hand.given')} {t('hand.by', { name: givenBy, time: dayTime(givenAt) })}
                  </bdi>
                </span>
                {takenBy !== null && takenAt !== null && (
                  <span>
                    <bdi title={usernamesOf([{ name: takenBy }])}>
                      {t('hand.takenBy')} {t('hand.by', { name: takenBy, time: dayTime(takenAt) })}
                    </bdi>
                  </span>
                )}
              </span>
              <span class="hand-note">
                <bdi>{note}</bdi>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
