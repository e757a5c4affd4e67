import { covers, limitedArea, type PoliceTree, type Tree } from '../../../core/jurisdiction.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { isFor, namesOf } from '../../desk/log/audience.ts';
import type { AlertTables, Visibility } from '../../desk/tables.ts';
import { type AlertClass, isWanted, OF_POLICE_DESK } from '../../rules/classes.ts';
import type { Recipient } from '../outbox.ts';
import type { Change, Stage } from './stage.ts';

/** A subscription as far as it decides what it is told, and where that goes. */
export interface Subscriber {
  id: string;
  jurisdiction: string;
  /** Of that only what belongs to this police agency, or to one below it. */
  police?: string | null;
  severities: readonly string[];
  /** Null for what rings the police desk. */
  classes?: readonly AlertClass[] | null;
  /** Id of whoever it belongs to; null where nobody wrote that down. */
  owner?: string | null;
  /** Told of uncertain reads of wanted plates as well. */
  confirms?: boolean;
  /** Told of these rules alone; null or absent for all. */
  rules?: readonly string[] | null;
  /** Told of alerts that have come so far up the ladder; 0 for all of them. */
  level: number;
  to: Recipient;
}

/** Every subscription that is active. */
export interface Subscribers {
  all: readonly Subscriber[];
  /** Another number when any of them is another, or has changed at all. */
  print: string;
}

/** Alerts that are not to be told of now; what is raised of them is counted as withheld. */
const HELD_BACK: ReadonlySet<Visibility> = new Set(['silenced', 'inhibited', 'shelved']);

/** Every change of a row is another version of it, written by another transaction. */
const VERSION = sql<string>`hashtextextended(id::text || ' ' || xmin::text, 0)`;

/** Every active subscription whose area and severities fit is told, unless an earlier stage holds the alert back. */
export function fanOut(trees: Tree & PoliceTree): Stage<Subscribers> {
  let remembered: Subscribers | null = null;
  return {
    name: 'fan-out',
    needed: true,
    locks: false,
    read: async (tx) => {
      remembered ??= await subscribersOf(tx);
      return remembered;
    },
    memory: {
      holds: ({ print }) =>
        sql`(select coalesce(sum(${VERSION}), 0) from subscription where state = 'active') = ${print}::numeric`,
      forget: () => {
        remembered = null;
      },
    },
    run: (changes, { known }) => ({
      changes: changes.map((change) => ({
        ...change,
        deliveries: [...change.deliveries, ...toldOf(change, known.all, trees)],
      })),
      timers: [],
    }),
  };
}

/** With one statement, so that the print is that of what was read. */
async function subscribersOf(tx: Tables): Promise<Subscribers> {
  const rows = await tx
    .tables<AlertTables>()
    .selectFrom('subscription')
    .select(['id', 'jurisdiction', 'police', 'severities', 'classes', 'owner_id', 'confirms', 'level', 'rules'])
    .select(['type', 'target', 'secrets', 'state', 'previous_until_ms'])
    .select(sql<string>`(sum(${VERSION}) over ())::text`.as('print'))
    .where('state', '=', 'active')
    .orderBy('id')
    .execute();
  const all = rows.map(({ print: _, jurisdiction, police, severities, classes, owner_id: owner, ...rest }) => {
    const { confirms, level, rules, ...to } = rest;
    return { id: to.id, jurisdiction, police, severities, classes, owner, confirms, level, rules, to };
  });
  return { all, print: rows[0]?.print ?? '0' };
}

function toldOf(
  { alert, deliveries, isQuiet = false }: Change,
  subscribers: readonly Subscriber[],
  trees: Tree & PoliceTree,
): Change['deliveries'] {
  const already = new Set(deliveries.map(({ subscription }) => subscription));
  return subscribers
    .filter(({ id, owner, confirms = false }) => {
      return !already.has(id) && isFor(alert.seen_by, namesOf({ id: owner ?? '', confirms }));
    })
    .filter(({ jurisdiction, police = null, severities, classes, level, rules }) => {
      if (level > alert.level || !(rules?.includes(alert.rule) ?? true)) return false;
      if (!severities.includes(alert.severity) || !isWanted(classes ? { classes } : OF_POLICE_DESK, alert))
        return false;
      return covers(limitedArea(trees, jurisdiction, police), alert);
    })
    .map(({ id, to }) => {
      const isHeld = isQuiet || HELD_BACK.has(alert.visibility);
      return { subscription: id, state: isHeld ? 'withheld' : 'waiting', to };
    });
}
