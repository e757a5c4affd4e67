import { type Alert, type Handling, SEVERITIES, type Severity } from '../../types.ts';

export const HANDLINGS = ['new', 'acked', 'assigned', 'in_progress', 'closed'] as const satisfies Handling[];
export const DESKS = ['police', 'maintenance'] as const satisfies Alert['desk'][];

/** Which alerts the list shows. Everything here may stand in a link. */
export interface Filters {
  /** The police desk, where the reader has it, unless it is said. */
  desk: Alert['desk'] | null;
  severity: Severity | null;
  /** `open`: all but closed ones. */
  handling: (typeof HANDLINGS)[number] | 'open' | null;
  /** Code of an area; what lies in it. */
  district: string | null;
  /** Name of a rule, without version. */
  rule: string | null;
  /** Of the device. */
  kind: string | null;
  /** By the first message, Unix ms. */
  fromMs: number | null;
  toMs: number | null;
  /** Id of the alert that stands for them; without it those that one stands for are left out. */
  storm: string | null;
  /** Assigned to, or acknowledged by, who looks. */
  mine: boolean;
}

export const NO_FILTERS: Filters = {
  desk: null,
  severity: null,
  handling: null,
  district: null,
  rule: null,
  kind: null,
  fromMs: null,
  toMs: null,
  storm: null,
  mine: false,
};

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** What a query says; what makes no sense in it says nothing. */
export function filtersOf(query: URLSearchParams): Filters {
  const named = (name: string) => {
    const text = query.get(name) ?? '';
    return NAME.test(text) ? text : null;
  };
  return {
    desk: oneOf(DESKS, query.get('desk')),
    severity: oneOf(SEVERITIES, query.get('severity')),
    handling: oneOf([...HANDLINGS, 'open'] as const, query.get('handling')),
    district: named('district'),
    rule: named('rule'),
    kind: named('kind'),
    fromMs: timeOf(query.get('from')),
    toMs: timeOf(query.get('to')),
    storm: named('storm'),
    mine: query.get('mine') === '1',
  };
}

/** The query of a link that shows the same. */
export function queryOf({ fromMs, toMs, mine, ...named }: Filters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(named)) if (value !== null) query.set(name, value);
  if (fromMs !== null) query.set('from', new Date(fromMs).toISOString());
  if (toMs !== null) query.set('to', new Date(toMs).toISOString());
  if (mine) query.set('mine', '1');
  return query;
}

/** What a filter is judged by beside the alert itself. */
export interface Judge {
  /** Who looks. */
  me: { id: string; username: string };
  /** Kinds of devices that a rule watches, by its name. */
  kindsOf(rule: string): readonly string[];
}

/** Whether an alert that came by the stream belongs to the list, as the gateway would say. */
export function matches(alert: Alert, filters: Filters, { me, kindsOf }: Judge): boolean {
  const { desk, severity, handling, district, rule, kind, fromMs, toMs, storm, mine } = filters;
  const ruleName = alert.rule.split('@')[0] ?? '';
  const atMs = fromMs === null && toMs === null ? 0 : Date.parse(alert.firstAt);
  return (
    (desk === null || alert.desk === desk) &&
    (severity === null || alert.severity === severity) &&
    (handling === null || (handling === 'open' ? alert.handling !== 'closed' : alert.handling === handling)) &&
    (district === null || liesIn(alert.jurisdiction, district)) &&
    (rule === null || ruleName === rule) &&
    (kind === null || kindsOf(ruleName).includes(kind)) &&
    (fromMs === null || atMs >= fromMs) &&
    (toMs === null || atMs < toMs) &&
    alert.storm === storm &&
    (!mine || alert.assignedTo === me.username || alert.ackedById === me.id)
  );
}

/** Zeros at the end of a division code stand for all below it; a zone (`3302z-gaoxin`) has nothing below it. */
export function liesIn(code: string, area: string): boolean {
  if (area.includes('z')) return code === area;
  let digits = area;
  while (digits.length > 6 && digits.endsWith('000')) digits = digits.slice(0, -3);
  while (digits.length <= 6 && digits.endsWith('00')) digits = digits.slice(0, -2);
  return code.startsWith(digits);
}

function oneOf<Value extends string>(values: readonly Value[], text: string | null): Value | null {
  return values.find((value) => value === text) ?? null;
}

function timeOf(text: string | null): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}
