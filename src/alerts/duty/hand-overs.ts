import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { limitedArea, ownArea, type PoliceTree, type Tree } from '../../core/jurisdiction.ts';
import { maskPlatesSaid } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { AlertActions } from '../desk/life/actions.ts';
import { forCaller } from '../desk/log/audience.ts';
import { requireUuid } from '../desk/queries.ts';
import type { AlertRow } from '../desk/tables.ts';
import type { Severity } from '../rules/rules.ts';
import { heldBy, openForAll } from './held.ts';
import { findShift, type ShiftRow } from './shifts.ts';
import type { DutyHandOverTable, DutyTables, HandedItem } from './tables.ts';

export interface HandOverInput {
  /** Id of the shift that takes over. */
  to: string;
  note: string;
}

/** A hand-over in a list. */
export interface HandOverLine {
  id: string;
  fromShift: string;
  toShift: string;
  jurisdiction: string;
  police: string | null;
  note: string;
  /** How many alerts were open. */
  open: number;
  givenBy: string;
  givenAt: string;
  takenBy: string | null;
  takenAt: string | null;
  version: number;
}

/** How an alert of a hand-over is by now. */
export interface HandedNow {
  title: { en: string; zh: string };
  severity: Severity;
  /** The name of what it is about. */
  subject: string;
  firstAt: string;
  handling: AlertRow['handling'];
  assignedTo: string | null;
}

export interface HandOverInfo extends HandOverLine {
  /** Those that were open, 1,000 at most: first what people of the shift had, then the gravest. */
  items: (HandedItem & { now: HandedNow | null })[];
  /** What stayed with whoever had it; null until it is taken. */
  left: string[] | null;
}

export interface HandOversDeps {
  database: Database;
  clock: Clock;
  trees: Tree & PoliceTree;
  actions: Pick<AlertActions, 'do'>;
}

type HandOverRow = Selectable<DutyHandOverTable>;

/** Alerts that are listed one by one, the gravest of them first. */
const ITEMS_MAX = 1_000;
const LISTED_MAX = 100;

/** One lead hands what is open to the next one; both sign, and what is not taken stays where it was. */
export class HandOvers {
  readonly #deps: HandOversDeps;

  constructor(deps: HandOversDeps) {
    this.#deps = deps;
  }

  /**
   * Lists what is open and shelved at the desk of a shift and offers it to the shift `to`. Once more before it is taken
   * lists anew. Errors: `not-found`; `auth.forbidden` for who does not lead the shift; `request.invalid` for a shift
   * of another desk.
   */
  async give(caller: Caller, id: string, { to, note }: HandOverInput): Promise<HandOverInfo> {
    const { database, clock } = this.#deps;
    return await database.transaction(async (tx) => {
      const from = await findShift(tx, caller, id);
      requireLead(caller, from);
      const next = await nextShift(tx, caller, { from, to });
      const { items, more } = await this.#open(tx, from);
      const nowMs = clock.nowMs();
      await tx
        .tables<DutyTables>()
        .deleteFrom('duty_hand_over')
        .where('from_shift', '=', id)
        .where('taken_at_ms', 'is', null)
        .execute();
      const { jurisdiction, police } = from;
      const values = {
        id: randomUUID(),
        from_shift: id,
        to_shift: next.id,
        jurisdiction,
        police,
        note: maskPlatesSaid(note),
        items: JSON.stringify(items),
        more,
        given_by: caller.name,
        given_at_ms: nowMs,
      };
      const inserted = tx.tables<DutyTables>().insertInto('duty_hand_over').values(values).returningAll();
      const row = await inserted.executeTakeFirstOrThrow();
      await audit(tx, { caller, action: 'duty.hand-over', row, atMs: nowMs });
      return await shown(tx, caller, row);
    });
  }

