import { useEffect, useRef, useState } from 'preact/hooks';
import { may } from '../../session.ts';
import type { Deed, Entry, KeptOrder } from '../kept/kept.ts';
import type { OpenOrder } from '../open-order.ts';
import { expected } from '../queue/decide.ts';
import { enqueue } from '../queue/state.ts';
import { t } from '../say.ts';
import { CheckForm, LabelForm, NoteForm, PhotoForm, SwapForm } from './forms.tsx';

const DEEDS = ['take', 'label', 'check', 'swap', 'photo', 'note', 'done', 'back'] as const;
type DeedName = (typeof DEEDS)[number];

/** What may be done with an order that will be in this state, by somebody with these rights. Pure. */
export function possible(state: string, may: (right: string) => boolean): DeedName[] {
  const taken: DeedName[] = ['label', 'check', 'swap', 'photo', 'note', 'done', 'back'];
  const of: Record<string, DeedName[]> = { open: ['take', 'label', 'photo', 'note'], taken, done: ['photo', 'note'] };
  return (of[state] ?? []).filter((name) => {
    if (name === 'check') return may('devices.check');
    return name === 'swap' ? may('registry.edit') : may('orders.work');
  });
}

export interface FormProps {
  kept: KeptOrder;
  waits: readonly Entry[];
  open: OpenOrder;
  /** Enters it, and closes the form. Answers whether it is kept. */
  enter(deed: Deed, bytes?: ArrayBuffer): Promise<boolean>;
}

const FORMS: Record<Exclude<DeedName, 'take'>, (props: FormProps) => preact.JSX.Element> = {
  label: LabelForm,
  check: CheckForm,
  swap: SwapForm,
  photo: PhotoForm,
  note: (props) => <NoteForm {...props} name="note" />,
  done: (props) => <NoteForm {...props} name="done" />,
  back: (props) => <NoteForm {...props} name="back" />,
};

/** What is to be done. Each entry goes into the queue of this device first, with the network or without. */
export function DeedBar({ open, kept, waits }: Omit<FormProps, 'enter'>) {
  const [form, setForm] = useState<Exclude<DeedName, 'take'> | null>(null);
  const [hasNoRoom, setHasNoRoom] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const isEntering = useRef(false);
  const will = expected(kept.order, waits);
  const deeds = possible(will.state, may);
  useEffect(() => {
    if (form !== null) box.current?.querySelector<HTMLElement>('.deed-form :is(textarea, input, button)')?.focus();
  }, [form]);
  const enter = async (deed: Deed, bytes?: ArrayBuffer): Promise<boolean> => {
    const { owner, number: order, device } = kept;
    // Pressed twice, it is meant once.
    if (isEntering.current) return false;
    isEntering.current = true;
    try {
      await enqueue({ owner, order, device: device.id, deed }, bytes);
      setHasNoRoom(false);
      setForm(null);
      box.current?.focus();
      return true;
    } catch {
      setHasNoRoom(true);
      return false;
    } finally {
      isEntering.current = false;
    }
  };
  if (deeds.length === 0) return null;
  const Form = form !== null && deeds.includes(form) ? FORMS[form] : null;
  return (
    <section class="panel order-deeds" aria-labelledby="order-deeds-title">
      <h3 id="order-deeds-title">{t('job.deeds')}</h3>
      <div ref={box} tabIndex={-1}>
        <DeedButtons
          deeds={deeds}
          form={form}
          onDeed={(name) => {
            if (name === 'take') void enter({ kind: 'step', to: 'taken', version: will.version, note: null });
            else setForm(form === name ? null : name);
          }}
        />
        {hasNoRoom && (
          <p class="trouble" role="alert">
            {t('job.noRoom')}
          </p>
        )}
        {Form && (
          <div class="deed-form" key={form}>
            <Form open={open} kept={kept} waits={waits} enter={enter} />
            <button type="button" class="quiet" onClick={() => setForm(null)}>
              {t('job.close')}
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

interface ButtonsProps {
  deeds: readonly DeedName[];
  form: DeedName | null;
  onDeed(name: DeedName): void;
}

function DeedButtons({ deeds, form, onDeed }: ButtonsProps) {
  return (
    <div class="deed-bar">
      {deeds.map((name) => (
        <button
          type="button"
          key={name}
          class={name === 'take' || name === 'done' ? 'primary' : undefined}
          aria-expanded={name === 'take' ? undefined : form === name}
          onClick={() => onDeed(name)}
        >
          {t(`job.do.${name}`)}
        </button>
      ))}
    </div>
  );
}
