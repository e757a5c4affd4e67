import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { follows } from '../../ground/router.ts';
import { caseAddress, VIEWS } from '../../ground/views.ts';
import { nameOf, usernamesOf } from '../../people.ts';
import { handles } from '../../session.ts';
import { age, clockTime, t, tOf } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { Alert } from '../../types.ts';
import { ack, troubles } from '../actions.ts';
import { AssignMenu } from '../deeds/assign-menu.tsx';
import { CloseMenu } from '../deeds/close-menu.tsx';
import { isMenuOpen } from '../deeds/open-menu.ts';
import { doNow, isPending } from '../deeds/undo.ts';
import { Details } from '../details.tsx';
import { SeverityBadge } from '../severity.tsx';
import { pictureOf, titleOf } from '../titles.ts';
import { NO_FILTERS, queryOf } from './filters.ts';
import { isChosen } from './selection.ts';

export interface RowProps {
  alert: Alert;
  selected: boolean;
  open: boolean;
  /** Where it stands in the list, px, and as the how maniest of how many. */
  top: number;
  index: number;
  count: number;
  /** Told which; the same functions each time. */
  onSelect(id: string): void;
  onToggle(id: string): void;
  onChoose(id: string, reach: boolean): void;
  /** Of a row that is only sketched, px: as high as it will be. Of a whole one null; it is as high as it comes. */
  height: number | null;
  /** Told of the element of a whole row; null of a sketched one. */
  onElement: ((element: HTMLElement | null) => void) | null;
}

/** One alert: how grave, what, where, how long ago, who has it, its picture, and what can be done. */
export function AlertRow(props: RowProps) {
  const { alert, selected, height } = props;
  const handling = { closed: ' alert-closed', new: ' alert-new' }[alert.handling as string] ?? '';
  const chosen = isChosen(alert.id) ? ' alert-chosen' : '';
  return (
    <li
      class={`alert alert-${alert.severity}${handling}${chosen}`}
      data-id={alert.id}
      ref={props.onElement}
      style={{ top: `${props.top}px`, height: height === null ? '' : `${height}px` }}
      tabIndex={selected ? 0 : -1}
      aria-current={selected ? 'true' : undefined}
      aria-posinset={props.index + 1}
      aria-setsize={props.count}
      onFocusCapture={() => props.onSelect(alert.id)}
    >
      {height === null ? <Whole {...props} /> : <Sketch alert={alert} />}
    </li>
  );
}

/** What and where: a row that came into sight with many others, for some pictures of the page. */
function Sketch({ alert }: { alert: Alert }) {
  return (
    <div class="alert-text">
      <h3>
        <bdi>{titleOf(alert)}</bdi>
      </h3>
      <p class="place">
        <bdi>{alert.subject.name}</bdi>
      </p>
    </div>
  );
}

function Whole(props: RowProps) {
  const { alert, open } = props;
  const onToggle = () => props.onToggle(alert.id);
  const trouble = troubles.value.get(alert.id);
  return (
    <>
      <Mark alert={alert} onChoose={(reach) => props.onChoose(alert.id, reach)} />
      <Thumbnail alert={alert} onOpen={onToggle} />
      <div class="alert-text">
        <h3>
          <a href={caseAddress(alert.id)} onClick={follows}>
            <bdi>{titleOf(alert)}</bdi>
          </a>
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
          <Level alert={alert} />
          <Parts alert={alert} />
          {isPending(alert.id) && <span class="pending">{t('undo.row')}</span>}
        </p>
      </div>
      <Actions alert={alert} open={open} onToggle={onToggle} />
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {open && <Details alert={alert} />}
    </>
  );
}

