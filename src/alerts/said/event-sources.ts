import { createHash, randomBytes } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Severity } from '../rules/rules.ts';

export interface EventSourceInput {
  /** Chosen by people; names the subject of its alerts. */
  id: string;
  name: string;
  jurisdiction: Jurisdiction;
  /** What it calls graver is taken for this. */
  severityMax: Severity;
}

export interface EventSource extends EventSourceInput {
  createdBy: string;
  createdAt: string;
}

export interface EventSourcesDeps {
  database: Database;
  clock: Clock;
}

/** Each may keep its own open alerts; more systems than this no city has. */
const ALL_MAX = 100;
const COLUMNS = ['id', 'name', 'jurisdiction', 'severity_max', 'created_by', 'created_at_ms'] as const;

/** Systems of others that report events here, each by a routing key of its own. */
export class EventSources {
  readonly #deps: EventSourcesDeps;

  constructor(deps: EventSourcesDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the routing key, which is shown this once. Errors: `request.invalid` for an area outside the caller's,
   * `conflict.exists` for an id that is taken, `conflict.state` beyond a hundred.
   */
  async create(caller: Caller, input: EventSourceInput): Promise<{ source: EventSource; routingKey: string }> {
    const { database, clock } = this.#deps;
    // Its alerts belong to no police agency: who is limited to one would not see them.
    if (!covers(ownArea(caller), input.jurisdiction)) {
      throw invalid('jurisdiction', `lies outside your jurisdiction ${caller.jurisdiction}`);
    }
    const routingKey = randomBytes(16).toString('hex');
    const row = {
      id: input.id,
      name: input.name,
      jurisdiction: input.jurisdiction,
      severity_max: input.severityMax,
      created_by: caller.name,
      created_at_ms: clock.nowMs(),
    };
    await database.transaction(async (tx) => {
      const db = tx.tables<AlertTables>();
      const { count } = await db
        .selectFrom('event_source')
        .select(sql<number>`count(*)`.as('count'))
        .executeTakeFirstOrThrow();
      if (count >= ALL_MAX) {
        throw new CitywatchError('conflict.state', { detail: `There are ${ALL_MAX} already; remove one first.` });
      }
      const values = { ...row, key_hash: hashOf(routingKey) };
      const made = await db
        .insertInto('event_source')
        .values(values)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows === 0n) throw new CitywatchError('conflict.exists');
      await audit(tx, { caller, action: 'event-source.create', row, atMs: row.created_at_ms });
    });
    return { source: shown(row), routingKey };
  }

  async list(caller: Caller): Promise<EventSource[]> {
    const query = this.#deps.database.tables<AlertTables>().selectFrom('event_source').select(COLUMNS).orderBy('id');
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).execute();
    return rows.map(shown);
  }

  /** Its key opens nothing any more; its alerts stay as they are. Errors: `not-found`. */
  async remove(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const db = tx.tables<AlertTables>();
      const query = db.selectFrom('event_source').select(COLUMNS).where('id', '=', id);
      const row = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).executeTakeFirst();
      if (!row) throw new CitywatchError('not-found');
      await db.deleteFrom('event_source').where('id', '=', id).execute();
      await audit(tx, { caller, action: 'event-source.remove', row, atMs: clock.nowMs() });
    });
  }

  /** The source whose key this is; null for any other text. */
  async byKey(routingKey: string): Promise<EventSource | null> {
    const query = this.#deps.database.tables<AlertTables>().selectFrom('event_source').select(COLUMNS);
    const row = await query.where('key_hash', '=', hashOf(routingKey)).executeTakeFirst();
    return row ? shown(row) : null;
  }
}

type Row = Pick<AlertTables['event_source'], (typeof COLUMNS)[number]>;

function shown(row: Row): EventSource {
  return {
    id: row.id,
    name: row.name,
    jurisdiction: row.jurisdiction,
    severityMax: row.severity_max,
    createdBy: row.created_by,
    createdAt: toRfc3339(row.created_at_ms),
  };
}

async function audit(
  tx: Parameters<typeof recordAudit>[0],
  { caller, action, row, atMs }: { caller: Caller; action: string; row: Row; atMs: number },
): Promise<void> {
  const { id, name, jurisdiction, severity_max: severityMax } = row;
  const after = { name, severityMax };
  await recordAudit(tx, { caller, action, subject: `event-source/${id}`, jurisdiction, after, atMs });
}

function hashOf(routingKey: string): Buffer {
  return createHash('sha256').update(routingKey).digest();
}