  /**
   * Takes over: what people of the shift before had is assigned to the caller, but for `left`. It is signed when all
   * of that is done; cut short it can be done again. Errors: `not-found`; `auth.forbidden` for who does not lead the
   * shift that takes over; `conflict.state` when it was taken.
   */
  async take(caller: Caller, id: string, left: readonly string[]): Promise<HandOverInfo> {
    const { database, clock } = this.#deps;
    const { row, username } = await database.transaction(async (tx) => {
      const found = await findHandOver(tx, caller, id);
      if (found.taken_at_ms !== null)
        throw new CitywatchError('conflict.state', { detail: `${found.taken_by} took it.` });
      const shift = await findShift(tx, caller, found.to_shift);
      requireLead(caller, shift);
      return { row: found, username: shift.usernames[0]! };
    });
    const known = new Set(row.items.map(({ alert }) => alert));
    const unknown = left.findIndex((alert) => !known.has(alert));
    if (unknown >= 0) throw invalid(`left.${unknown}`, 'is no alert of this hand-over');
    const held = await this.#stillHeld(row);
    for (const { alert } of row.items) {
      if (held.has(alert) && !left.includes(alert)) await this.#assign(caller, alert, username);
    }
    return await database.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const set = {
        taken_by: caller.name,
        taken_at_ms: nowMs,
        left_items: JSON.stringify(left),
        version: row.version + 1,
      };
      const open = tx.tables<DutyTables>().updateTable('duty_hand_over').set(set).where('id', '=', id);
      const taken = await open.where('taken_at_ms', 'is', null).returningAll().executeTakeFirst();
      if (!taken) throw new CitywatchError('conflict.state', { detail: 'It was taken, or given anew, just now.' });
      await audit(tx, { caller, action: 'duty.take-over', row: taken, atMs: nowMs });
      return await shown(tx, caller, taken);
    });
  }

  /** Those of the caller's area, the newest first. */
  async list(caller: Caller): Promise<HandOverLine[]> {
    const all = this.#deps.database.tables<DutyTables>().selectFrom('duty_hand_over').selectAll();
    const own = withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police');
    return (await own.orderBy('given_at_ms', 'desc').limit(LISTED_MAX).execute()).map(lineOf);
  }

  /** Errors: `not-found`. */
  async get(caller: Caller, id: string): Promise<HandOverInfo> {
    const { database } = this.#deps;
    return await shown(database, caller, await findHandOver(database, caller, id));
  }

  /** What has been closed since, or is out of sight by now, is nobody's to take. */
  async #assign(caller: Caller, alert: string, to: string): Promise<void> {
    try {
      await this.#deps.actions.do(caller, alert, { does: 'assign', to });
    } catch (error) {
      const isOver = error instanceof CitywatchError && ['conflict.state', 'not-found'].includes(error.code);
      if (!isOver) throw error;
    }
  }

  /** Of what the shift had when it was listed that of which nobody else has taken care since. */
  async #stillHeld({ from_shift: id, items }: HandOverRow): Promise<ReadonlySet<string>> {
    const tables = this.#deps.database.tables<DutyTables>();
    const shift = await tables.selectFrom('duty_shift').selectAll().where('id', '=', id).executeTakeFirst();
    if (!shift) return new Set();
    const held = items.flatMap((item) => (item.held ? [item.alert] : []));
    const rows = await tables
      .selectFrom('alert')
      .select('id')
      .where(sql<boolean>`id = any (${held}::uuid[])`)
      .where(heldBy(shift))
      .execute();
    return new Set(rows.map((one) => one.id));
  }

  async #open(tx: Tables, shift: ShiftRow): Promise<{ items: HandedItem[]; more: number }> {
    const { jurisdiction, police } = shift;
    const own = withinJurisdiction(
      openForAll(tx),
      'jurisdiction',
      limitedArea(this.#deps.trees, jurisdiction, police),
      'police',
    );
    const held = heldBy(shift);
    const rows = await own
      .select(['id', 'handling', 'visibility'])
      .select(held.as('held'))
      .orderBy(sql`${held} desc, array_position(array['extreme', 'severe', 'moderate', 'minor'], severity)`)
      .orderBy('first_at_ms', 'desc')
      .limit(ITEMS_MAX)
      .execute();
    const { count } = await own.select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow();
    return { items: rows.map(({ id: alert, ...item }) => ({ alert, ...item })), more: count - rows.length };
  }
}