/** How grave it is, and whether it is chosen. */
function Mark({ alert, onChoose }: { alert: Alert; onChoose(reach: boolean): void }) {
  return (
    <div class="mark">
      <SeverityBadge severity={alert.severity} />
      {handles(alert) && (
        <label class="pick">
          <input
            type="checkbox"
            aria-label={t('list.select')}
            checked={isChosen(alert.id)}
            onClick={(event) => onChoose(event.shiftKey)}
          />
        </label>
      )}
    </div>
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

/** How far up it was told, where that is further than the station. */
function Level({ alert }: { alert: Alert }) {
  if (alert.level === 'station' || alert.handling === 'closed') return null;
  return <span class="level">{tOf('level', alert.level)}</span>;
}

/** Those that it stands for, as a list of their own. */
function Parts({ alert }: { alert: Alert }) {
  if (alert.stormCount < 2) return null;
  return (
    <a
      class="parts"
      href={`${VIEWS.duty.path}?${queryOf({ ...NO_FILTERS, desk: alert.desk, storm: alert.id })}`}
      onClick={follows}
    >
      {t('alert.parts', { n: alert.stormCount - 1 })}
    </a>
  );
}

/** Who was sent there, and whether they are there. */
function dispatchText({ unit, handling }: Alert): string {
  if (!unit || (handling !== 'dispatched' && handling !== 'arrived')) return '';
  return t(handling === 'arrived' ? 'alert.onScene' : 'alert.dispatched', { unit });
}

function Handling({ alert }: { alert: Alert }) {
  if (alert.closedBy) {
    const verdict = alert.verdict ? ` · ${tOf('verdict', alert.verdict)}` : '';
    return (
      <span class="handling">
        <bdi title={usernamesOf([{ name: alert.closedBy }])}>
          {t('alert.closedBy', { name: alert.closedBy }) + verdict}
        </bdi>
      </span>
    );
  }
  const said = [
    dispatchText(alert),
    alert.handling !== 'new' && alert.ackedBy ? t('alert.ackedBy', { name: alert.ackedBy }) : '',
    alert.assignedTo ? t('alert.assignedTo', { name: nameOf(alert.assignedTo) }) : '',
  ].filter((text) => text !== '');
  if (said.length > 0) {
    return (
      <span class="handling">
        <bdi title={usernamesOf([{ name: alert.ackedBy }, { username: alert.assignedTo }])}>{said.join(' · ')}</bdi>
      </span>
    );
  }
  const isNew = alert.handling === 'new' ? ' handling-new' : '';
  return <span class={`handling${isNew}`}>{tOf('handling', alert.handling)}</span>;
}

function Actions({ alert, open, onToggle }: { alert: Alert; open: boolean; onToggle(): void }) {
  const [busy, setBusy] = useState(false);
  const isOpen = handles(alert) && alert.handling !== 'closed';
  // Rarer than the others, so a row that is not unfolded has room for them.
  const assigns = open || isMenuOpen(alert.id, 'assign');
  const acknowledge = (event: TargetedEvent<HTMLButtonElement>) => {
    // The button is about to go; whoever works by keyboard stays on the row.
    event.currentTarget.closest('li')?.focus();
    setBusy(true);
    doNow(() => ack(alert.id))
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <div class="actions">
      {handles(alert) && alert.handling === 'new' && (
        <button type="button" class="primary ack" disabled={busy} onClick={acknowledge}>
          {t('alert.ack')}
        </button>
      )}
      {isOpen && <CloseMenu of={alert.id} ids={[alert.id]} label={t('alert.close')} />}
      <button type="button" class="quiet" aria-expanded={open} onClick={onToggle}>
        {t('alert.details')}
      </button>
      {isOpen && assigns && <AssignMenu of={alert.id} ids={[alert.id]} label={t('assign.title')} />}
    </div>
  );
}

/** Its place is kept before the picture is there, so that the row does not grow when it comes. */
function Thumbnail({ alert, onOpen }: { alert: Alert; onOpen(): void }) {
  const [refused, setRefused] = useState('');
  const picture = pictureOf(alert);
  if (picture?.url === refused) return <span class="thumb thumb-empty">{t('alert.unseenPicture')}</span>;
  if (picture) {
    const label = t('alert.picture', { camera: picture.camera });
    return (
      <button type="button" class="thumb" onClick={onOpen} aria-label={label} title={label}>
        <img src={picture.url} alt="" loading="lazy" decoding="async" onError={() => setRefused(picture.url)} />
      </button>
    );
  }
  const failed = alert.evidence.some(({ type }) => type === 'unavailable');
  return <span class="thumb thumb-empty">{failed || alert.handling === 'closed' ? t('alert.noPicture') : ''}</span>;
}
