import { sql, type Tables } from '../../../platform/database/database.ts';
import type { IncidentTables } from '../../incidents/tables.ts';
import { type Knowing, type Matchers, means } from '../../silences/silence.ts';
import type { Stage } from './stage.ts';

/** Every open incident that takes alerts, the newest first. */
interface Taking {
  all: readonly (Matchers & { id: string })[];
  /** Another one when any of them is another. */
  print: string;
}

const VERSION = sql<string>`hashtextextended(id::text || ' ' || xmin::text, 0)`;
const TAKING = sql<boolean>`state = 'open' and takes is not null`;

/** An alert that opens joins the newest open incident that takes such alerts. */
export function incidents(knowing: Knowing): Stage<Taking> {
  let remembered: Taking | null = null;
  return {
    name: 'incidents',
    needed: false,
    locks: false,
    read: async (tx) => {
      remembered ??= await takingOnes(tx);
      return remembered;
    },
    memory: {
      holds: ({ print }) =>
        sql`(select coalesce(sum(${VERSION}), 0) from incident where ${TAKING}) = ${print}::numeric`,
      forget: () => {
        remembered = null;
      },
    },
    run: (changes, { known: { all } }) => {
      if (all.length === 0) return { changes, timers: [] };
      const joined = new Map<string, string>();
      const shown = changes.map((change) => {
        const { alert, type } = change;
        const by = type === 'alert.opened' ? all.find((one) => means(one, alert, knowing)) : undefined;
        if (by) joined.set(alert.id, by.id);
        const incident = joined.get(alert.id);
        return incident === undefined ? change : { ...change, alert: { ...alert, incident } };
      });
      return { changes: shown, timers: [] };
    },
  };
}

/** With one statement, so that the print is that of what was read. */
async function takingOnes(tx: Tables): Promise<Taking> {
  const rows = await tx
    .tables<IncidentTables>()
    .selectFrom('incident')
    .select(['id', 'jurisdiction', 'police', 'takes'])
    .select(sql<string>`(sum(${VERSION}) over ())::text`.as('print'))
    .where(TAKING)
    .orderBy('opened_at_ms', 'desc')
    .orderBy('id')
    .execute();
  return { all: rows.map(({ print: _, takes, ...one }) => ({ ...one, ...takes! })), print: rows[0]?.print ?? '0' };
}
