import { districtName, districts } from '../alerts/choices.ts';
import type { Values } from '../alerts/drafts.ts';
import { send } from '../api.ts';
import { ChoiceField, type FieldProps, NameField, TextField } from '../case/deeds/fields.tsx';
import { lineOf } from '../case/deeds/form-draft.ts';
import { KeptForm } from '../forms/kept-form.tsx';
import { usePeople } from '../forms/people.tsx';
import { session } from '../session.ts';
import { t, tOf } from './say.ts';

export const NEW_LIST_DRAFT = 'watchlist new';
const CATEGORIES = [
  'stolen-vehicle',
  'wanted-person',
  'hit-and-run',
  'cloned-plate',
  'drug-case',
  'terror-case',
  'missing-person',
  'overdue-vehicle',
  'other',
];
const LEVELS = [1, 2, 3, 4];
const REASON_MAX = 500;

/** A control order as a draft; plates are added to it, then somebody asks for its approval. */
export function NewList({ onMade, onLeave }: { onMade(id: string): void; onLeave(): void }) {
  return (
    <section class="panel" aria-labelledby="new-list-title">
      <h3 id="new-list-title">{t('watch.new')}</h3>
      <KeptForm
        draft={NEW_LIST_DRAFT}
        title={t('watch.new')}
        does={t('watch.new.do')}
        fields={(props) => <Fields {...props} />}
        run={(values) => send<{ id: string }>('POST', '/watchlists', bodyOf(values))}
        onDone={(made) => onMade(made?.id ?? '')}
        onCancel={onLeave}
      />
    </section>
  );
}

function Fields(props: FieldProps) {
  const { values } = props;
  const areas = districts.value.map(({ code }) => [code, districtName(code)] as const);
  const own = session.value?.jurisdiction ?? '';
  const choices = areas.some(([code]) => code === own) ? areas : [[own, districtName(own)] as const, ...areas];
  return (
    <div class="paper-fields">
      <NameField {...props} name="name" label={t('watch.name')} needed />
      <ChoiceField {...props} values={{ area: own, ...values }} name="area" label={t('watch.area')} choices={choices} />
      <NameField {...props} name="case" label={t('watch.case')} needed max={64} />
      <ChoiceField
        {...props}
        name="category"
        label={t('watch.category')}
        choices={CATEGORIES.map((one) => [one, tOf('category', one)])}
      />
      <ChoiceField
        {...props}
        values={{ level: '2', ...values }}
        name="level"
        label={t('watch.level')}
        choices={LEVELS.map((n) => [String(n), t('watch.level.of', { n })])}
      />
      <NameField {...props} name="unit" label={t('watch.unit')} needed />
      <NameField {...props} name="officer" label={t('watch.officer')} needed max={64} />
      <PhoneField {...props} />
      <TimeField {...props} name="from" label={t('watch.from')} needed={false} />
      <TimeField {...props} name="until" label={t('watch.end')} needed />
      <ChoiceField
        {...props}
        name="handling"
        label={t('watch.handling')}
        choices={(['intercept', 'covert'] as const).map((one) => [one, t(`watch.handling.${one}`)])}
      />
      <div class="wide">
        <TextField {...props} name="reason" label={t('watch.reason')} needed />
        <p class="hint">{t('watch.name.hint')}</p>
      </div>
      {values.handling === 'covert' && <Named {...props} />}
      <label class="check wide">
        <input
          type="checkbox"
          checked={values.emergency === 'yes'}
          onChange={({ currentTarget }) => props.set('emergency', currentTarget.checked ? 'yes' : '')}
        />
        <span>{t('watch.isEmergency')}</span>
      </label>
      {values.emergency === 'yes' && (
        <div class="wide">
          <LinesField {...props} needed />
        </div>
      )}
    </div>
  );
}

function PhoneField({ values, set }: FieldProps) {
  return (
    <label>
      {t('watch.phone')}
      <input
        name="phone"
        type="tel"
        required
        pattern="[+0-9][0-9 \-]{2,23}"
        autocomplete="off"
        value={values.phone ?? ''}
        onInput={({ currentTarget }) => set('phone', currentTarget.value)}
      />
    </label>
  );
}

/** A moment in the reader's own time. */
export function TimeField({
  name,
  label,
  needed,
  values,
  set,
}: FieldProps & { name: string; label: string; needed: boolean }) {
  return (
    <label>
      {label}
      <input
        name={name}
        type="datetime-local"
        required={needed}
        value={values[name] ?? ''}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
    </label>
  );
}

/** Plates as somebody types them. */
export function LinesField({ values, set, needed }: FieldProps & { needed: boolean }) {
  return (
    <label>
      {t('list.add.lines')}
      <textarea
        name="lines"
        rows={4}
        required={needed}
        spellcheck={false}
        value={values.lines ?? ''}
        onInput={({ currentTarget }) => set('lines', currentTarget.value)}
      />
    </label>
  );
}

/** Who may know of a covert order: of those who approve there one at least. */
function Named({ values, set }: FieldProps) {
  const can = ['watchlists.approve', 'alerts.handle'] as const;
  const area = values.area ?? session.value?.jurisdiction;
  const approvers = usePeople({ can: can[0], ...(area !== undefined && { jurisdiction: area }) });
  const others = usePeople({ can: can[1], ...(area !== undefined && { jurisdiction: area }) });
  const chosen = new Set((values.named ?? '').split(' ').filter((id) => id !== ''));
  const own = session.value?.username;
  const all = [...new Map([...(approvers ?? []), ...(others ?? [])].map((one) => [one.id, one])).values()];
  const people = all.filter(({ username }) => username !== own);
  const press = (id: string, isChosen: boolean) => {
    const next = new Set(chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    set('named', [...next].join(' '));
  };
  return (
    <fieldset class="wide named">
      <legend>{t('watch.named')}</legend>
      <p class="hint">{t('watch.named.hint')}</p>
      {approvers !== null && people.length === 0 && <p class="hint">{t('watch.named.none')}</p>}
      {people.map(({ id, name, username }) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            checked={chosen.has(id)}
            onChange={({ currentTarget }) => press(id, currentTarget.checked)}
          />
          <bdi>
            {name} ({username})
          </bdi>
        </label>
      ))}
    </fieldset>
  );
}

function bodyOf(values: Values) {
  const { category = CATEGORIES[0], level = '2', handling = 'intercept', phone = '' } = values;
  const named = (values.named ?? '').split(' ').filter((id) => id !== '');
  const isEmergency = values.emergency === 'yes';
  const reason = lineOf(values.reason).slice(0, REASON_MAX);
  return {
    name: lineOf(values.name),
    jurisdiction: values.area ?? session.value?.jurisdiction ?? '',
    reason,
    case: lineOf(values.case),
    order: {
      unit: lineOf(values.unit),
      officer: lineOf(values.officer),
      phone: phone.trim(),
      category,
      level: Number(level),
      handling,
      ...(handling === 'covert' && { named }),
      ...(isEmergency && { emergency: true }),
      ...(values.from && { from: new Date(values.from).toISOString() }),
      until: new Date(values.until ?? '').toISOString(),
    },
    ...(isEmergency && { entries: entriesOf(values.lines ?? '', reason) }),
  };
}

/** An emergency is in force at once: its plates come with it. */
function entriesOf(lines: string, reason: string) {
  return lines.split('\n').flatMap((line) => {
    const [plate = '', ...rest] = line.split(/[,，]/);
    const why = lineOf(rest.join('，')) || reason;
    return plate.trim() === '' ? [] : [{ plate: plate.trim(), reason: why.slice(0, 200) }];
  });
}
