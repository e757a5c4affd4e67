import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Failed } from '../../devices/deeds/failed.tsx';
import { failed, type Outcome } from '../../devices/deeds/outcome.ts';
import { t } from '../say.ts';

interface DeedProps {
  label: string;
  /** What is asked before it is done; done at once without it. */
  ask?: string;
  run(): Promise<unknown>;
  onDone?(): void;
}

/** A button that does something, asks first where that cannot be taken back, and says when it was refused. */
export function Deed({ label, ask, run, onDone }: DeedProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const leave = () => {
    setAsking(false);
    button.current?.focus();
  };
  const act = async () => {
    if (busy) return;
    setBusy(true);
    setOutcome(null);
    try {
      await run();
      leave();
      onDone?.();
    } catch (error) {
      setOutcome(failed(error));
    }
    setBusy(false);
  };
  return (
    <div class={asking || outcome ? 'deed deed-open' : 'deed'}>
      <button
        type="button"
        ref={button}
        disabled={busy}
        aria-expanded={ask === undefined ? undefined : asking}
        onClick={() => (ask === undefined ? void act() : setAsking(!asking))}
      >
        {busy && ask === undefined ? t('do.busy') : label}
      </button>
      {asking && (
        <fieldset class="asked" aria-label={label}>
          <p>{ask}</p>
          <div class="bar">
            <button type="button" class="primary" disabled={busy} onClick={() => void act()}>
              {busy ? t('do.busy') : t('admin.yes')}
            </button>
            <button type="button" onClick={leave}>
              {t('do.cancel')}
            </button>
          </div>
        </fieldset>
      )}
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
    </div>
  );
}

interface UnfoldProps {
  label: string;
  /** Open from the beginning, such as for a form that somebody had begun. */
  open?: boolean;
  primary?: boolean;
  children(leave: () => void): ComponentChildren;
}

/** A button that shows something below it. */
export function Unfold({ label, open = false, primary = false, children }: UnfoldProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [shown, setShown] = useState(open);
  const leave = () => {
    setShown(false);
    button.current?.focus();
  };
  return (
    <div class={shown ? 'deed deed-open' : 'deed'}>
      <button
        type="button"
        ref={button}
        class={primary ? 'primary' : undefined}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        {label}
      </button>
      {shown && children(leave)}
    </div>
  );
}
