import { covers, limitedArea, type PoliceTree, type Tree } from '../../../core/jurisdiction.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import type { EventType } from '../../desk/alert.ts';
import { isFor, namesOf } from '../../desk/log/audience.ts';
import type { AlertRow, AlertTables, Visibility } from '../../desk/tables.ts';
import { type AlertClass, isWanted, OF_POLICE_DESK } from '../../rules/classes.ts';
import { SEVERITIES, type Severity } from '../../rules/rules.ts';
import type { Recipient } from '../outbox.ts';
import type { DepartmentsPort } from './departments.ts';
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
  /** Told of what concerns one of these departments alone; null or absent for all. */
  departments?: readonly string[] | null;
  /** Told of alerts that have come so far up the ladder; 0 for all of them. */
  level: number;
  to: Recipient;
}

/** Every subscription that is active, and who is to hear the end of what is not theirs any more. */
export interface Subscribers {
  all: readonly Subscriber[];
  /** Another number when any of them is another, or has changed at all. */
  print: string;
  /**
   * Pairs as {@link pairOf} writes them: alerts that end, and who was told of them before they became graver. What each
   * was told last.
   */
  told?: ReadonlyMap<string, EventType>;
}

/** How it is said that an alert is over, or that nobody knows any more: not to whom one of these was told last. */
const ENDS: ReadonlyMap<EventType, readonly EventType[]> = new Map([
  ['alert.cleared', ['alert.cleared', 'alert.closed']],
  ['alert.stale', ['alert.stale', 'alert.cleared', 'alert.closed']],
  ['alert.closed', ['alert.closed']],
]);

/** Alerts that are not to be told of now; what is raised of them is counted as withheld. */
const HELD_BACK: ReadonlySet<Visibility> = new Set(['silenced', 'inhibited', 'shelved']);

/** Every change of a row is another version of it, written by another transaction. */
const VERSION = sql<string>`hashtextextended(id::text || ' ' || xmin::text, 0)`;

/**
 * Every active subscription whose area, severities and departments fit is told, unless an earlier stage holds the
 * alert back. Who was told of an alert before it became graver than they asked for hears its end as well.
 */
export function fanOut(trees: Tree & PoliceTree, departments: Pick<DepartmentsPort, 'inForce'>): Stage<Subscribers> {
  const fits: Fits = (alert, one) => isOf(alert, one, { trees, departments });
  let remembered: Subscribers | null = null;
  return {
    name: 'fan-out',
    needed: true,
    locks: false,
    read: async (tx, changes) => {
      remembered ??= await subscribersOf(tx);
      const told = await toldBefore(tx, outgrown(changes, remembered.all, fits));
      return told.size === 0 ? remembered : { ...remembered, told };
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
        deliveries: [...change.deliveries, ...toldOf(change, known, fits)],
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
    .select([
      'id',
      'jurisdiction',
      'police',
      'severities',
      'classes',
      'owner_id',
      'confirms',
      'level',
      'rules',
      'departments',
    ])
    .select(['type', 'target', 'secrets', 'state', 'previous_until_ms'])
    .select(sql<string>`(sum(${VERSION}) over ())::text`.as('print'))
    .where('state', '=', 'active')
    .orderBy('id')
    .execute();
  const all = rows.map(({ print: _, jurisdiction, police, severities, classes, owner_id: owner, ...rest }) => {
    const { confirms, level, rules, departments, ...to } = rest;
    return { id: to.id, jurisdiction, police, severities, classes, owner, confirms, level, rules, departments, to };
  });
  return { all, print: rows[0]?.print ?? '0' };
}

/** Whether a subscription is of such alerts, whatever their severity. */
type Fits = (alert: AlertRow, one: Subscriber) => boolean;

function toldOf(change: Change, { all, told }: Subscribers, fits: Fits): Change['deliveries'] {
  const { alert, deliveries, isQuiet = false } = change;
  const already = new Set(deliveries.map(({ subscription }) => subscription));
  const isHeld = isQuiet || HELD_BACK.has(alert.visibility);
  return all
    .filter((one) => !already.has(one.id) && isFor(alert.seen_by, namesOf(readerOf(one))))
    .filter((one) => {
      if (!one.severities.includes(alert.severity) && !isEndFor(change, one, told)) return false;
      return fits(alert, one);
    })
    .map(({ id, to }) => ({ subscription: id, state: isHeld ? 'withheld' : 'waiting', to }));
}

function readerOf({ owner, confirms = false }: Subscriber) {
  return { id: owner ?? '', confirms };
}

/** Whether it is the end of what somebody was told, and was not told to have ended. */
function isEndFor({ alert, type }: Change, one: Subscriber, told: Subscribers['told']): boolean {
  const last = told?.get(pairOf(alert, one));
  return last !== undefined && ENDS.get(type)?.includes(last) === false;
}

function isOf(
  alert: AlertRow,
  one: Subscriber,
  { trees, departments: known }: { trees: Tree & PoliceTree; departments: Pick<DepartmentsPort, 'inForce'> },
): boolean {
  const { jurisdiction, police = null, classes, level, rules, departments } = one;
  if (level > alert.level || !(rules?.includes(alert.rule) ?? true)) return false;
  if (!isWanted(classes ? { classes } : OF_POLICE_DESK, alert)) return false;
  if (!covers(limitedArea(trees, jurisdiction, police), alert)) return false;
  if (!departments) return true;
  // What followed a department since it was named, on either side, stands in its place.
  const concerned = new Set(alert.departments?.map((id) => known.inForce(id)));
  return departments.some((id) => concerned.has(known.inForce(id)));
}

interface Outgrown {
  alert: AlertRow;
  one: Subscriber;
}

/** Alerts that end, each with subscriptions of such alerts that are for less grave ones. From memory. */
function outgrown(changes: readonly Change[], all: readonly Subscriber[], fits: Fits): Outgrown[] {
  return changes
    .filter(({ type }) => ENDS.has(type))
    .flatMap(({ alert }) => {
      const rank = SEVERITIES.indexOf(alert.severity as Severity);
      const some = all.filter(({ severities }) => {
        return (
          !severities.includes(alert.severity) && SEVERITIES.slice(rank + 1).some((one) => severities.includes(one))
        );
      });
      return some.filter((one) => fits(alert, one)).map((one) => ({ alert, one }));
    });
}

/** Those of the pairs that were told, which is asked only where there are any. */
async function toldBefore(tx: Tables, pairs: readonly Outgrown[]): Promise<Map<string, EventType>> {
  if (pairs.length === 0) return new Map();
  // The id of a delivery is made of its entry and its subscription: each is one look at the primary key.
  const { rows } = await sql<{ alert: string; subscription: string; last: EventType }>`
    select distinct on (alert, subscription) alert, subscription, alert_event.type as last
    from unnest(${pairs.map(({ alert }) => alert.id)}::uuid[], ${pairs.map(({ one }) => one.id)}::uuid[])
      as given (alert, subscription)
    join subscription as recipient on recipient.id = subscription
    join alert_event on alert_event.alert_id = alert
    join delivery on delivery.id = 'msg_' || alert_event.id || '_' || subscription and delivery.state <> 'withheld'
    where exists (
      select from alert_event as mild where mild.alert_id = alert and mild.severity = any (recipient.severities)
    )
    order by alert, subscription, alert_event.seq desc`.execute(tx.tables());
  return new Map(rows.map(({ alert, subscription, last }) => [pairOf({ id: alert }, { id: subscription }), last]));
}

function pairOf(alert: { id: string }, one: { id: string }): string {
  return `${one.id} ${alert.id}`;
}
