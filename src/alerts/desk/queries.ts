import { DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { BEFORE_CLASSES, type DeskName, type Wanted } from '../rules/classes.ts';
import { type AlertView, showAlert } from './alert.ts';
import { type AlertFilter, matching } from './filter.ts';
import { type StageTimes, stageTimes } from './life/stage-times.ts';
import { forCaller } from './log/audience.ts';
import { toEntry } from './log/read-entry.ts';
import type { LogEntry } from './log.ts';
import type { AlertRow, AlertTables } from './tables.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Text that is no id of ours names nothing: the same answer as for an id that is not there. */
export function requireUuid(id: string): string {
  if (!UUID.test(id)) throw new CitywatchError('not-found');
  return id;
}

/** Longer than the journal keeps messages: a finding that is judged again must meet the row that says it was. */
const FINDINGS_KEEP_MS = 30 * DAY_MS;
/** Who was told what can be looked up this long; the log of alerts itself is kept. */
const DELIVERIES_KEEP_MS = 30 * DAY_MS;
const PRUNE_ROWS_MAX = 10_000;

/** Which alerts of a list, in which order, and how many. */
export interface AlertPageOf extends AlertFilter {
  /** Newest first unless `urgency`: open ones first, of these the gravest, of these the newest. */
  order?: AlertOrder;
  limit: number;
  /** Where the previous page ended. */
  after?: AlertPlace;
}

export const ALERT_ORDERS = ['newest', 'urgency'] as const;
export type AlertOrder = (typeof ALERT_ORDERS)[number];

/** How many of something there are, together and by value; values that none has are left out. */
export interface AlertCounts
  extends Record<'severity' | 'handling' | 'condition' | 'visibility', Record<string, number>> {
  all: number;
}

/** A place in a list of alerts: what its last row is ordered by. */
export interface AlertPlace {
  firstAtMs: number;
  id: string;
  closed: boolean;
  severity: string;
}

/** A time of a camera, Unix ms. */
export interface CameraTime {
  fromMs: number;
  toMs: number;
  max: number;
}

/** An alert on the line of a camera's recordings. */
export interface AlertMark extends Pick<AlertRow, 'id' | 'rule' | 'title' | 'severity' | 'condition' | 'handling'> {
  atMs: number;
  lastAtMs: number;
}

/** Of each desk, by severity. */
type OpenCounts = Record<DeskName, Record<string, number>>;

export interface LogCursor {
  epoch: string;
  seq: number;
}

/** Reads of alerts and their log; every one is limited to the caller's jurisdiction. */
export class AlertQueries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(caller: Caller, id: string): Promise<AlertView> {
    return showAlert(await this.row(caller, id));
  }

  async row(caller: Caller, id: string): Promise<AlertRow> {
    const query = this.#alerts().selectAll().where('id', '=', requireUuid(id)).where(forCaller(caller));
    const row = await withinJurisdiction(query, 'jurisdiction', caller, 'police').executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }

  /** One page in the order asked for; an alert that changes its place meanwhile may be missed or come twice. */
  async list(caller: Caller, filter: AlertPageOf): Promise<{ items: AlertView[]; next: AlertPlace | null }> {
    const { rows, next } = await this.rows(caller, filter);
    return { items: rows.map(showAlert), next };
  }

  /** The same as rows. */
  async rows(caller: Caller, filter: AlertPageOf): Promise<{ rows: AlertRow[]; next: AlertPlace | null }> {
    const order = ORDERS[filter.order ?? 'newest'];
    const max = filter.limit + 1;
    const one = (of: AlertFilter) => {
      const all = this.#alerts().selectAll().where(forCaller(caller));
      const { open, ...rest } = of;
      const isOpen = order.open(open ?? (of.handling && of.handling !== 'closed'));
      const seen = withinJurisdiction(isOpen ? all.where(isOpen) : all, 'jurisdiction', caller, 'police');
      const query = matching(seen, isOpen ? rest : of);
      return (filter.after ? query.where(order.behind(filter.after)) : query).orderBy(order.by).limit(max);
    };
    // The index of urgency is one of each desk: of both the first are taken, and of these the first.
    const isOfBoth = filter.order === 'urgency' && filter.wanted?.desk === undefined;
    const ofDesk = (desk: DeskName) => {
      const first = one({ ...filter, wanted: { ...filter.wanted, desk } });
      return this.#database.tables<AlertTables>().selectFrom(first.as(desk)).selectAll();
    };
    const both = () => {
      const all = ofDesk('police').unionAll(ofDesk('maintenance')).as('alert');
      return this.#database.tables<AlertTables>().selectFrom(all).selectAll().orderBy(order.by).limit(max);
    };
    const found = await (isOfBoth ? both() : one(filter)).execute();
    const rows = found.slice(0, filter.limit);
    const last = rows.at(-1);
    return { rows, next: found.length > filter.limit && last ? placeOf(last) : null };
  }

  /**
   * Alerts of a time (Unix ms, by their first message) that are about a camera, or have evidence of it, the oldest
   * first; at most `max`.
   */
  async ofCamera(caller: Caller, camera: string, { fromMs, toMs, max }: CameraTime): Promise<AlertMark[]> {
    const seen = JSON.stringify([{ camera }]);
    const query = this.#alerts()
      .select(['id', 'rule', 'title', 'severity', 'condition', 'handling', 'first_at_ms', 'last_at_ms'])
      .where('first_at_ms', '>=', Math.floor(fromMs))
      .where('first_at_ms', '<', Math.ceil(toMs))
      .where(sql<boolean>`(device = ${camera} or evidence @> ${seen}::jsonb)`)
      .where(forCaller(caller))
      .orderBy('first_at_ms')
      .limit(max);
    const rows = await withinJurisdiction(query, 'jurisdiction', caller).execute();
    return rows.map(({ first_at_ms: atMs, last_at_ms: lastAtMs, ...rest }) => ({ ...rest, atMs, lastAtMs }));
  }

  /** How many alerts are not closed, by desk and severity: those that everybody of the area sees. */
  openCounts(caller: Caller): Promise<OpenCounts> {
    return this.#openCounts(caller, sql<boolean>`seen_by is null`);
  }

  /** The same of those that only some see, the caller among them. */
  ownCounts(caller: Caller): Promise<OpenCounts> {
    return this.#openCounts(caller, sql<boolean>`seen_by is not null and ${forCaller(caller)}`);
  }

  async #openCounts(caller: Caller, which: RawBuilder<boolean>): Promise<OpenCounts> {
    const query = this.#alerts()
      .select(['desk', 'severity', sql<number>`count(*)`.as('count')])
      .where('handling', '!=', 'closed')
      .where(which)
      .groupBy(['desk', 'severity']);
    const rows = await withinJurisdiction(query, 'jurisdiction', caller, 'police').execute();
    const of = (name: DeskName) =>
      Object.fromEntries(rows.filter(({ desk }) => desk === name).map(({ severity, count }) => [severity, count]));
    return { police: of('police'), maintenance: of('maintenance') };
  }

  /** How many alerts `filter` means for the caller, together and by what they are told apart by. */
  async counts(caller: Caller, filter: AlertFilter): Promise<AlertCounts> {
    const all = withinJurisdiction(this.#alerts().where(forCaller(caller)), 'jurisdiction', caller, 'police');
    const query = matching(all, filter)
      .select(['severity', 'handling', 'condition', 'visibility', sql<number>`count(*)`.as('count')])
      .groupBy(['severity', 'handling', 'condition', 'visibility']);
    const counts: AlertCounts = { all: 0, severity: {}, handling: {}, condition: {}, visibility: {} };
    for (const { count, ...row } of await query.execute()) {
      counts.all += count;
      for (const by of ['severity', 'handling', 'condition', 'visibility'] as const) {
        counts[by][row[by]] = (counts[by][row[by]] ?? 0) + count;
      }
    }
    return counts;
  }

  async head(): Promise<LogCursor> {
    return await this.#database
      .tables<AlertTables>()
      .selectFrom('alert_log_head')
      .select(['epoch', 'seq'])
      .executeTakeFirstOrThrow();
  }

  /** Log entries after `seq` in commit order, only the caller's, and where to go on: also past entries of others. */
  async events(
    caller: Caller,
    seq: number,
    limit: number,
    { desk, classes }: Wanted = {},
  ): Promise<{ entries: LogEntry[]; seq: number }> {
    let query = this.#database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .selectAll()
      .where('seq', '>', seq)
      .where(forCaller(caller))
      .orderBy('seq')
      .limit(limit);
    if (desk) query = query.where(sql<boolean>`${told('desk')} = ${desk}`);
    if (classes) query = query.where(sql<boolean>`${told('class')} = any (${classes}::text[])`);
    const head = await this.head();
    const rows = await withinJurisdiction(query, 'jurisdiction', caller, OF_POLICE).execute();
    const entries = rows.map(toEntry);
    const last = entries.at(-1)?.seq ?? seq;
    return { entries, seq: entries.length < limit ? Math.max(last, head.seq) : last };
  }

  /** Removes findings that became part of an alert long ago; the alert and its log keep what they said. */
  async pruneFindings(nowMs: number, ownership: Pick<Ownership, 'transaction'>): Promise<void> {
    const old = this.#database
      .tables<AlertTables>()
      .selectFrom('finding')
      .select('id')
      .where('handled_at_ms', '<', nowMs - FINDINGS_KEEP_MS)
      .limit(PRUNE_ROWS_MAX);
    await ownership.transaction(this.#database, 'that old findings are gone', (tx) =>
      tx.tables<AlertTables>().deleteFrom('finding').where('id', 'in', old).execute(),
    );
  }

  /**
   * Removes deliveries that were made or withheld long ago, 10,000 at most; dead letters and what waits stay, and so
   * does when each alert was first told.
   */
  async pruneDeliveries(nowMs: number, ownership: Pick<Ownership, 'transaction'>): Promise<void> {
    await ownership.transaction(this.#database, 'that old deliveries are gone', (tx) =>
      sql`
        with gone as (
          delete from delivery where id in (
            select id from delivery where state in ('delivered', 'withheld')
              and settled_at_ms < ${nowMs - DELIVERIES_KEEP_MS} limit ${PRUNE_ROWS_MAX}
          ) returning alert_id, state, settled_at_ms
        )
        insert into alert_sent (alert_id, at_ms)
        select alert_id, min(settled_at_ms) from gone where state = 'delivered' group by alert_id
        on conflict (alert_id) do update set at_ms = least(alert_sent.at_ms, excluded.at_ms)`.execute(tx.tables()),
    );
  }

  /** When it reached each stage. Errors: `not-found`. */
  stages(caller: Caller, id: string): Promise<StageTimes> {
    return stageTimes({ database: this.#database, queries: this }, caller, id);
  }

  #alerts() {
    return this.#database.tables<AlertTables>().selectFrom('alert');
  }
}

/** The police agency that the alert of an entry belongs to. */
export const OF_POLICE = sql`(body -> 'alert' ->> 'police')`;

/** What an alert is, as an entry of the log tells it. */
const told = (what: keyof typeof BEFORE_CLASSES) =>
  sql<string>`coalesce(body -> 'alert' ->> ${sql.lit(what)}, ${sql.lit(BEFORE_CLASSES[what])})`;

/** As the index `alert_urgent` has it, word for word. */
const GRAVITY = sql`array_position(ARRAY['extreme', 'severe', 'moderate', 'minor'], severity)`;

const ORDERS = {
  newest: {
    by: sql`first_at_ms desc, id desc`,
    open: (_?: boolean): RawBuilder<boolean> | null => null,
    behind: ({ firstAtMs, id }: AlertPlace) => sql<boolean>`(first_at_ms, id) < (${firstAtMs}::bigint, ${id}::uuid)`,
  },
  urgency: {
    by: sql`(handling = 'closed'), ${GRAVITY}, (-first_at_ms), id`,
    // As the index knows it, or a desk with few that are open would be read through to its end. Of `= false` PostgreSQL
    // makes what the index does not know.
    open: (open?: boolean): RawBuilder<boolean> | null => {
      if (open === undefined) return null;
      return open ? sql<boolean>`(handling = 'closed') < true` : sql<boolean>`(handling = 'closed') > false`;
    },
    behind: ({ closed, severity, firstAtMs, id }: AlertPlace) => {
      const gravity = sql`array_position(ARRAY['extreme', 'severe', 'moderate', 'minor'], ${severity}::text)`;
      const place = sql`(${closed}::boolean, ${gravity}, ${-firstAtMs}::bigint, ${id}::uuid)`;
      return sql<boolean>`((handling = 'closed'), ${GRAVITY}, (-first_at_ms), id) > ${place}`;
    },
  },
} satisfies Record<AlertOrder, object>;

function placeOf({ first_at_ms: firstAtMs, id, handling, severity }: AlertRow): AlertPlace {
  return { firstAtMs, id, closed: handling === 'closed', severity };
}
