import { codeAlone, covers } from '../../../src/core/jurisdiction.ts';
import type { FakeAlert } from './fake-alert.ts';

export const GRAVITY = ['extreme', 'severe', 'moderate', 'minor'];

export interface FakeQuery {
  limit: string;
  cursor?: string;
  severity?: string;
  handling?: string;
  rule?: string;
  desk: string;
  open?: string;
  jurisdiction?: string;
  kind?: string;
  from?: string;
  to?: string;
  mine?: string;
  parts?: string;
  storm?: string;
  device?: string;
  /** Who asks. */
  me: string;
}

/** Alerts as `GET /alerts` answers them, page by page; the cursor is the last id. */
export function pageOfAlerts(alerts: Iterable<FakeAlert>, { limit, cursor, ...filter }: FakeQuery) {
  const all = [...alerts].filter((one) => isMeant(one, filter)).sort(byUrgency);
  const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
  const items = all.slice(from, from + Number(limit));
  const last = items.at(-1);
  return { items, ...(last && from + items.length < all.length ? { next: last.id } : {}) };
}

function isMeant(alert: FakeAlert, query: Partial<FakeQuery>): boolean {
  const { severity, handling, rule, desk } = query;
  if (!isNarrowed(alert, query)) return false;
  if (desk !== 'all' && alert.desk !== desk) return false;
  if (severity !== undefined && alert.severity !== severity) return false;
  if (handling !== undefined && alert.handling !== handling) return false;
  return rule === undefined || String(alert.rule).startsWith(`${rule}@`);
}

/** Each of these leaves out what it does not mean; `kind` is not looked at. */
function isNarrowed(alert: FakeAlert, query: Partial<FakeQuery>): boolean {
  const { open, jurisdiction = '000000', from = '', to = '~', mine, parts, storm, device, me } = query;
  const firstAt = String(alert.firstAt);
  if (open !== undefined && (open === 'true') === (alert.handling === 'closed')) return false;
  if (device !== undefined && alert.device !== device) return false;
  if (!covers(codeAlone(jurisdiction), String(alert.jurisdiction))) return false;
  if (firstAt < from || firstAt >= to) return false;
  if (mine === 'true' && alert.assignedTo !== me && alert.ackedById !== me) return false;
  if (storm !== undefined) return alert.storm === storm;
  return parts !== 'false' || alert.storm === null;
}

function byUrgency(a: FakeAlert, b: FakeAlert): number {
  const rank = (alert: FakeAlert) => [Number(alert.handling === 'closed'), GRAVITY.indexOf(alert.severity)];
  const [mine, theirs] = [rank(a), rank(b)];
  const by = mine[0]! - theirs[0]! || mine[1]! - theirs[1]!;
  const newer = String(b.firstAt).localeCompare(String(a.firstAt));
  return by || newer || (a.id < b.id ? -1 : 1);
}