function requireLead(caller: Caller, { people, usernames }: ShiftRow): void {
  if (people[0] === caller.id) return;
  throw new CitywatchError('auth.forbidden', { detail: `${usernames[0]} leads this shift and signs for it.` });
}

async function nextShift(tx: Tables, caller: Caller, { from, to }: { from: ShiftRow; to: string }): Promise<ShiftRow> {
  const next = await findShift(tx, caller, to).catch((error: unknown) => {
    if (error instanceof CitywatchError && error.code === 'not-found') return null;
    throw error;
  });
  const isSameDesk = next?.jurisdiction === from.jurisdiction && next.police === from.police;
  if (!next || !isSameDesk || next.id === from.id || next.ends_at_ms <= from.starts_at_ms) {
    throw invalid('to', 'is no later shift of the same desk: see GET /duty/shifts');
  }
  return next;
}

async function findHandOver(tx: Tables, caller: Caller, id: string): Promise<HandOverRow> {
  const all = tx.tables<DutyTables>().selectFrom('duty_hand_over').selectAll().where('id', '=', requireUuid(id));
  const row = await withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}

/** With what its alerts are by now, as far as the caller may see them. */
async function shown(tables: Tables, caller: Caller, row: HandOverRow): Promise<HandOverInfo> {
  const ids = row.items.map(({ alert }) => alert);
  const all = tables.tables<DutyTables>().selectFrom('alert').where(sql<boolean>`id = any (${ids}::uuid[])`);
  const own = withinJurisdiction(all.where(forCaller(caller)), 'jurisdiction', caller, 'police');
  const found = await own
    .select(['id', 'title', 'severity', 'device_name', 'first_at_ms', 'handling', 'assigned_to'])
    .execute();
  const now = new Map(found.map(({ id, ...alert }) => [id, nowOf(alert)]));
  const items = row.items.map((item) => ({ ...item, now: now.get(item.alert) ?? null }));
  return { ...lineOf(row), items, left: row.left_items };
}

type FoundAlert = Pick<AlertRow, 'title' | 'severity' | 'device_name' | 'first_at_ms' | 'handling' | 'assigned_to'>;

function nowOf({ title, severity, device_name: subject, first_at_ms: firstAtMs, ...alert }: FoundAlert): HandedNow {
  const { handling, assigned_to: assignedTo } = alert;
  return { title, severity: severity as Severity, subject, firstAt: toRfc3339(firstAtMs), handling, assignedTo };
}

function lineOf(row: HandOverRow): HandOverLine {
  const { id, jurisdiction, police, note, items, more, version } = row;
  return {
    id,
    fromShift: row.from_shift,
    toShift: row.to_shift,
    jurisdiction,
    police,
    note,
    open: items.length + more,
    givenBy: row.given_by,
    givenAt: toRfc3339(row.given_at_ms),
    takenBy: row.taken_by,
    takenAt: row.taken_at_ms === null ? null : toRfc3339(row.taken_at_ms),
    version,
  };
}

interface Audited {
  caller: Caller;
  action: string;
  row: HandOverRow;
  atMs: number;
}

async function audit(tx: Tables, { caller, action, row, atMs }: Audited): Promise<void> {
  const { id, jurisdiction, from_shift: from, to_shift: to, items, left_items: left } = row;
  const after = { from, to, alerts: items.length, left };
  await recordAudit(tx, { caller, action, subject: `hand-over/${id}`, jurisdiction, after, atMs });
}
