import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, ownArea, type Place } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { requireUuid } from '../desk/queries.ts';
import { LEVELS, type Level } from '../ladder/levels.ts';
import { levelOfDesk } from './desk-level.ts';
import type { DutyShiftTable, DutyTables } from './tables.ts';

export interface ShiftInput extends Place {
  police: string | null;
  /** User names; the first leads. */
  people: readonly string[];
  startsAtMs: number;
  endsAtMs: number;
}

export interface ShiftInfo {
  id: string;
  jurisdiction: string;
  police: string | null;
  level: Level;
  /** User names; the first leads. */
  people: string[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  version: number;
}

export interface ShiftsDeps {
  database: Database;
  clock: Clock;
  /** Somebody who may log in and handle alerts of the place; null for anybody else. */
  personOnDuty(tx: Tables, username: string, place: Place): Promise<{ id: string; username: string } | null>;
  /** Told after each change. */
  changed(): Promise<void>;
}

export type ShiftRow = Selectable<DutyShiftTable>;

const LONGEST_MS = 48 * HOUR_MS;
const AHEAD_MS = 62 * DAY_MS;
/** Of one place in the country, that have not ended. */
const GOING_MAX = 5_000;

/** The roster as people keep it. */
export class Shifts {
  readonly #deps: ShiftsDeps;

  constructor(deps: ShiftsDeps) {
    this.#deps = deps;
  }

  /**
   * Says who has duty. Errors: `request.invalid` for an area that is not the caller's own, somebody who may not see it,
   * and times in the past or too far away; `conflict.state` where another shift of the desk has the time.
   */
  async create(caller: Caller, input: ShiftInput): Promise<ShiftInfo> {
    const { database, clock, changed } = this.#deps;
    const { jurisdiction, police, people, startsAtMs, endsAtMs } = input;
    const nowMs = clock.nowMs();
    if (!covers(ownArea(caller), input)) throw invalid('jurisdiction', `lies outside your area ${caller.jurisdiction}`);
    if (endsAtMs <= startsAtMs) throw invalid('endsAt', 'must lie behind its beginning');
    if (endsAtMs <= nowMs) throw invalid('endsAt', 'must lie in the future');
    if (endsAtMs - startsAtMs > LONGEST_MS) throw invalid('endsAt', 'must lie within 48 hours of its beginning');
    if (startsAtMs - nowMs > AHEAD_MS) throw invalid('startsAt', 'must lie within the next 62 days');
    const row = await database.transaction(async (tx) => {
      await lockDesk(tx, input);
      await this.#refuseTooMany(tx, caller);
      await refuseOverlap(tx, input);
      const found = await this.#people(tx, input, people);
      const values = {
        id: randomUUID(),
        jurisdiction,
        police,
        people: found.map(({ id }) => id),
        usernames: found.map(({ username }) => username),
        starts_at_ms: startsAtMs,
        ends_at_ms: endsAtMs,
        created_by: caller.name,
        created_at_ms: nowMs,
      };
      const inserted = tx.tables<DutyTables>().insertInto('duty_shift').values(values).returningAll();
      const made = await inserted.executeTakeFirstOrThrow();
      await audit(tx, { caller, action: 'duty.shift', row: made, atMs: nowMs });
      return made;
    });
    await changed();
    return showShift(row);
  }

  /** Shifts of the caller's area that have a part in a time (Unix ms), in their order; at most `limit`. */
  async list(caller: Caller, { fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number }) {
    const all = this.#standing().where('ends_at_ms', '>', fromMs).where('starts_at_ms', '<', toMs);
    const own = withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police');
    const rows = await own.orderBy('starts_at_ms').orderBy('id').limit(limit).execute();
    return rows.map(showShift);
  }

