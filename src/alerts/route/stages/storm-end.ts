import { type RawBuilder, sql, type Tables } from '../../../platform/database/database.ts';
import { TOLD_AS } from '../../desk/alert.ts';
import { lifeOf, truthOf, withLife } from '../../desk/life/life.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import type { Change, Stage, StageTimer } from './stage.ts';

interface Known {
  /** Parts of storms that are over, locked. */
  parts: readonly AlertRow[];
  /** Whether there may be more than one transaction takes. */
  isMore: boolean;
}

const STORM_END = 'storm-end';
/** Parts that one transaction lets go. */
const AT_ONCE = 200;

/**
 * A storm is over when the alert that stands for the others is closed or is hidden. What is still bad of them is then
 * shown and told as an alert of its own: as with any alert, somebody may hold it back, and where they are many the next
 * storm begins. What has cleared and nobody has taken is closed with its storm, untold as it was.
 */
export function stormEnd(): Stage<Known> {
  return {
    name: STORM_END,
    needed: false,
    locks: false,
    read: async (tx, _changes, due) => {
      if (due.length === 0) return { parts: [], isMore: false };
      return await lockedParts(tx, due.map(leaderOfTimer));
    },
    run: (changes, { due, known: { parts, isMore }, nowMs }) => {
      const ends = changes.flatMap(endedBy).map((leader) => timerAt(leader, nowMs));
      // A timer that is being run cannot be set anew.
      if (isMore) ends.push(...due.map(again).map((key) => ({ key, atMs: nowMs })));
      return {
        changes: [...changes, ...parts.map((part) => (isOver(part) ? closed(part, nowMs) : freed(part, nowMs)))],
        timers: [...new Map(ends.map((one) => [one.key, one])).values()],
      };
    },
  };
}

/** To let the parts of this alert go, if its storm is over by then. */
export function endTimer(leader: string, nowMs: number): StageTimer {
  return { ...timerAt(leader, nowMs), of: STORM_END };
}

/** Of these alerts those that have open parts and stand for them no longer. */
export async function overAmong(tx: Tables, leaders: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ storm: string }>`select distinct part.storm from ${partsOfOver(leaders)}`.execute(
    tx.tables(),
  );
  return rows.map(({ storm }) => storm);
}

/** Whose storm may be over by this: its own, or that behind which it is open again. */
function endedBy({ type, alert }: Change): string[] {
  const isOfLeader = alert.storm_count > 0 && type === 'alert.closed';
  const isOfPart = alert.storm != null && type === 'alert.reopened';
  return [...(isOfLeader ? [alert.id] : []), ...(isOfPart ? [alert.storm!] : [])];
}

function isOver({ condition, handling }: AlertRow): boolean {
  return condition === 'cleared' && handling === 'new';
}

/** As it is shown after it, unless a person hides it. */
function freed(part: AlertRow, nowMs: number): Change {
  const isShown = part.visibility === 'inhibited';
  const alert: AlertRow = { ...part, storm: null, version: part.version + 1 };
  if (isShown) alert.visibility = 'normal';
  return { ...ownChange(alert, nowMs), type: TOLD_AS[part.condition], isFirst: isShown };
}

/** Nobody went to see. */
function closed(part: AlertRow, nowMs: number): Change {
  const life = lifeOf(part);
  const { ack, owner, unit, leftAtMs, thereAtMs } = life.handled;
  const handled = { ack, owner, unit, leftAtMs, thereAtMs, is: 'closed', by: 'citywatch', atMs: nowMs } as const;
  const alert = withLife(part, { ...life, handled, truth: truthOf('no_action') });
  return { ...ownChange({ ...alert, version: part.version + 1 }, nowMs), type: 'alert.closed' };
}

function ownChange(alert: AlertRow, atMs: number): Omit<Change, 'type'> {
  return { place: null, alert, actor: 'citywatch', atMs, deliveries: [] };
}

function timerAt(leader: string, nowMs: number): StageTimer {
  return { key: `${leader} ${nowMs} 0`, atMs: nowMs };
}

function leaderOfTimer(key: string): string {
  return key.split(' ')[0]!;
}

/** The key of the next round of a timer that is too much for one. */
function again(key: string): string {
  const [leader, atMs, round] = key.split(' ');
  return `${leader} ${atMs} ${Number(round ?? 0) + 1}`;
}

async function lockedParts(tx: Tables, leaders: readonly string[]): Promise<Known> {
  const { rows } = await sql<{ id: string }>`
    select part.id from ${partsOfOver(leaders)} order by part.id limit ${AT_ONCE}`.execute(tx.tables());
  if (rows.length === 0) return { parts: [], isMore: false };
  // Asked once more of what is locked: another timer may have let it go meanwhile, or somebody has closed it.
  const parts = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('storm', 'in', [...leaders])
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
  return { parts, isMore: rows.length === AT_ONCE };
}

/** What is gone stands for nothing either, nor does what is hidden: its count is none. */
function partsOfOver(leaders: readonly string[]): RawBuilder<unknown> {
  return sql`alert part left join alert leader on leader.id = part.storm
    where part.storm = any (${[...leaders]}::uuid[]) and part.handling <> 'closed'
      and (leader.id is null or leader.handling = 'closed' or leader.storm_count = 0)`;
}
