import { DAY_MS } from '../../../core/clock.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { TOLD_AS } from '../../desk/alert.ts';
import type { AlertRow, AlertTables, Visibility } from '../../desk/tables.ts';
import type { Change, Stage } from './stage.ts';

/** What is held back, and for how long. */
export interface Holding {
  /** Of the stage. */
  name: string;
  /** What is held back is shown as this. */
  visibility: Extract<Visibility, 'silenced' | 'inhibited'>;
  /** Whether such an alert may be held back at all. Pure. */
  mayHold(alert: AlertRow): boolean;
  /** Whether it is to be held back now. From memory. */
  isHeld(alert: Pick<AlertRow, 'device' | 'rule' | 'fired_at_ms'>): boolean;
}

interface Known {
  /** Ids of alerts that are held back, among those of the changes. */
  held: ReadonlySet<string>;
  /** Alerts that are held back and need not be any more. */
  free: readonly Freed[];
  /** Whether some stay held back, or could not be let go at once. */
  left: 'none' | 'held' | 'free';
}

interface Freed {
  alert: AlertRow;
  /** Whether it was told before it was held back. */
  wasTold: boolean;
}

/** From one look at what is held back to the next: finds what ended without a word. */
const LOOK_MS = 10_000;
/** Alerts that are let go with one transaction. */
const FREE_AT_ONCE = 200;
/** What is held back and ended before that needs no look. */
const LONGEST_MS = 8 * DAY_MS;

/**
 * A stage that holds alerts back as long as something lasts. Those that open or fire again meanwhile become
 * `visibility`, which the fan-out counts as withheld. Afterwards what still fires is told as an update, and so is how
 * an alert stands that was known before.
 */
export function holdBack(holding: Holding): Stage<Known> {
  const { name, visibility } = holding;
  return {
    name,
    needed: false,
    locks: false,
    read: async (tx, changes, due) => {
      const held = new Set(changes.filter(({ alert }) => holding.isHeld(alert)).map(({ alert }) => alert.id));
      if (due.length === 0) return { held, free: [], left: 'none' };
      return { held, ...(await looked(tx, holding, changes.length === 0)) };
    },
    run: (changes, { known, nowMs }) => {
      const told = shown(changes, known.held, holding);
      const isHolding = known.left === 'held' || told.some(({ alert }) => alert.visibility === visibility);
      return {
        changes: [...told, ...known.free.map((one) => released(one, nowMs))],
        timers: [...(isHolding ? [lookAt(nowMs + LOOK_MS)] : []), ...(known.left === 'free' ? [lookAt(nowMs)] : [])],
      };
    },
  };
}

/** One key for each stretch of time: a timer that is being run cannot be set anew. */
function lookAt(atMs: number): { key: string; atMs: number } {
  const stretch = Math.ceil(atMs / LOOK_MS);
  return { key: `look ${stretch}`, atMs };
}

/** The changes with the visibility that their alerts have after them. */
function shown(changes: readonly Change[], held: ReadonlySet<string>, { visibility: own, mayHold }: Holding): Change[] {
  const now = new Map<string, Visibility>();
  return changes.map((change) => {
    const { alert, type } = change;
    // What somebody hides is theirs, whatever else would hold it back.
    if (alert.hidden != null || isPart(alert, own)) return change;
    let visibility = now.get(alert.id) ?? alert.visibility;
    // What people do and how it ends is told wherever the alert was.
    if (type === 'alert.opened' || type === 'alert.updated') {
      // A drill rehearses that it is told, and what is known to be one disturbs nobody.
      if (held.has(alert.id) && mayHold(alert) && !alert.exercise) visibility = heldAs(own, visibility);
      else if (visibility === own) visibility = 'normal';
    }
    if (visibility === alert.visibility) return change;
    now.set(alert.id, visibility);
    return { ...change, alert: { ...alert, visibility } };
  });
}

/** What a storm holds back is its own. */
function isPart({ storm }: AlertRow, own: Holding['visibility']): boolean {
  return own === 'inhibited' && storm != null;
}

/** What people silence stays so, whatever stands behind what. */
function heldAs(own: Holding['visibility'], before: Visibility): Visibility {
  return own === 'inhibited' && before !== 'normal' ? before : own;
}

function released({ alert, wasTold }: Freed, nowMs: number): Change {
  const now = { ...alert, visibility: 'normal', version: alert.version + 1 } as const;
  return {
    place: null,
    type: TOLD_AS[alert.condition],
    alert: now,
    actor: 'citywatch',
    atMs: nowMs,
    deliveries: [],
    isFirst: !wasTold,
  };
}

/** What is held back and need not be any more; locked, because it will be changed. */
async function looked(
  tx: Tables,
  { visibility, isHeld }: Holding,
  mayLock: boolean,
): Promise<Pick<Known, 'free' | 'left'>> {
  const db = tx.tables<AlertTables>();
  const since = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint - ${LONGEST_MS}::bigint`;
  const held = await db
    .selectFrom('alert')
    .select(['id', 'device', 'rule', 'fired_at_ms'])
    .where('visibility', '=', visibility)
    .where('hidden', 'is', null)
    .where('handling', '!=', 'closed')
    .where('storm', 'is', null)
    .where((where) =>
      where.or([
        where('condition', 'in', ['active', 'recovering']),
        // It ended, and was told of before it was held back.
        where.and([where('last_at_ms', '>=', since), WAS_TOLD]),
      ]),
    )
    .orderBy('id')
    .execute();
  const over = held.filter((one) => !isHeld(one)).map(({ id }) => id);
  const some = mayLock ? over.slice(0, FREE_AT_ONCE) : [];
  const free = some.length > 0 ? await locked(tx, some, visibility) : [];
  if (over.length > some.length) return { free, left: 'free' };
  return { free, left: held.length > over.length ? 'held' : 'none' };
}

const WAS_TOLD = sql<boolean>`exists (select from alert_event where alert_id = alert.id
  and body -> 'alert' ->> 'visibility' = 'normal')`;

async function locked(tx: Tables, ids: readonly string[], visibility: Visibility): Promise<Freed[]> {
  const rows = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .select(WAS_TOLD.as('wasTold'))
    .where('id', 'in', ids)
    .where('visibility', '=', visibility)
    .where('hidden', 'is', null)
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map(({ wasTold, ...alert }) => ({ alert, wasTold }));
}
