import { useEffect, useState } from 'preact/hooks';
import { rules } from '../../alerts/choices.ts';
import { SeverityBadge } from '../../alerts/severity.tsx';
import { titleOf } from '../../alerts/titles.ts';
import { send } from '../../api.ts';
import { adjust, follows, place } from '../../ground/router.ts';
import { caseAddress } from '../../ground/views.ts';
import { kinds } from '../../overview.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun, keepValues, type Values, valuesOf } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { bodyOf } from '../common/schema.ts';
import { t, tOf } from '../say.ts';
import type { Silence, SilencePreview } from '../types.ts';
import { byText, countText, scopeText, timeText } from '../words.ts';
import { closedUp, windowFields, windowsIn } from './windows.ts';

const FORM = 'silences.new';
/** What a link may fill in, such as one from the list of alerts. */
const FROM_LINK = ['jurisdiction', 'rule', 'kind', 'device'] as const;

/** What is filled in, by what was by now. */
function fields(values: Values): FieldSpec[] {
  return [
    { name: 'jurisdiction', label: 'admin.area', as: 'area' },
    { name: 'police', label: 'admin.police' },
    { name: 'rule', label: 'silences.rule', choices: rules.value.map(({ rule }) => rule.split('@')[0] ?? rule) },
    { name: 'kind', label: 'silences.kind', choices: [...kinds.value.keys()] },
    { name: 'device', label: 'silences.device' },
    ...windowFields(values, daysText),
    { name: 'startsAt', label: 'silences.starts', as: 'moment' },
    { name: 'endsAt', label: windowsIn(values) === 0 ? 'silences.ends' : 'silences.ends.repeating', as: 'moment' },
    { name: 'reason', label: 'silences.reason', as: 'text' },
  ];
}

function daysText(days: string): string {
  return days
    .split(' ')
    .map((day) => tOf('days', day))
    .join(', ');
}

/** When one that comes again holds. */
function windowText({ days, from, to }: NonNullable<Silence['repeats']>[number]): string {
  return `${daysText(typeof days === 'string' ? days : days.join(' '))} ${from}–${to}`;
}

/** What is left unsaid, and by whom; a new one says first what it would hide. */
export function Silences() {
  const { query } = place.value;
  const linked = Object.fromEntries(
    FROM_LINK.flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const [changes, setChanges] = useState(0);
  const withEnded = query.get('ended') === 'true';
  const filled = valuesOf(FORM);
  useEffect(() => {
    const values = closedUp(filled);
    if (values) keepValues(FORM, values);
  }, [filled]);
  return (
    <section class="panel" aria-label={t('piece.silences')}>
      <Unfold label={t('silences.new')} primary open={isBegun(FORM) || Object.keys(linked).length > 0}>
        {(leave) => (
          <ApiForm
            operation="POST /silences"
            name={FORM}
            title={t('silences.new')}
            fields={fields(filled)}
            start={linked}
            submit={t('silences.new')}
            send={(body) => send('POST', '/silences', body)}
            onDone={() => {
              setChanges(changes + 1);
              leave();
              adjust(new URLSearchParams());
            }}
            onLeave={leave}
          >
            <Preview linked={linked} />
          </ApiForm>
        )}
      </Unfold>
      <label class="switch">
        <input
          type="checkbox"
          checked={withEnded}
          onChange={({ currentTarget }) => adjust(new URLSearchParams(currentTarget.checked ? { ended: 'true' } : {}))}
        />
        <span>{t('silences.ended')}</span>
      </label>
      <List<Silence>
        path={`/silences?ended=${withEnded}`}
        after={changes}
        none={t('silences.none')}
        keyOf={({ id }) => id}
        row={(one, again) => <One one={one} again={again} />}
      />
    </section>
  );
}

function One({ one, again }: { one: Silence; again: () => void }) {
  const { id, state, rule, kind, device, reason, startsAt, endsAt, createdBy, holds, repeats, turnsAt, version } = one;
  return (
    <Row
      title={reason}
      mark={t(`silence.${state}`)}
      facts={[
        scopeText(one),
        rule,
        kind,
        device,
        t('admin.since', { time: timeText(startsAt) }),
        t('admin.until', { time: timeText(endsAt) }),
        repeats !== null && t('silences.repeats', { windows: repeats.map(windowText).join('; ') }),
        repeats !== null && turnsAt !== null && t('silences.turns', { time: timeText(turnsAt) }),
        byText({ name: createdBy }),
        state === 'active' && t('silences.holds', { n: countText(holds) }),
      ]}
      deeds={
        state !== 'ended' && (
          <Deed
            label={t('admin.end')}
            ask={t('silences.end.ask')}
            run={() => send('DELETE', `/silences/${encodeURIComponent(id)}`, undefined, version)}
            onDone={again}
          />
        )
      }
    />
  );
}

/** What it would hide, as it is filled in by now. */
function Preview({ linked }: { linked: Values }) {
  const [found, setFound] = useState<SilencePreview | null>(null);
  const look = async () => {
    const {
      reason: _reason,
      confirm: _confirm,
      ...values
    } = { ...linked, ...valuesOf(FORM) } as Record<string, string>;
    setFound(await send<SilencePreview>('POST', '/silences/preview', bodyOf('POST /silences', values, fields(values))));
  };
  return (
    <div class="admin-part">
      <Deed label={t('silences.preview')} run={look} />
      {found && (
        <div role="status">
          <p>{t('silences.hides', { n: countText(found.hides) })}</p>
          {found.lastWeek !== null && <p>{t('silences.lastWeek', { n: countText(found.lastWeek) })}</p>}
          {found.windows.length > 0 && (
            <p>
              {t('silences.windows', {
                windows: found.windows.map(({ from, to }) => `${timeText(from)} – ${timeText(to)}`).join('; '),
              })}
            </p>
          )}
          {found.leaves > 0 && <p>{t('silences.leaves', { n: countText(found.leaves) })}</p>}
          <ul class="admin-rows">
            {found.alerts.map((alert) => (
              <li key={alert.id}>
                <a class="line-link" href={caseAddress(alert.id)} onClick={follows}>
                  <SeverityBadge severity={alert.severity} />
                  <span>
                    <bdi>{titleOf(alert)}</bdi> · <bdi>{alert.subject.name ?? alert.subject.id}</bdi>
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
