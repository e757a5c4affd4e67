import type { FakeAlert } from './fake-console-api.ts';

export const GRAVITY = ['extreme', 'severe', 'moderate', 'minor'];

export interface FakeQuery {
  limit: string;
  cursor?: string;
  severity?: string;
  handling?: string;
  rule?: string;
  desk: string;
}

/** Alerts as `GET /alerts` answers them, page by page; the cursor is the last id. */
export function pageOfAlerts(alerts: Iterable<FakeAlert>, { limit, cursor, ...filter }: FakeQuery) {
  const all = [...alerts].filter((one) => isMeant(one, filter)).sort(byUrgency);
  const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
  const items = all.slice(from, from + Number(limit));
  const last = items.at(-1);
  return { items, ...(last && from + items.length < all.length ? { next: last.id } : {}) };
}

function isMeant(alert: FakeAlert, { severity, handling, rule, desk }: Partial<FakeQuery>): boolean {
  if (desk !== 'all' && alert.desk !== desk) return false;
  if (severity !== undefined && alert.severity !== severity) return false;
  if (handling !== undefined && alert.handling !== handling) return false;
  return rule === undefined || String(alert.rule).startsWith(`${rule}@`);
}

function byUrgency(a: FakeAlert, b: FakeAlert): number {
  const rank = (alert: FakeAlert) => [Number(alert.handling === 'closed'), GRAVITY.indexOf(alert.severity)];
  const [mine, theirs] = [rank(a), rank(b)];
  const by = mine[0]! - theirs[0]! || mine[1]! - theirs[1]!;
  const newer = String(b.firstAt).localeCompare(String(a.firstAt));
  return by || newer || (a.id < b.id ? -1 : 1);
}