  /** Takes a shift out of the roster. Errors: `not-found`, `precondition.stale`. */
  async remove(caller: Caller, id: string, version: number): Promise<void> {
    const { database, clock, changed } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await findShift(tx, caller, id);
      if (row.version !== version) throw new CitywatchError('precondition.stale');
      const atMs = clock.nowMs();
      const set = { removed_at_ms: atMs, version: version + 1 };
      await tx.tables<DutyTables>().updateTable('duty_shift').set(set).where('id', '=', id).execute();
      await audit(tx, { caller, action: 'duty.shift-remove', row, atMs });
    });
    await changed();
  }

  #standing() {
    return this.#deps.database
      .tables<DutyTables>()
      .selectFrom('duty_shift')
      .selectAll()
      .where('removed_at_ms', 'is', null);
  }

  async #people(tx: Tables, place: Place, usernames: readonly string[]) {
    const found: { id: string; username: string }[] = [];
    for (const [at, username] of usernames.entries()) {
      const person = await this.#deps.personOnDuty(tx, username, place);
      if (person === null) {
        throw invalid(
          `people.${at}`,
          'is no user name of a person who can log in and handle alerts of this area: see GET /duty/people',
        );
      }
      if (found.some(({ id }) => id === person.id)) throw invalid(`people.${at}`, 'is named twice');
      found.push(person);
    }
    return found;
  }

  async #refuseTooMany(tx: Tables, caller: Caller): Promise<void> {
    const going = tx.tables<DutyTables>().selectFrom('duty_shift').select(sql<number>`count(*)`.as('count'));
    const coming = going.where('removed_at_ms', 'is', null).where('ends_at_ms', '>', this.#deps.clock.nowMs());
    const { count } = await withinJurisdiction(
      coming,
      'jurisdiction',
      ownArea(caller),
      'police',
    ).executeTakeFirstOrThrow();
    if (count < GOING_MAX) return;
    throw new CitywatchError('conflict.state', { detail: `There are ${count} shifts to come in your area already.` });
  }
}

/** One that stands and is of the caller's area, locked. Errors: `not-found`. */
export async function findShift(tx: Tables, caller: Caller, id: string): Promise<ShiftRow> {
  const all = tx.tables<DutyTables>().selectFrom('duty_shift').selectAll().where('id', '=', requireUuid(id));
  const own = withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police').where('removed_at_ms', 'is', null);
  const row = await own.forUpdate().executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}

function showShift(row: ShiftRow): ShiftInfo {
  const { id, jurisdiction, police, usernames, version } = row;
  return {
    id,
    jurisdiction,
    police,
    level: LEVELS[levelOfDesk(row)]!,
    people: usernames,
    startsAt: toRfc3339(row.starts_at_ms),
    endsAt: toRfc3339(row.ends_at_ms),
    createdBy: row.created_by,
    version,
  };
}

/** Two who say at once who has the same desk at the same time take turns. */
async function lockDesk(tx: Tables, { jurisdiction, police }: Place): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`duty ${jurisdiction} ${police ?? ''}`}, 0))`.execute(
    tx.tables(),
  );
}

/** Who leads must be clear at any moment: hand-overs are between two shifts. */
async function refuseOverlap(tx: Tables, { jurisdiction, police, startsAtMs, endsAtMs }: ShiftInput): Promise<void> {
  const other = await tx
    .tables<DutyTables>()
    .selectFrom('duty_shift')
    .selectAll()
    .where('jurisdiction', '=', jurisdiction)
    .where('police', 'is not distinct from', police)
    .where('removed_at_ms', 'is', null)
    .where('starts_at_ms', '<', endsAtMs)
    .where('ends_at_ms', '>', startsAtMs)
    .orderBy('starts_at_ms')
    .executeTakeFirst();
  if (!other) return;
  const [from, to] = [toRfc3339(other.starts_at_ms), toRfc3339(other.ends_at_ms)];
  const what = `${other.usernames[0]} leads this desk from ${from} to ${to}`;
  const detail = `${what} (shift ${other.id}): take that one out before.`;
  throw new CitywatchError('conflict.state', { detail });
}

interface Audited {
  caller: Caller;
  action: string;
  row: ShiftRow;
  atMs: number;
}

async function audit(tx: Tables, { caller, action, row, atMs }: Audited): Promise<void> {
  const { id, jurisdiction } = row;
  await recordAudit(tx, { caller, action, subject: `shift/${id}`, jurisdiction, after: showShift(row), atMs });
}
