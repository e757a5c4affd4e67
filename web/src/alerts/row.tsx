import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { canHandle } from '../session.ts';
import { age, clockTime, t, tOf } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Alert } from '../types.ts';
import { CloseMenu } from './close-menu.tsx';
import { Details } from './details.tsx';
import { SeverityBadge } from './severity.tsx';
import { ack, troubles } from './store.ts';
import { pictureOf, titleOf } from './titles.ts';

export interface RowProps {
  alert: Alert;
  selected: boolean;
  open: boolean;
  onSelect(): void;
  onToggle(): void;
}

/** One alert: how grave, what, where, how long ago, who has it, its picture, and what can be done. */
export function AlertRow({ alert, selected, open, onSelect, onToggle }: RowProps) {
  const trouble = troubles.value.get(alert.id);
  const handling = { closed: ' alert-closed', new: ' alert-new' }[alert.handling as string] ?? '';
  return (
    <li
      class={`alert alert-${alert.severity}${handling}`}
      data-id={alert.id}
      tabIndex={selected ? 0 : -1}
      aria-current={selected ? 'true' : undefined}
      onFocusCapture={onSelect}
    >
      <SeverityBadge severity={alert.severity} />
      <Thumbnail alert={alert} onOpen={onToggle} />
      <div class="alert-text">
        <h3>
          <bdi>{titleOf(alert)}</bdi>
          {alert.occurrences > 1 && (
            <span class="count" title={t('alert.times', { n: alert.occurrences })}>
              ×{alert.occurrences}
            </span>
          )}
        </h3>
        <p class="place">
          <bdi>{alert.subject.name}</bdi>
        </p>
        <p class="facts">
          <Age alert={alert} />
          <span class={`condition condition-${alert.condition}`}>{tOf('condition', alert.condition)}</span>
          <Handling alert={alert} />
        </p>
      </div>
      <Actions alert={alert} open={open} onToggle={onToggle} />
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {open && <Details alert={alert} />}
    </li>
  );
}

function Age({ alert }: { alert: Alert }) {
  const now = nowMs.value;
  return (
    <time dateTime={alert.firstAt} title={clockTime(alert.firstAt, now)}>
      {t('alert.ago', { age: age(now - Date.parse(alert.firstAt)) })}
    </time>
  );
}

function Handling({ alert }: { alert: Alert }) {
  if (alert.closedBy) {
    const verdict = alert.verdict ? ` · ${tOf('verdict', alert.verdict)}` : '';
    return (
      <span class="handling">
        <bdi>{t('alert.closedBy', { name: alert.closedBy }) + verdict}</bdi>
      </span>
    );
  }
  if (alert.unit && (alert.handling === 'dispatched' || alert.handling === 'arrived')) {
    const text = alert.handling === 'arrived' ? 'alert.onScene' : 'alert.dispatched';
    return (
      <span class="handling">
        <bdi>{t(text, { unit: alert.unit })}</bdi>
      </span>
    );
  }
  if (alert.ackedBy) {
    return (
      <span class="handling">
        <bdi>{t('alert.ackedBy', { name: alert.ackedBy })}</bdi>
      </span>
    );
  }
  return <span class="handling handling-new">{t('handling.new')}</span>;
}

function Actions({ alert, open, onToggle }: { alert: Alert; open: boolean; onToggle(): void }) {
  const [busy, setBusy] = useState(false);
  const acknowledge = (event: TargetedEvent<HTMLButtonElement>) => {
    // The button is about to go; whoever works by keyboard stays on the row.
    event.currentTarget.closest('li')?.focus();
    setBusy(true);
    ack(alert.id)
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <div class="actions">
      {canHandle.value && alert.handling === 'new' && (
        <button type="button" class="primary ack" disabled={busy} onClick={acknowledge}>
          {t('alert.ack')}
        </button>
      )}
      {canHandle.value && alert.handling !== 'closed' && <CloseMenu id={alert.id} />}
      <button type="button" class="quiet" aria-expanded={open} onClick={onToggle}>
        {t('alert.details')}
      </button>
    </div>
  );
}

/** Its place is kept before the picture is there, so that the row does not grow when it comes. */
function Thumbnail({ alert, onOpen }: { alert: Alert; onOpen(): void }) {
  const picture = pictureOf(alert);
  if (picture) {
    const label = t('alert.picture', { camera: picture.camera });
    return (
      <button type="button" class="thumb" onClick={onOpen} aria-label={label} title={label}>
        <img src={picture.url} alt="" loading="lazy" decoding="async" />
      </button>
    );
  }
  const failed = alert.evidence.some(({ type }) => type === 'unavailable');
  return <span class="thumb thumb-empty">{failed || alert.handling === 'closed' ? t('alert.noPicture') : ''}</span>;
}
