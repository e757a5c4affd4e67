import { districtName } from '../alerts/choices.ts';
import { send } from '../api.ts';
import { ChoiceField, TextField } from '../case/deeds/fields.tsx';
import { lineOf } from '../case/deeds/form-draft.ts';
import { usePolled } from '../devices/page/polled.ts';
import { KeptForm } from '../forms/kept-form.tsx';
import { dayTime } from '../forms/moments.ts';
import { follows } from '../ground/router.ts';
import { nameOf } from '../people.ts';
import type { AlertCounts, DutyShift, HandOver } from '../types.ts';
import { nextOf } from './duty.ts';
import { t } from './say.ts';

const AGAIN_MS = 15_000;

interface GiveProps {
  shift: DutyShift;
  shifts: readonly DutyShift[];
  onGiven(id: string): void;
}

/** Signs for what a shift hands to the next one, with a note that is kept while it is written. */
export function GiveForm({ shift, shifts, onGiven }: GiveProps) {
  const next = nextOf(shift, shifts);
  const area = districtName(shift.jurisdiction);
  const title = t('give.title', { area });
  return (
    <section class="panel off-paper" aria-label={title}>
      <h3>
        <bdi>{title}</bdi>
      </h3>
      <p class="paper-facts">
        <span>{t('shift.span', { from: dayTime(shift.startsAt), until: dayTime(shift.endsAt) })}</span>
        <Open area={shift.jurisdiction} />
      </p>
      {next.length === 0 && <p class="hint">{t('give.noNext')}</p>}
      {next.length > 0 && (
        <KeptForm
          draft={`hand-over ${shift.id}`}
          title={title}
          does={t('give.do')}
          fields={(props) => (
            <>
              <p class="hint">{t('give.hint')}</p>
              <ChoiceField
                {...props}
                name="to"
                label={t('give.to')}
                choices={next.map(({ id, people, startsAt }) => [
                  id,
                  t('give.option', { name: nameOf(people[0] ?? ''), from: dayTime(startsAt) }),
                ])}
              />
              <TextField {...props} name="note" label={t('give.note')} needed />
            </>
          )}
          run={({ to = next[0]?.id ?? '', note }) =>
            send<HandOver>('POST', `/duty/shifts/${encodeURIComponent(shift.id)}/hand-over`, { to, note: lineOf(note) })
          }
          onDone={(made) => onGiven(made?.id ?? '')}
        />
      )}
    </section>
  );
}

/** How much there is to hand over, and the way to it. */
function Open({ area }: { area: string }) {
  const query = new URLSearchParams({ open: 'true', desk: 'police', jurisdiction: area });
  const { answer } = usePolled<AlertCounts>(`/alerts/counts?${query}`, AGAIN_MS);
  return (
    <>
      {answer && <strong>{t('give.open', { n: answer.all, shelved: answer.visibility.shelved ?? 0 })}</strong>}
      <a href={`/?district=${encodeURIComponent(area)}`} onClick={follows}>
        {t('give.list')}
      </a>
    </>
  );
}
