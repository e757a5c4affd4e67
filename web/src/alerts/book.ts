import { type Alert, SEVERITIES, type Severity } from '../types.ts';

/** Rows that the page knows until somebody asks for more: a list that grows by itself fills the memory. */
export const ROWS_MAX = 1_000;

/**
 * The alerts this page knows. `shown` is the order of rows; `waiting` are new ones that are not let in yet. Each holds
 * at most `max`; `cut` says that rows were dropped, which then are only at the gateway.
 */
export interface Book {
  alerts: ReadonlyMap<string, Alert>;
  shown: readonly string[];
  waiting: readonly string[];
  max: number;
  cut: boolean;
}

export const EMPTY: Book = { alerts: new Map(), shown: [], waiting: [], max: ROWS_MAX, cut: false };

/**
 * Takes in alerts that were read or came by the stream, in any order and any number of times: the highest version wins.
 * While `held`, known rows change in place and new ones wait, so that no row moves away under a hand.
 */
export function take(book: Book, incoming: readonly Alert[], held: boolean): Book {
  const alerts = new Map(book.alerts);
  const fresh: string[] = [];
  for (const alert of incoming) {
    const known = alerts.get(alert.id);
    if (known && known.version >= alert.version) continue;
    if (!known) fresh.push(alert.id);
    alerts.set(alert.id, alert);
  }
  const next = { ...book, alerts, waiting: sorted([...book.waiting, ...fresh], alerts) };
  return held ? trim(next, 'waiting') : release(next);
}

/** Takes out an alert that went to another district; news that are older than what is known change nothing. */
export function drop(book: Book, { id, version }: Pick<Alert, 'id' | 'version'>): Book {
  const known = book.alerts.get(id);
  if (!known || known.version >= version) return book;
  const others = (one: string) => one !== id;
  const alerts = new Map([...book.alerts].filter(([one]) => others(one)));
  return { ...book, alerts, shown: book.shown.filter(others), waiting: book.waiting.filter(others) };
}

/** Leaves out what is no longer wanted, of all or of those that `changed`. */
export function keepOnly(book: Book, isWanted: (alert: Alert) => boolean, changed?: readonly Alert[]): Book {
  const judged = changed?.flatMap(({ id }) => book.alerts.get(id) ?? []) ?? [...book.alerts.values()];
  const gone = new Set(judged.filter((one) => !isWanted(one)).map(({ id }) => id));
  if (gone.size === 0) return book;
  const stays = (id: string) => !gone.has(id);
  const alerts = new Map([...book.alerts].filter(([id]) => stays(id)));
  return { ...book, alerts, shown: book.shown.filter(stays), waiting: book.waiting.filter(stays) };
}

/** Lets in what waits, and puts every row where it belongs. */
export function release(book: Book): Book {
  return trim({ ...book, shown: sorted([...book.shown, ...book.waiting], book.alerts), waiting: [] }, 'shown');
}

/** Adds alerts that somebody asked for below; there is room for as many more. `news`: how many were not known. */
export function extend(book: Book, asked: readonly Alert[]): { book: Book; news: number } {
  const fresh = new Map(asked.filter(({ id }) => !book.alerts.has(id)).map((alert) => [alert.id, alert]));
  const alerts = new Map(book.alerts);
  for (const [id, alert] of fresh) alerts.set(id, alert);
  const shown = [...book.shown, ...sorted([...fresh.keys()], alerts)];
  const max = Math.max(book.max, shown.length);
  return { book: { ...book, alerts, shown, max }, news: fresh.size };
}

/** The gravest severity among `ids`. */
export function gravest(book: Book, ids: readonly string[]): Severity | null {
  const found = new Set(ids.map((id) => book.alerts.get(id)?.severity));
  return SEVERITIES.find((severity) => found.has(severity)) ?? null;
}

function sorted(ids: readonly string[], alerts: ReadonlyMap<string, Alert>): string[] {
  return [...ids].sort((one, other) => {
    const [a, b] = [alerts.get(one), alerts.get(other)];
    return a && b ? byUrgency(a, b) : 0;
  });
}

/** The order of `GET /alerts?order=urgency`: open ones first, the gravest first, the newest first. */
function byUrgency(a: Alert, b: Alert): number {
  const gravity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return closedLast(a, b) || gravity || ascending(b.firstAt, a.firstAt) || ascending(a.id, b.id);
}

function closedLast(a: Alert, b: Alert): number {
  return Number(a.handling === 'closed') - Number(b.handling === 'closed');
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Drops the least urgent over the limit; no row that is shown is taken away by what waits. */
function trim(book: Book, which: 'shown' | 'waiting'): Book {
  const dropped = new Set(book[which].slice(book.max));
  if (dropped.size === 0) return book;
  const alerts = new Map([...book.alerts].filter(([id]) => !dropped.has(id)));
  return { ...book, alerts, [which]: book[which].slice(0, book.max), cut: true };
}
