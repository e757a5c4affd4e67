import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Rows, useRows } from '../../alerts/worklist/use-rows.ts';
import { follows, place } from '../../ground/router.ts';
import { VIEWS } from '../../ground/views.ts';
import { may } from '../../session.ts';
import { locale } from '../../texts.ts';
import { t } from '../say.ts';
import { ScanLabel } from '../scan/scan-label.tsx';
import { FilterBar } from './filter-bar.tsx';
import { asked, filtersOf, LABELS_MAX, queryOf } from './filters.ts';
import { DeviceRow } from './row.tsx';
import { DeviceRows } from './rows.ts';
import '../devices.css';

/** More is read when the end is so many rows away. */
const READ_AHEAD = 30;

/** Every device that the reader may see, narrowed by filters and words. Few of its rows are drawn at a time. */
export function DevicesView() {
  const { query, words } = place.value;
  const filters = filtersOf(query);
  const asks = `${queryOf(filters)} ${words}`;
  const { rows, stop } = useMemo(() => {
    const stop = new AbortController();
    return { rows: new DeviceRows(filters, words, stop.signal), stop };
  }, [asks]);
  const sight = useRef(0);
  useEffect(() => {
    sight.current = 0;
    void rows.follow(() => sight.current);
    return () => stop.abort();
  }, [rows]);
  return (
    <section class="devices" aria-labelledby="devices-title">
      <div class="section-head">
        <h2 id="devices-title">{t('devices.title')}</h2>
        <p role="status">{rows.total.value === null ? '' : t('devices.count', { n: counted(rows.total.value) })}</p>
        <Tools rows={rows} />
      </div>
      <FilterBar filters={filters} rows={rows} />
      <Hint rows={rows} isNarrowed={asks !== ' '} />
      <List key={asks} rows={rows} sight={sight} />
    </section>
  );
}

function Tools({ rows }: { rows: DeviceRows }) {
  const total = rows.total.value ?? 0;
  const { query, words } = place.value;
  const ids = rows.ids.value;
  // Words stand in no address: with them, the devices are named instead, once all are here.
  const named = words === '' ? asked(filtersOf(query), '') : new URLSearchParams({ ids: ids.join(',') });
  const canPrint = total > 0 && total <= LABELS_MAX && (words === '' || ids.length === total);
  return (
    <span class="bar">
      <ScanLabel />
      {canPrint && (
        <a class="as-button" href={`/api/v1/devices/labels?${named}`} target="_blank" rel="noreferrer">
          {t('devices.labels')}
        </a>
      )}
      {may('registry.edit') && (
        <a class="as-button" href={VIEWS.addDevice.path} onClick={follows}>
          {t('devices.add')}
        </a>
      )}
    </span>
  );
}

function counted(count: number): string {
  return new Intl.NumberFormat(locale.value).format(count);
}

function Hint({ rows, isNarrowed }: { rows: DeviceRows; isNarrowed: boolean }) {
  if (rows.failed.value) return <p class="hint">{t('devices.failed')}</p>;
  if (!rows.loaded.value) return <p class="hint">{t('devices.loading')}</p>;
  if (rows.ids.value.length > 0) return null;
  return <p class="hint">{t(isNarrowed ? 'devices.noneSuch' : 'devices.none')}</p>;
}

function List({ rows, sight }: { rows: DeviceRows; sight: RefObject<number> }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const ids = rows.ids.value;
  const laid = useRows(box, list, ids);
  const [current, setCurrent] = useState(0);
  const { from, to } = laid.span;
  sight.current = Math.floor((from + to) / 2);
  const near = rows.hasMore.value && to >= ids.length - READ_AHEAD && ids.length > 0;
  useEffect(() => {
    if (near) void rows.readMore();
  }, [near, ids.length]);
  const focus = useRowFocus(list, laid, setCurrent);
  useKeys((by) => focus(Math.min(ids.length - 1, Math.max(0, current + by)), ids));
  const drawn = ids.slice(from, to).map((id, at) => ({ id, index: from + at }));
  const at = Math.min(current, ids.length - 1);
  if (at >= 0 && at < from) drawn.unshift({ id: ids[at] ?? '', index: at });
  if (at >= to) drawn.push({ id: ids[at] ?? '', index: at });
  return (
    <div class="device-box" ref={box}>
      <ul class="device-list" ref={list} aria-labelledby="devices-title" style={{ height: `${laid.heights.total}px` }}>
        {drawn.map(({ id, index }) => {
          const device = rows.devices.value.get(id);
          if (!device) return null;
          return (
            <DeviceRow
              key={id}
              device={device}
              top={laid.heights.top(index)}
              index={index}
              count={rows.total.value ?? ids.length}
              current={index === at}
              onCurrent={() => setCurrent(index)}
              onElement={laid.elementOf(id)}
            />
          );
        })}
      </ul>
      {rows.hasMore.value && (
        <button type="button" class="older" onClick={() => void rows.readMore()}>
          {t('devices.more')}
        </button>
      )}
    </div>
  );
}

/** Moves the focus to a row: it is brought into sight, so drawn, then focused. */
function useRowFocus(list: RefObject<HTMLElement | null>, rows: Rows, select: (index: number) => void) {
  const wanted = useRef<string | null>(null);
  const look = () => {
    if (wanted.current === null) return;
    const link = list.current?.querySelector<HTMLElement>(`li[data-id="${CSS.escape(wanted.current)}"] a`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  };
  useLayoutEffect(look);
  return (index: number, ids: readonly string[]) => {
    const id = ids[index];
    if (id === undefined) return;
    wanted.current = id;
    rows.reveal(index);
    select(index);
    look();
  };
}

/** j and k, or the arrows in the list, go through it; / leads to the search. */
function useKeys(move: (by: number) => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
      const isTyping = event.target.closest('input, textarea, select, dialog') !== null;
      if (isTyping) return;
      const inList = event.target.closest('.device-list') !== null;
      const by = STEPS[event.key] ?? (inList ? ARROWS[event.key] : undefined);
      if (by !== undefined) move(by);
      else if (event.key === '/') document.querySelector<HTMLElement>('.device-search input')?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

const STEPS: Record<string, number> = { j: 1, k: -1 };
const ARROWS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
