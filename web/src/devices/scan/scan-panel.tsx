import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { canScanLive, LiveScan } from './live-scan.tsx';
import { PhotoCode, type Reading } from './photo-code.tsx';
import { t } from './say.ts';

type State = Reading | 'live';

interface Props {
  /** What was read or typed, on one line. */
  onText(text: string): void;
  /** What may be typed instead; absent: nothing. */
  typed?: string;
}

const TYPED_MAX = 128;

/** Reads a code: by the live camera where the browser allows it, else in a photo, else as somebody types it. */
export function ScanPanel({ onText, typed }: Props) {
  const [state, setState] = useState<State>('idle');
  return (
    <div class="scan-panel">
      {state === 'live' ? (
        <LiveScan
          onText={(text) => {
            setState('idle');
            onText(text);
          }}
          onStop={() => setState('idle')}
        />
      ) : (
        <span class="bar">
          {canScanLive() && (
            <button type="button" onClick={() => setState('live')}>
              {t('scan.live')}
            </button>
          )}
          <PhotoCode label={t('scan.photo')} isReading={state === 'reading'} onReading={setState} onText={onText} />
        </span>
      )}
      <span role="status" class="trouble">
        {state === 'none' || state === 'failed' ? t(`scan.${state}`) : ''}
      </span>
      {typed !== undefined && <TypedCode label={typed} onText={onText} />}
    </div>
  );
}

function TypedCode({ label, onText }: { label: string; onText(text: string): void }) {
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('code') ?? '').trim();
    if (text !== '') onText(text);
  };
  return (
    <form class="typed-code" onSubmit={submit}>
      <label>
        {label}
        <input name="code" maxLength={TYPED_MAX} autocomplete="off" spellcheck={false} required />
      </label>
      <button type="submit">{t('scan.go')}</button>
    </form>
  );
}
