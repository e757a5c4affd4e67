import type { WorkDays } from '../../../core/calendar/work-days.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { mustBeShown } from '../../desk/life/steps.ts';
import type { AlertRow, AlertTables, Hidden, Visibility } from '../../desk/tables.ts';
import { hides, type Knowing, type Matchers } from '../../silences/silence.ts';
import { isInWindow, type Times } from '../../silences/times.ts';
import type { Change, Stage } from './stage.ts';

/** Every silence that holds now. */
interface Holding {
  all: readonly (Matchers & Pick<Times, 'repeats'> & { id: string })[];
  /** Another one when any of them is another. */
  print: string;
}

/** How a stage shows an alert. */
interface Turned {
  visibility: Visibility;
  hidden: Hidden | null;
}

const VERSION = sql<string>`hashtextextended(id::text || ' ' || xmin::text, 0)`;

/**
 * Hides alerts that open or fire again as long as a silence means them. What became extreme meanwhile, or hits a
 * watchlist, is shown whoever hides it, and so is what was snoozed and fires again. One that comes again hides nothing
 * outside of its windows, even where a clock was set back and nobody has closed it yet.
 */
export function silences(ports: Knowing, workDays: WorkDays): Stage<Holding> {
  let remembered: Holding | null = null;
  return {
    name: 'silences',
    needed: false,
    locks: false,
    read: async (tx) => {
      remembered ??= await activeOnes(tx);
      return remembered;
    },
    memory: {
      holds: ({ print }) =>
        sql`(select coalesce(sum(${VERSION}), 0) from silence where state = 'active') = ${print}::numeric`,
      forget: () => {
        remembered = null;
      },
    },
    run: (changes, { known, nowMs }) => {
      const holding = known.all.filter((one) => isInWindow(one, workDays, nowMs));
      return { changes: turnedAll(changes, holding, ports), timers: [] };
    },
  };
}

function turnedAll(changes: readonly Change[], all: Holding['all'], ports: Knowing): Change[] {
  const now = new Map<string, Turned>();
  return changes.map((change) => {
    const { type } = change;
    const turned = now.get(change.alert.id);
    const alert = turned ? { ...change.alert, ...turned } : change.alert;
    const next = type === 'alert.opened' || type === 'alert.updated' ? turnedTo(alert, type, { all, ports }) : null;
    if (next) now.set(alert.id, next);
    if (!next && !turned) return change;
    return { ...change, alert: { ...alert, ...next } };
  });
}

/** Null where it stays as it is. */
function turnedTo(
  alert: AlertRow,
  type: 'alert.opened' | 'alert.updated',
  { all, ports }: { all: Holding['all']; ports: Knowing },
): Turned | null {
  const isAwake = alert.hidden?.is === 'snoozed' && type === 'alert.updated';
  if (alert.hidden && (isAwake || mustBeShown(alert))) return { visibility: 'normal', hidden: null };
  if (alert.visibility !== 'normal') return null;
  const by = all.find((one) => hides(one, alert, ports));
  return by ? { visibility: 'silenced', hidden: { is: 'silenced', silence: by.id } } : null;
}

/** With one statement, so that the print is that of what was read. */
async function activeOnes(tx: Tables): Promise<Holding> {
  const rows = await tx
    .tables<AlertTables>()
    .selectFrom('silence')
    .select(['id', 'jurisdiction', 'police', 'rule', 'kind', 'device', 'repeats'])
    .select(sql<string>`(sum(${VERSION}) over ())::text`.as('print'))
    .where('state', '=', 'active')
    .orderBy('id')
    .execute();
  return { all: rows.map(({ print: _, ...one }) => one), print: rows[0]?.print ?? '0' };
}
