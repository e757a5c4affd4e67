import type { KindRow, Verdict } from '../verdict.ts';
import { escapeHtml } from './plots.ts';

const KIND_COLUMNS: readonly (keyof KindRow)[] = [
  'kind',
  'devices',
  'sent',
  'acked',
  'refused',
  'unanswered',
  'records',
  'stored',
  'explained',
  'lost',
  'doubled',
];

interface Cell {
  text: string;
  isBad?: boolean;
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const heads = head.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const lines = rows.map((cells) => {
    const texts = cells.map(({ text, isBad }) => `<td${isBad ? ' class="bad"' : ''}>${escapeHtml(text)}</td>`);
    return `<tr>${texts.join('')}</tr>`;
  });
  return `<table><tr>${heads}</tr>${lines.join('')}</table>`;
}

/** Messages and records of each kind. */
export function kindTable({ kinds }: Verdict): string {
  const rows = kinds.map((one) =>
    KIND_COLUMNS.map((name) => {
      const isBad = (name === 'lost' || name === 'doubled') && Number(one[name]) > 0;
      return { text: String(one[name] ?? '-'), isBad };
    }),
  );
  return table(KIND_COLUMNS, rows);
}

/** Alerts by what became of them. */
export function alertTable({ alerts }: Verdict): string {
  const { expected, delivered, storms, parts, late, missing, doubled, uncleared, miscounted } = alerts;
  const bad = {
    late,
    missing,
    'of nothing': alerts.false,
    'not cleared': uncleared,
    'told twice': doubled,
    'storms miscounted': miscounted,
  };
  const cells = [expected, delivered, storms, parts].map((value): Cell => ({ text: String(value) }));
  const head = ['expected', 'delivered', 'storms', 'parts of storms', ...Object.keys(bad)];
  return table(head, [[...cells, ...Object.values(bad).map((value) => ({ text: String(value), isBad: value > 0 }))]]);
}

/** What was made to happen, and how soon all was well again. */
export function eventTable({ events }: Verdict): string {
  if (events.length === 0) return '<p>Nothing was made to happen.</p>';
  const rows = events.map(({ what, district, count, fromMs, toMs, wellAfterMs }) => [
    { text: what },
    { text: district ?? `${count}` },
    { text: seconds(fromMs) },
    { text: seconds(toMs) },
    { text: wellAfterMs === null ? '-' : seconds(wellAfterMs) },
  ]);
  return table(['what', 'devices, or district', 'from s', 'to s', 'all well after s'], rows);
}

/** Cameras with video, by what they and their viewers counted. */
export function cameraTable({ cameras }: Verdict): string {
  const { count, unasked, playedTwice, watched, unshown, firstP99Ms, longestGapMs } = cameras;
  if (count === 0) return '<p>There were no cameras with video.</p>';
  const bad = { 'never asked': unasked, 'pulled twice': playedTwice };
  const head = ['cameras', ...Object.keys(bad), 'watched', 'without video', 'first video p99 ms', 'nothing new for ms'];
  const cell = (value: number, isBad = false): Cell => ({ text: String(value), isBad });
  const wrong = Object.values(bad).map((value) => cell(value, value > 0));
  const seen = [cell(watched), cell(unshown, unshown > 0), cell(firstP99Ms), cell(longestGapMs)];
  return table(head, [[cell(count), ...wrong, ...seen]]);
}

/** Delays from the moment at which a message was due, or something befell a device. */
export function delayTable({ lateness, answers, excused, alerts }: Verdict): string {
  const all = {
    'sent late': lateness,
    acknowledged: answers,
    'acknowledged, due in a fault': excused,
    'alert delivered': alerts.delay,
  };
  const rows = Object.entries(all).map(([name, { count, p50Ms, p95Ms, p99Ms, maxMs }]) => [
    { text: name },
    ...[count, p50Ms, p95Ms, p99Ms, maxMs].map((value): Cell => ({ text: String(value) })),
  ]);
  return table(['after the moment meant', 'messages', 'p50 ms', 'p95 ms', 'p99 ms', 'most ms'], rows);
}

export const NO_STAGES = 'The target does not say how long its stages take.';
export const NO_LOOP = 'The target does not say how late its event loop is.';

/** Stages of the target's work, as it says itself. */
export function stageTable({ stages }: Verdict): string {
  if (stages.length === 0) return `<p>${NO_STAGES}</p>`;
  const rows = stages.map(({ name, count, p50Ms, p95Ms, p99Ms, maxMs }) => [
    { text: name },
    ...[count, p50Ms, p95Ms, p99Ms, maxMs].map((value): Cell => ({ text: String(value) })),
  ]);
  return table(['stage', 'times', 'p50 ms', 'p95 ms', 'p99 ms', 'most ms'], rows);
}

function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}
