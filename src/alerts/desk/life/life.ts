import type { AlertRow, Hidden } from '../tables.ts';

/** Why an alert was closed; feeds the precision of its rule. */
export const VERDICTS = ['confirmed', 'false_positive', 'misread_plate', 'duplicate', 'drill', 'no_action'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What is the case, as the rules say it. */
export type Condition = { is: 'firing' | 'recovering' | 'cleared' } | { is: 'stale'; why: string | null };

/** Who took note of an alert first, and when (Unix ms). */
export interface Ack {
  by: string;
  /** Null in rows that do not tell it. */
  byId: string | null;
  atMs: number;
}

/** Who is on it, and who was sent. */
export interface Hands {
  ack: Ack | null;
  /** The user name of whoever sees to it. */
  owner: string | null;
  unit: string | null;
  leftAtMs: number | null;
  thereAtMs: number | null;
}

/**
 * How far it is handled. `untilMs`: when it counts as new again, unless somebody moves it on before; null in rows of
 * versions without it.
 */
export type Handled =
  | ({ is: 'new' | 'arrived' } & Hands)
  | ({ is: 'acked' | 'assigned' | 'dispatched'; untilMs: number | null } & Hands)
  | ({ is: 'closed'; by: string; atMs: number } & Hands);

/** Whether it is shown and told. */
export type Shown =
  | { is: 'shown' | 'inhibited' | 'test' }
  /** Null: by the maintenance of its device. */
  | { is: 'silenced'; silence: string | null }
  | Extract<Hidden, { is: 'shelved' | 'snoozed' }>;

/** What it turned out to be: `test` is a drill; `unknown` where nobody went to see. */
export type Truth = { is: 'open' } | { is: 'true' | 'false' | 'test' | 'unknown'; as: Verdict };

/** An alert on its four axes. A step on one of them leaves the others as they are. */
export interface Life {
  condition: Condition;
  handled: Handled;
  shown: Shown;
  truth: Truth;
}

const TRUTHS: Record<Verdict, Exclude<Truth['is'], 'open'>> = {
  confirmed: 'true',
  duplicate: 'true',
  false_positive: 'false',
  misread_plate: 'false',
  drill: 'test',
  no_action: 'unknown',
};

export function truthOf(verdict: Verdict): Truth {
  return { is: TRUTHS[verdict], as: verdict };
}

/** How an alert stands, by its row. */
export function lifeOf(row: AlertRow): Life {
  return { condition: conditionOf(row), handled: handledOf(row), shown: shownOf(row), truth: verdictOf(row) };
}

function conditionOf({ condition, condition_reason: why }: AlertRow): Condition {
  if (condition === 'stale') return { is: 'stale', why };
  return { is: condition === 'active' ? 'firing' : condition };
}

function handledOf(row: AlertRow): Handled {
  const hands: Hands = {
    ack: row.acked_by === null ? null : { by: row.acked_by, byId: row.acked_by_id, atMs: row.acked_at_ms ?? 0 },
    owner: row.assigned_to,
    unit: row.unit,
    leftAtMs: row.dispatched_at_ms,
    thereAtMs: row.arrived_at_ms,
  };
  const { handling: is, ack_until_ms: untilMs } = row;
  switch (is) {
    case 'acked':
    case 'assigned':
    case 'dispatched':
      return { is, untilMs, ...hands };
    case 'closed':
      return { is, by: row.closed_by ?? '', atMs: row.closed_at_ms ?? 0, ...hands };
    case 'new':
      return { is, ...hands };
    default:
      return { is: 'arrived', ...hands };
  }
}

function shownOf({ visibility, hidden }: AlertRow): Shown {
  if (hidden) return hidden;
  if (visibility === 'silenced') return { is: 'silenced', silence: null };
  return { is: visibility === 'inhibited' || visibility === 'test' ? visibility : 'shown' };
}

function verdictOf({ handling, verdict }: AlertRow): Truth {
  return handling === 'closed' && verdict !== null ? truthOf(verdict as Verdict) : { is: 'open' };
}

/** The row with what it says of these axes; nothing else of it changes. */
export function withLife(row: AlertRow, { condition, handled, shown, truth }: Life): AlertRow {
  const { ack, owner, unit, leftAtMs, thereAtMs } = handled;
  return {
    ...row,
    condition: condition.is === 'firing' ? 'active' : condition.is,
    condition_reason: condition.is === 'stale' ? condition.why : null,
    handling: handled.is,
    acked_by: ack?.by ?? null,
    acked_by_id: ack?.byId ?? null,
    acked_at_ms: ack?.atMs ?? null,
    ack_until_ms: 'untilMs' in handled ? handled.untilMs : null,
    // Somebody has it.
    climbs_at_ms: handled.is === 'new' ? row.climbs_at_ms : null,
    assigned_to: owner,
    unit,
    dispatched_at_ms: leftAtMs,
    arrived_at_ms: thereAtMs,
    closed_by: handled.is === 'closed' ? handled.by : null,
    closed_at_ms: handled.is === 'closed' ? handled.atMs : null,
    verdict: truth.is === 'open' ? null : truth.as,
    visibility: VISIBILITY[shown.is],
    hidden: hiddenOf(shown),
  };
}

const VISIBILITY: Record<Shown['is'], AlertRow['visibility']> = {
  shown: 'normal',
  inhibited: 'inhibited',
  test: 'test',
  silenced: 'silenced',
  shelved: 'shelved',
  snoozed: 'shelved',
};

function hiddenOf(shown: Shown): Hidden | null {
  if (shown.is === 'shelved' || shown.is === 'snoozed') return shown;
  return shown.is === 'silenced' && shown.silence !== null ? { is: 'silenced', silence: shown.silence } : null;
}
