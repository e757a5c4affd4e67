const DAY_MS = 86_400_000;
/** As the gateway takes it. */
export const SPAN_MAX_MS = 100 * DAY_MS;
export const LAST_DAYS = [1, 7, 30, 90] as const;
const USUAL_DAYS = 30;

export const DESKS = ['police', 'maintenance'] as const;
export type Desk = (typeof DESKS)[number];

/** What figures are of; all of it may stand in a link. */
export interface FigureRange {
  desk: Desk;
  /** Days back from now; null where from and to are told. */
  days: number | null;
  fromMs: number | null;
  toMs: number | null;
}

/** What a query says; what makes no sense in it says nothing. */
export function rangeOf(query: URLSearchParams, desks: readonly Desk[]): FigureRange {
  const desk = desks.find((one) => one === query.get('desk')) ?? desks[0] ?? 'police';
  const moment = (name: string) => {
    const ms = Date.parse(query.get(name) ?? '');
    return Number.isFinite(ms) ? ms : null;
  };
  const [fromMs, toMs] = [moment('from'), moment('to')];
  if (fromMs !== null && toMs !== null) return { desk, days: null, fromMs, toMs };
  const days = LAST_DAYS.find((one) => String(one) === query.get('days')) ?? USUAL_DAYS;
  return { desk, days, fromMs: null, toMs: null };
}

export function queryOf({ desk, days, fromMs, toMs }: FigureRange): URLSearchParams {
  const query = new URLSearchParams({ desk });
  if (days !== null) query.set('days', String(days));
  if (fromMs !== null) query.set('from', new Date(fromMs).toISOString());
  if (toMs !== null) query.set('to', new Date(toMs).toISOString());
  return query;
}

const MINUTE_MS = 60_000;

/** From when to when, Unix ms; the same for a minute, so that nothing is asked twice. */
export function spanOf({ days, fromMs, toMs }: FigureRange, nowMs: number): { fromMs: number; toMs: number } {
  const to = toMs ?? Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return { fromMs: fromMs ?? to - (days ?? USUAL_DAYS) * DAY_MS, toMs: to };
}

/** Whether the gateway answers for such a time. */
export function isRight({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
  return toMs > fromMs && toMs - fromMs <= SPAN_MAX_MS;
}
