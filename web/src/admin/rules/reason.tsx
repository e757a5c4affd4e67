import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Failed } from '../../devices/deeds/failed.tsx';
import { failed, type Outcome } from '../../devices/deeds/outcome.ts';
import { keepValues, valuesOf } from '../common/drafts.ts';
import { t } from '../say.ts';

const REASON_MAX = 500;

interface ReasonProps {
  /** Under which name it is kept while it is written. */
  name: string;
  label: string;
  submit: string;
  send(reason: string): Promise<unknown>;
  onDone(): void;
  onLeave(): void;
}

/** Asks why, and does it. */
export function Reason({ name, label, submit, send, onDone, onLeave }: ReasonProps) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { reason = '' } = valuesOf(name);
  useEffect(() => field.current?.focus(), []);
  const run = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setOutcome(null);
    try {
      await send(reason.trim());
      keepValues(name, {});
      onLeave();
      onDone();
    } catch (error) {
      setOutcome(failed(error));
    }
    setBusy(false);
  };
  return (
    <form class="admin-form" aria-label={submit} onSubmit={(event) => void run(event)}>
      <label>
        {label}
        <input
          ref={field}
          name="reason"
          required
          maxLength={REASON_MAX}
          autocomplete="off"
          value={reason}
          onInput={({ currentTarget }) => keepValues(name, { reason: currentTarget.value })}
        />
      </label>
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
      <div class="bar">
        <button type="submit" class="primary" disabled={busy}>
          {busy ? t('do.busy') : submit}
        </button>
        <button type="button" onClick={onLeave}>
          {t('do.cancel')}
        </button>
      </div>
    </form>
  );
}
