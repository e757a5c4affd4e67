import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dutyFocus, lookAt } from '../../duty/focus.ts';
import { refine } from '../../ground/router.ts';
import { overview } from '../../overview.ts';
import { t } from '../../texts.ts';
import { SEVERITIES } from '../../types.ts';
import { cameFrom, filters } from '../asked.ts';
import { gravest } from '../book.ts';
import { UndoBar } from '../deeds/undo-bar.tsx';
import { desk, desks } from '../desk.ts';
import { openAlert, setOpenAlert } from '../drafts.ts';
import { SeverityBadge } from '../severity.tsx';
import { announcement, book, hasMore, loaded, loadFailed, readMore, showWaiting } from '../store.ts';
import { link } from '../stream.ts';
import { ChosenBar } from './chosen-bar.tsx';
import { FilterBar } from './filter-bar.tsx';
import { NO_FILTERS, queryOf } from './filters.ts';
import { useHeld } from './held.ts';
import { Help } from './help.tsx';
import { useKeys } from './keys.ts';
import { AlertRow } from './row.tsx';
import { choose } from './selection.ts';
import { type Rows, useRows } from './use-rows.ts';

/** More is read when the end is so many rows away. */
const READ_AHEAD = 30;

/** The list of alerts as work: open and gravest first, or as the filters say. Few of its rows are drawn at a time. */
export function AlertList() {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const filterBar = useRef<HTMLFormElement>(null);
  const [helps, setHelps] = useState(false);
  const [unfolded, setUnfolded] = useState(false);
  const [selected, setSelected] = useState<string | null>(null);
  const { shown } = book.value;
  const rows = useRows(box, list, shown);
  const current = selected !== null && shown.includes(selected) ? selected : (shown[0] ?? null);
  const focus = useRowFocus(list, rows, setSelected);
  useKeys({
    ids: shown,
    current,
    focus: (index) => focus(shown[index] ?? '', index),
    toggle,
    showFilters: () => filterBar.current?.querySelector<HTMLElement>('select, button')?.focus(),
    showHelp: () => setHelps(true),
  });
  useHeld(box, head);
  useReadAhead(rows.span.to, shown.length);
  useReturn(shown, focus);
  useOthersFocus(shown, rows, setSelected);
  // The same function each time, so that a row that stays as it is need not be drawn again.
  const select = useCallback((id: string) => {
    setSelected(id);
    const { subject } = book.peek().alerts.get(id) ?? {};
    if (subject?.type === 'device') lookAt(subject.id, 'list');
  }, []);
  return (
    <section class="alerts" aria-labelledby="alerts-title">
      <div ref={head}>
        <div class="section-head">
          <h2 id="alerts-title">{t(desk.value === 'police' ? 'alerts.title' : 'alerts.faults')}</h2>
          <Desks />
          <Waiting />
          <button type="button" class="quiet unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
            {t('filter.title')}
          </button>
          <button type="button" class="quiet keys" title={t('help.hint')} onClick={() => setHelps(true)}>
            ? <span class="unseen">{t('help.title')}</span>
          </button>
        </div>
        <FilterBar form={filterBar} unfolded={unfolded} />
        <ChosenBar />
      </div>
      <Announcer />
      <Hint />
      <div class="alert-box" ref={box}>
        <ul class="alert-list" ref={list} aria-labelledby="alerts-title" style={{ height: `${rows.heights.total}px` }}>
          <DrawnRows rows={rows} current={current} onSelect={select} />
        </ul>
        {hasMore.value && <More />}
      </div>
      <UndoBar />
      {helps && <Help onClose={() => setHelps(false)} />}
    </section>
  );
}

function pick(id: string, reach: boolean): void {
  choose(id, book.peek().shown, reach);
}

function toggle(id: string): void {
  setOpenAlert(openAlert() === id ? null : id);
}

interface DrawnProps {
  rows: Rows;
  current: string | null;
  onSelect(id: string): void;
}

/** The rows that can be seen and some around, and the one that the keyboard is at. */
function DrawnRows({ rows: { span, heights, wholeOf, elementOf }, current, onSelect }: DrawnProps) {
  const { shown, alerts } = book.value;
  const drawn = shown.slice(span.from, span.to).map((id, at) => ({ id, index: span.from + at }));
  const at = current === null ? -1 : shown.indexOf(current);
  if (current !== null && at >= 0 && at < span.from) drawn.unshift({ id: current, index: at });
  if (current !== null && at >= span.to) drawn.push({ id: current, index: at });
  const open = openAlert();
  const middle = (span.from + span.to) / 2;
  const wanted = drawn.toSorted((one, other) => Math.abs(one.index - middle) - Math.abs(other.index - middle));
  const whole = wholeOf(wanted.map(({ id }) => id));
  return (
    <>
      {drawn.map(({ id, index }) => {
        const alert = alerts.get(id);
        if (!alert) return null;
        const isWhole = id === current || id === open || whole.has(id);
        return (
          <AlertRow
            key={id}
            alert={alert}
            height={isWhole ? null : heights.top(index + 1) - heights.top(index) - heights.gap}
            selected={id === current}
            open={id === open}
            top={heights.top(index)}
            index={index}
            count={shown.length}
            onSelect={onSelect}
            onToggle={toggle}
            onChoose={pick}
            onElement={isWhole ? elementOf(id) : null}
          />
        );
      })}
    </>
  );
}

