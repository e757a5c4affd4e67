import type { ComponentChildren } from 'preact';
import { ChoiceField, NameField, TextField } from '../../case/deeds/fields.tsx';
import { lasting } from '../../texts.ts';
import type { WholeDevice } from '../../types.ts';
import { t } from '../say.ts';
import { editable } from './basis.ts';
import { type DeedName, MAINTENANCE_MINUTES } from './deeds.ts';
import type { Values } from './drafts.ts';

interface FieldsProps {
  device: WholeDevice;
  values: Values;
  set(name: string, value: string): void;
}

/** Minutes for which an old secret may stay valid. */
const OVERLAP_MINUTES = [0, 60, 1_440, 10_080];

/** What is to be said with each deed. */
export const FORMS: Record<Exclude<DeedName, 'check'>, (props: FieldsProps) => ComponentChildren> = {
  edit: EditFields,
  swap: (props) => (
    <>
      <p class="hint">{t('swap.hint')}</p>
      <UnitFields {...props} />
      <TextField {...props} name="reason" label={t('do.reason')} needed />
    </>
  ),
  accept: AcceptFields,
  assign: (props) => (
    <>
      <UnitFields {...props} />
      <TextField {...props} name="reason" label={t('do.reason')} needed={false} />
    </>
  ),
  maintain: (props) => (
    <>
      <p class="hint">{t('maintain.hint')}</p>
      <TextField {...props} name="reason" label={t('do.reason')} needed />
      <ChoiceField
        {...props}
        values={{ minutes: String(MAINTENANCE_MINUTES[1]), ...props.values }}
        name="minutes"
        label={t('maintain.minutes')}
        choices={MAINTENANCE_MINUTES.map((minutes) => [String(minutes), lasting(minutes * 60)] as const)}
      />
    </>
  ),
  resume: () => <p class="hint">{t('resume.hint')}</p>,
  rotate: RotateFields,
};

function EditFields({ device, values, set }: FieldsProps) {
  const shown = { ...editable(device), ...values };
  const props = { values: shown, set };
  return (
    <>
      <NameField {...props} name="name" label={t('edit.name')} needed />
      <NameField {...props} name="purpose" label={t('edit.purpose')} needed={false} />
      <NameField {...props} name="address" label={t('edit.address')} needed={false} />
      <div class="pair-of-fields">
        <NumberField {...props} name="lat" label={t('edit.lat')} max={90} />
        <NumberField {...props} name="lon" label={t('edit.lon')} max={180} />
      </div>
    </>
  );
}

/** A number between `-max` and `max`. */
export function NumberField({
  name,
  label,
  max,
  values,
  set,
}: Pick<FieldsProps, 'values' | 'set'> & { name: string; label: string; max: number }) {
  return (
    <label>
      {label}
      <input
        type="number"
        name={name}
        step="any"
        min={-max}
        max={max}
        required
        value={values[name] ?? ''}
        onInput={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
}

/** A unit as somebody reads it off its label. */
function UnitFields(props: FieldsProps) {
  const named = (props.values.mac ?? '').trim() !== '';
  return (
    <>
      <NameField {...props} name="serial" label={t('unit.serial')} needed={!named} />
      <NameField {...props} name="mac" label={t('unit.mac')} needed={false} />
      <div class="pair-of-fields">
        <NameField {...props} name="maker" label={t('unit.maker')} needed={false} />
        <NameField {...props} name="model" label={t('unit.model')} needed={false} />
      </div>
    </>
  );
}

function AcceptFields({ device: { otherUnit, unit }, values, set }: FieldsProps) {
  const serial = otherUnit?.serial ?? '';
  if (values.serial === undefined && otherUnit) set('serial', serial);
  return (
    <dl class="pairs">
      <dt>{t('accept.before')}</dt>
      <dd>
        <bdi>{[unit?.maker, unit?.model, unit?.serial].filter(Boolean).join(' ') || '–'}</bdi>
      </dd>
      <dt>{t('accept.now')}</dt>
      <dd>
        <bdi>{[otherUnit?.maker, otherUnit?.model, otherUnit?.serial].filter(Boolean).join(' ') || '–'}</bdi>
      </dd>
    </dl>
  );
}

function RotateFields(props: FieldsProps) {
  if (props.device.onvif) {
    const accounts = ['own', 'same'].map((one) => [one, t(`rotate.account.${one as 'own' | 'same'}`)] as const);
    return (
      <>
        <p class="hint">{t('rotate.login')}</p>
        <ChoiceField {...props} name="account" label={t('rotate.account')} choices={accounts} />
      </>
    );
  }
  const ways = ['answer', 'command'].map((one) => [one, t(`rotate.by.${one as 'answer' | 'command'}`)] as const);
  const overlaps = OVERLAP_MINUTES.map((one) => {
    return [String(one), one === 0 ? t('rotate.overlap.none') : lasting(one * 60)] as const;
  });
  return (
    <>
      <p class="hint">{t('rotate.secret')}</p>
      <ChoiceField {...props} name="by" label={t('rotate.by')} choices={ways} />
      {props.values.by !== 'command' && (
        <ChoiceField {...props} name="overlap" label={t('rotate.overlap')} choices={overlaps} />
      )}
    </>
  );
}
