import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { namesOf, usernamesOf } from '../../people.ts';
import { may } from '../../session.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { DeskNow, DutyShift } from '../types.ts';
import { byText, scopeText, timeText } from '../words.ts';

const FIELDS: readonly FieldSpec[] = [
  { name: 'jurisdiction', label: 'admin.area', as: 'area' },
  { name: 'police', label: 'admin.police' },
  { name: 'people', label: 'rosters.people' },
  { name: 'startsAt', label: 'rosters.starts', as: 'moment' },
  { name: 'endsAt', label: 'rosters.ends', as: 'moment' },
];

/** Who has duty: now, and in the next two weeks. */
export function Rosters() {
  const [changes, setChanges] = useState(0);
  return (
    <>
      <section class="panel" aria-labelledby="rosters-desks">
        <h3 id="rosters-desks">{t('rosters.desks')}</h3>
        <List<DeskNow>
          path="/duty"
          none={t('rosters.desks.none')}
          keyOf={({ jurisdiction, police }) => `${jurisdiction} ${police}`}
          row={(desk) => (
            <Row
              title={scopeText(desk)}
              mark={t(`desk-state.${desk.state}`)}
              bad={desk.state !== 'manned'}
              facts={[
                desk.people.join(', '),
                desk.until !== null && t('admin.until', { time: timeText(desk.until) }),
                desk.lastSignAt !== null && t('rosters.sign', { time: timeText(desk.lastSignAt) }),
              ]}
            />
          )}
        />
      </section>
      <section class="panel" aria-labelledby="rosters-shifts">
        <h3 id="rosters-shifts">{t('rosters.shifts')}</h3>
        {may('duty.keep') && (
          <Unfold label={t('rosters.new')} primary open={isBegun('rosters.new')}>
            {(leave) => (
              <ApiForm
                operation="POST /duty/shifts"
                name="rosters.new"
                title={t('rosters.new')}
                fields={FIELDS}
                submit={t('rosters.new')}
                send={(body) => send('POST', '/duty/shifts', body)}
                onDone={() => {
                  setChanges(changes + 1);
                  leave();
                }}
                onLeave={leave}
              />
            )}
          </Unfold>
        )}
        <List<DutyShift>
          path="/duty/shifts"
          after={changes}
          none={t('rosters.none')}
          keyOf={({ id }) => id}
          row={(shift, again) => <Shift shift={shift} again={again} />}
        />
      </section>
    </>
  );
}

function Shift({ shift, again }: { shift: DutyShift; again: () => void }) {
  const { id, people, startsAt, endsAt, createdBy, version } = shift;
  return (
    <Row
      title={<span title={usernamesOf(people.map((username) => ({ username })))}>{namesOf(people)}</span>}
      facts={[scopeText(shift), `${timeText(startsAt)} – ${timeText(endsAt)}`, byText({ name: createdBy })]}
      deeds={
        may('duty.keep') && (
          <Deed
            label={t('rosters.remove')}
            ask={t('rosters.remove.ask')}
            run={() => send('DELETE', `/duty/shifts/${encodeURIComponent(id)}`, undefined, version)}
            onDone={again}
          />
        )
      }
    />
  );
}
