import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { NameField, TextField } from '../../case/deeds/fields.tsx';
import { lineOf } from '../../case/deeds/form-draft.ts';
import { deviceOfCode } from '../../devices/scan/code.ts';
import { ScanPanel } from '../../devices/scan/scan-panel.tsx';
import { drafted, keepDrafted } from '../drafts.ts';
import { PHOTO_SUBJECTS, unitWords } from '../kept/kept.ts';
import { preparedPhoto } from '../photo.ts';
import { expected } from '../queue/decide.ts';
import { t } from '../say.ts';
import type { FormProps } from './deed-bar.tsx';

/** Is this the device? The label says, or what somebody reads off it. */
export function LabelForm({ kept, open }: FormProps) {
  const [seen, setSeen] = useState<string | null>(null);
  const { device } = kept;
  const look = (text: string) => {
    const read = deviceOfCode(text) ?? text;
    setSeen(read);
    if (isOf(read, kept.device)) void open.labelRead();
  };
  const isRight = seen !== null && isOf(seen, device);
  return (
    <>
      <ScanPanel onText={look} typed={t('job.label.hint')} />
      {seen !== null && (
        <p class={isRight ? 'right' : 'trouble'} role="alert">
          <bdi>
            {isRight
              ? t('job.label.right', { device: device.name })
              : t('job.label.wrong', { seen, device: `${device.name} (${device.id})` })}
          </bdi>
        </p>
      )}
    </>
  );
}

/** The id of the device, or the serial number of the unit that hangs there. */
function isOf(text: string, { id, unit }: FormProps['kept']['device']): boolean {
  return text === id || (unit?.serial != null && text === unit.serial);
}

export function CheckForm({ enter }: FormProps) {
  return (
    <>
      <p class="hint">{t('job.check.hint')}</p>
      <button type="button" class="primary" onClick={() => void enter({ kind: 'check' })}>
        {t('job.send')}
      </button>
    </>
  );
}

export function NoteForm({ name, kept, waits, enter }: FormProps & { name: 'note' | 'done' | 'back' }) {
  const values = drafted(kept.number, name);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const note = lineOf(values.note);
    const { version } = expected(kept.order, waits);
    const to = name === 'done' ? 'done' : 'open';
    const isKept = await enter(
      name === 'note' ? { kind: 'note', note } : { kind: 'step', to, version, note: note || null },
    );
    if (isKept) keepDrafted(kept.number, name, {});
  };
  const label = t(name === 'note' ? 'job.note' : `job.note.${name}`);
  return (
    <form onSubmit={(event) => void submit(event)}>
      <TextField
        values={values}
        set={(field, value) => keepDrafted(kept.number, name, { ...drafted(kept.number, name), [field]: value })}
        name="note"
        label={label}
        needed={name === 'note'}
      />
      <button type="submit" class="primary">
        {t(name === 'note' ? 'job.send' : `job.do.${name}`)}
      </button>
    </form>
  );
}

export function PhotoForm({ enter }: FormProps) {
  const [isBad, setIsBad] = useState(false);
  const take = async (what: (typeof PHOTO_SUBJECTS)[number], field: HTMLInputElement) => {
    const [file] = field.files ?? [];
    if (!file) return;
    const photo = await preparedPhoto(file).catch(() => null);
    field.value = '';
    setIsBad(photo === null);
    if (photo) await enter({ kind: 'photo', what, type: photo.type, bytes: photo.bytes.byteLength }, photo.bytes);
  };
  return (
    <>
      <p class="hint">{t('job.photo.hint')}</p>
      <div class="photo-subjects">
        {PHOTO_SUBJECTS.map((what) => (
          <label class="as-button scan" key={what}>
            {t(`job.photo.${what}`)}
            <input
              type="file"
              class="unseen"
              name={`photo-${what}`}
              accept="image/*"
              capture="environment"
              onChange={({ currentTarget }) => void take(what, currentTarget)}
            />
          </label>
        ))}
      </div>
      {isBad && (
        <p class="trouble" role="alert">
          {t('job.photo.bad')}
        </p>
      )}
    </>
  );
}

const UNIT_FIELDS = ['serial', 'mac', 'maker', 'model'] as const;

export function SwapForm({ kept, waits, enter }: FormProps) {
  const [isScanning, setIsScanning] = useState(false);
  const values = drafted(kept.number, 'swap');
  const set = (field: string, value: string) =>
    keepDrafted(kept.number, 'swap', { ...drafted(kept.number, 'swap'), [field]: value });
  const before = waits.map(({ deed }) => deed).findLast((deed) => deed.kind === 'swap');
  const { unit } = kept.device;
  const hung = unitWords(before ? before.unit : unit);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = UNIT_FIELDS.map((field) => [field, lineOf(values[field])] as const).filter(([, text]) => text !== '');
    const isNamed = before !== undefined || [unit?.serial, unit?.mac, unit?.maker, unit?.model].some(Boolean);
    const replaces = before ? null : (unit?.id ?? '');
    const reason = lineOf(values.reason);
    const deed = { kind: 'swap', unit: Object.fromEntries(said), replaces, hung, named: isNamed, reason } as const;
    if (await enter(deed)) keepDrafted(kept.number, 'swap', {});
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <p>
        <bdi>{t('job.swap.replaces', { unit: hung })}</bdi>
      </p>
      {isScanning ? (
        <ScanPanel
          onText={(text) => {
            set('serial', text.slice(0, SERIAL_MAX));
            setIsScanning(false);
          }}
        />
      ) : (
        <button type="button" onClick={() => setIsScanning(true)}>
          {t('job.swap.scan')}
        </button>
      )}
      <NameField values={values} set={set} name="serial" label={t('job.swap.serial')} needed={!values.mac?.trim()} />
      <NameField values={values} set={set} name="mac" label={t('job.swap.mac')} needed={false} />
      <div class="pair-of-fields">
        <NameField values={values} set={set} name="maker" label={t('job.swap.maker')} needed={false} />
        <NameField values={values} set={set} name="model" label={t('job.swap.model')} needed={false} />
      </div>
      <TextField values={values} set={set} name="reason" label={t('job.swap.reason')} needed />
      <button type="submit" class="primary">
        {t('job.do.swap')}
      </button>
    </form>
  );
}

const SERIAL_MAX = 128;
