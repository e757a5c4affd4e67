import { type Alert, SEVERITIES, type Severity } from '../types.ts';

/** Rows on the page; a list that grows for ever makes the page slow. */
export const ROWS_MAX = 200;

/** The alerts this page knows. `shown` is the order of rows; `waiting` are new ones that are not let in yet. */
export interface Book {
  alerts: ReadonlyMap<string, Alert>;
  shown: readonly string[];
  waiting: readonly string[];
}

export const EMPTY: Book = { alerts: new Map(), shown: [], waiting: [] };

/**
 * Takes in alerts that were read or came by the stream, in any order and any number of times: the highest version wins.
 * Known rows change in place. New ones go to the top, or wait while `held`, so that no row moves away under a hand.
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
  const waiting = sorted([...book.waiting, ...fresh], alerts);
  const next = { alerts, shown: book.shown, waiting };
  return trim(held ? next : release(next));
}

/** Takes out an alert that went to another district; news that are older than what is known change nothing. */
export function drop(book: Book, { id, version }: Pick<Alert, 'id' | 'version'>): Book {
  const known = book.alerts.get(id);
  if (!known || known.version >= version) return book;
  const others = (one: string) => one !== id;
  const alerts = new Map([...book.alerts].filter(([one]) => others(one)));
  return { alerts, shown: book.shown.filter(others), waiting: book.waiting.filter(others) };
}

/** Lets in what waits. */
export function release(book: Book): Book {
  if (book.waiting.length === 0) return book;
  return trim({ ...book, shown: sorted([...book.shown, ...book.waiting], book.alerts), waiting: [] });
}

/** Adds older alerts below. */
export function extend(book: Book, older: readonly Alert[]): Book {
  const alerts = new Map(older.filter(({ id }) => !book.alerts.has(id)).map((alert) => [alert.id, alert]));
  return trim({ ...book, alerts: new Map([...book.alerts, ...alerts]), shown: [...book.shown, ...alerts.keys()] });
}

/** The gravest severity among `ids`. */
export function gravest(book: Book, ids: readonly string[]): Severity | null {
  const found = new Set(ids.map((id) => book.alerts.get(id)?.severity));
  return SEVERITIES.find((severity) => found.has(severity)) ?? null;
}

function sorted(ids: readonly string[], alerts: ReadonlyMap<string, Alert>): string[] {
  const key = (id: string) => alerts.get(id)?.firstAt ?? '';
  return [...ids].sort((a, b) => (key(a) < key(b) ? 1 : key(a) > key(b) ? -1 : a < b ? 1 : -1));
}

/** Drops the oldest rows over the limit, closed ones first. */
function trim(book: Book): Book {
  const excess = book.shown.length + book.waiting.length - ROWS_MAX;
  if (excess <= 0) return book;
  const oldest = [...book.waiting, ...book.shown].reverse();
  const closed = oldest.filter((id) => book.alerts.get(id)?.handling === 'closed');
  const dropped = new Set([...closed, ...oldest.filter((id) => !closed.includes(id))].slice(0, excess));
  const keep = (id: string) => !dropped.has(id);
  return {
    alerts: new Map([...book.alerts].filter(([id]) => keep(id))),
    shown: book.shown.filter(keep),
    waiting: book.waiting.filter(keep),
  };
}