/** Moves the focus to a row: it is selected, so drawn, then focused. */
function useRowFocus(
  list: { readonly current: HTMLElement | null },
  rows: Rows,
  select: (id: string) => void,
): (id: string, index: number) => void {
  const wanted = useRef<string | null>(null);
  const look = () => {
    if (wanted.current === null) return;
    const row = list.current?.querySelector<HTMLElement>(`:scope > li[data-id="${CSS.escape(wanted.current)}"]`);
    if (!row) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  };
  useLayoutEffect(look);
  return (id, index) => {
    wanted.current = id;
    rows.reveal(index);
    select(id);
    look();
  };
}

/** Who comes back from a case goes on at its row, where the list still has it. */
function useReturn(shown: readonly string[], focus: (id: string, index: number) => void): void {
  useEffect(() => {
    const id = cameFrom.value;
    cameFrom.value = null;
    if (id !== null && shown.includes(id)) focus(id, shown.indexOf(id));
  }, []);
}

/** Shows the first row of a device that was chosen in another pane; the focus stays where it is. */
function useOthersFocus(shown: readonly string[], rows: Rows, select: (id: string) => void): void {
  const focus = dutyFocus.value;
  useEffect(() => {
    if (!focus || focus.by === 'list') return;
    const index = shown.findIndex((id) => book.value.alerts.get(id)?.subject.id === focus.device);
    if (index < 0) return;
    rows.reveal(index);
    select(shown[index]!);
  }, [focus]);
}

/** Reads on as the end comes near, so that every alert can be reached by scrolling. */
function useReadAhead(to: number, count: number): void {
  const busy = useRef(false);
  const near = hasMore.value && loaded.value && to >= count - READ_AHEAD && count > 0;
  useEffect(() => {
    if (!near || busy.current) return;
    busy.current = true;
    readMore()
      .catch(() => undefined)
      .finally(() => {
        busy.current = false;
      });
  }, [near, count]);
}

/** The other desk, with how much is open there. */
function Desks() {
  const [other] = desks.value.filter((one) => one !== desk.value);
  if (other === undefined) return null;
  const numbers = other === 'police' ? overview.value?.alerts : overview.value?.faults;
  const open = numbers ? SEVERITIES.reduce((sum, severity) => sum + (numbers[severity] ?? 0), 0) : 0;
  const show = () => refine(queryOf({ ...filters.value, desk: other === 'police' ? null : other }));
  return (
    <button type="button" class="quiet desk" onClick={show}>
      {t(other === 'police' ? 'alerts.title' : 'alerts.faults')}
      {open > 0 && <span class="count">{` ${open}`}</span>}
    </button>
  );
}

/** For when reading on by itself failed, and for who works by keyboard. */
function More() {
  const [busy, setBusy] = useState(false);
  const read = () => {
    setBusy(true);
    readMore()
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" class="older" disabled={busy} onClick={read}>
      {t('alerts.more')}
    </button>
  );
}

/** What stands there while there are no rows. */
function Hint() {
  if (link.value === 'forbidden') return <p class="hint">{t('alerts.forbidden')}</p>;
  if (loadFailed.value) return <p class="hint">{t('alerts.failed')}</p>;
  if (!loaded.value) return <p class="hint">{t('alerts.loading')}</p>;
  if (book.value.shown.length > 0) return null;
  const { desk: _desk, ...chosen } = filters.value;
  const isFiltered = Object.entries(chosen).some(([name, value]) => value !== NO_FILTERS[name as keyof typeof chosen]);
  return <p class="hint">{t(isFiltered ? 'list.none' : 'alerts.none')}</p>;
}

/** The bar of alerts that wait because a hand is on the list. Its place is always kept. */
function Waiting() {
  const { waiting } = book.value;
  const severity = gravest(book.value, waiting);
  if (severity === null) return null;
  return (
    <button type="button" class={`waiting waiting-${severity}`} title={t('alerts.newHint')} onClick={showWaiting}>
      <SeverityBadge severity={severity} />
      {t('alerts.new', { n: waiting.length })}
    </button>
  );
}

function Announcer() {
  const { text, urgent } = announcement.value;
  return (
    <>
      <p class="unseen" aria-live="polite">
        {urgent ? '' : text}
      </p>
      <p class="unseen" aria-live="assertive">
        {urgent ? text : ''}
      </p>
    </>
  );
}
