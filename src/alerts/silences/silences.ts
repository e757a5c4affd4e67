import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { type AlertView, showAlert } from '../desk/alert.ts';
import { matching } from '../desk/filter.ts';
import { mustBeShown } from '../desk/life/steps.ts';
import { forCaller } from '../desk/log/audience.ts';
import { requireUuid } from '../desk/queries.ts';
import { SILENCE_QUEUE } from '../desk/queues.ts';
import type { AlertTables, SilenceTable } from '../desk/tables.ts';
import type { Rule } from '../rules/rules.ts';
import { type Matchers, meantBy, type SilencedDevices, type Trees } from './silence.ts';

/** A week: what is to be left unsaid for longer is a matter of its rule. */
export const SILENCE_MAX_MS = 7 * DAY_MS;
/** Alerts that a preview names. */
const NAMED_MAX = 20;
/** Silences of one place in the country that may hold or wait at once. */
const GOING_MAX = 200;

export interface SilenceInput extends Matchers {
  reason: string;
  startsAtMs?: number | undefined;
  endsAtMs: number;
}

/** What a silence would do to alerts that are open now. */
export interface SilencePreview {
  /** How many it would hide. */
  hides: number;
  /** How many it means and must leave: extreme ones, and hits on a watchlist. */
  leaves: number;
  /** Those that it would hide, the newest first, 20 at most. */
  alerts: AlertView[];
}

export interface SilenceInfo extends Matchers {
  id: string;
  state: SilenceTable['state'];
  reason: string;
  startsAt: string;
  endsAt: string;
  endedAt: string | null;
  endedBy: string | null;
  createdBy: string;
  createdAt: string;
  /** How many open alerts it hides now. */
  holds: number;
  version: number;
}

export interface SilenceDeps {
  database: Database;
  clock: Clock;
  trees: Trees;
  devices: SilencedDevices;
  /** Those in force. */
  rules(): readonly Pick<Rule, 'rule' | 'severity' | 'condition'>[];
  ring(queue: string): void;
}

type SilenceRow = Selectable<SilenceTable>;

/** What people ask of silences. Who applies them is the keeper. */
export class Silences {
  readonly #deps: SilenceDeps;

  constructor(deps: SilenceDeps) {
    this.#deps = deps;
  }

  /** Changes nothing. Errors as {@link create}. */
  async preview(caller: Caller, input: Matchers): Promise<SilencePreview> {
    this.#check(caller, input);
    const seen = this.#deps.database.tables<AlertTables>().selectFrom('alert').where(forCaller(caller));
    const meant = matching(seen, this.#filter(input));
    const told = meant.where('visibility', 'in', ['normal', 'shelved']);
    const { leaves, all } = await told
      .select([
        sql<number>`count(*)`.as('all'),
        sql<number>`count(*) filter (where severity = 'extreme' or (data ? 'wanted_plate' and data ? 'watchlist'))`.as(
          'leaves',
        ),
      ])
      .executeTakeFirstOrThrow();
    const newest = told.selectAll().orderBy('first_at_ms', 'desc').orderBy('id', 'desc').limit(NAMED_MAX);
    const alerts = (await newest.execute()).filter((alert) => !mustBeShown(alert));
    return { hides: all - leaves, leaves, alerts: alerts.map(showAlert) };
  }

  /**
   * Has alerts left unsaid, from now or from `startsAtMs` on. Errors: `request.invalid` for an area that is not the
   * caller's own, a time that is over or too long, and a rule whose alerts are never silenced; `conflict.state` where
   * there are too many already.
   */
  async create(caller: Caller, input: SilenceInput): Promise<SilenceInfo> {
    const { database, clock, ring } = this.#deps;
    const nowMs = clock.nowMs();
    const { jurisdiction, police, rule, kind, device, reason, endsAtMs } = input;
    this.#check(caller, input);
    const startsAtMs = Math.max(input.startsAtMs ?? nowMs, nowMs);
    if (endsAtMs <= startsAtMs) throw invalid('endsAt', 'must lie behind its beginning, and in the future');
    if (endsAtMs - nowMs > SILENCE_MAX_MS) throw invalid('endsAt', 'must lie within the next 7 days');
    const id = randomUUID();
    const values = {
      id,
      jurisdiction,
      police,
      rule,
      kind,
      device,
      reason,
      starts_at_ms: startsAtMs,
      ends_at_ms: endsAtMs,
      // It holds from this commit on; the keeper takes what is open already.
      state: startsAtMs > nowMs ? ('planned' as const) : ('active' as const),
      began_at_ms: startsAtMs > nowMs ? null : nowMs,
      ended_at_ms: null,
      ended_by: null,
      created_by: caller.name,
      created_at_ms: nowMs,
    };
    const row = await database.transaction(async (tx) => {
      await this.#refuseTooMany(tx, caller);
      const inserted = tx.tables<AlertTables>().insertInto('silence').values(values).returningAll();
      const made = await inserted.executeTakeFirstOrThrow();
      await this.#audit(tx, caller, 'silence.create', made);
      await enqueueWork(tx, clock, [{ queue: SILENCE_QUEUE, key: id, priority: 1, dueAtMs: startsAtMs }]);
      return made;
    });
    ring(SILENCE_QUEUE);
    return show(row, 0);
  }

  /** Of the caller's area, the newest first; `going`: those that have not ended. */
  async list(caller: Caller, { going, limit }: { going: boolean; limit: number }): Promise<SilenceInfo[]> {
    const all = this.#silences().orderBy('created_at_ms', 'desc').orderBy('id').limit(limit);
    const rows = await (going ? all.where('state', '!=', 'ended') : all)
      .$call((query) => withinJurisdiction(query, 'jurisdiction', ownArea(caller), 'police'))
      .execute();
    const held = await this.#held(rows.map(({ id }) => id));
    return rows.map((row) => show(row, held.get(row.id) ?? 0));
  }

  async get(caller: Caller, id: string): Promise<SilenceInfo> {
    const found = this.#silences().where('id', '=', requireUuid(id));
    const row = await withinJurisdiction(found, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return show(row, (await this.#held([id])).get(id) ?? 0);
  }

  /** Ends it now: what it holds is judged again at once. Errors: `not-found`, `precondition.stale`. */
  async end(caller: Caller, id: string, version: number): Promise<void> {
    const { database, clock, ring } = this.#deps;
    await database.transaction(async (tx) => {
      const all = tx.tables<AlertTables>().selectFrom('silence').selectAll().where('id', '=', requireUuid(id));
      const row = await withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police')
        .forUpdate()
        .executeTakeFirst();
      if (!row) throw new CitywatchError('not-found');
      if (row.version !== version) throw new CitywatchError('precondition.stale');
      if (row.state === 'ended') return;
      const nowMs = clock.nowMs();
      const set = { state: 'ended' as const, ended_at_ms: nowMs, ended_by: caller.name, version: version + 1 };
      await tx.tables<AlertTables>().updateTable('silence').set(set).where('id', '=', id).execute();
      await this.#audit(tx, caller, 'silence.end', { ...row, ...set });
      await enqueueWork(tx, clock, [{ queue: SILENCE_QUEUE, key: id, priority: 1 }]);
    });
    ring(SILENCE_QUEUE);
  }

  #silences() {
    return this.#deps.database.tables<AlertTables>().selectFrom('silence').selectAll();
  }

  #filter(matchers: Matchers) {
    return meantBy(matchers, this.#deps);
  }

  #check(caller: Caller, { jurisdiction, police, rule: name }: Matchers): void {
    if (!covers(ownArea(caller), { jurisdiction, police })) {
      throw invalid('jurisdiction', `lies outside your area ${caller.jurisdiction}`);
    }
    if (name === null) return;
    const rule = this.#deps.rules().find((one) => one.rule === name);
    if (!rule) throw invalid('rule', 'is no rule in force: see GET /rules');
    if (rule.severity === 'extreme') throw invalid('rule', 'is extreme: its alerts are never silenced');
    if ('watchlist' in rule.condition) throw invalid('rule', 'is of a watchlist: its alerts are never silenced');
  }

  async #refuseTooMany(tx: Tables, caller: Caller): Promise<void> {
    const going = tx.tables<AlertTables>().selectFrom('silence').select(sql<number>`count(*)`.as('count'));
    const mine = withinJurisdiction(going.where('state', '!=', 'ended'), 'jurisdiction', ownArea(caller), 'police');
    const { count } = await mine.executeTakeFirstOrThrow();
    if (count < GOING_MAX) return;
    const detail = `There are ${count} silences in your area already: end one of them, or make one wider.`;
    throw new CitywatchError('conflict.state', { detail });
  }

  /** How many alerts each of these hides. */
  async #held(ids: readonly string[]): Promise<Map<string, number>> {
    const silence = sql<string>`hidden ->> 'silence'`;
    const held = this.#deps.database.tables<AlertTables>().selectFrom('alert').where('hidden', 'is not', null);
    const rows = await held
      .select([silence.as('silence'), sql<number>`count(*)`.as('count')])
      .where(sql<boolean>`${silence} = any (${ids}::text[])`)
      .groupBy(silence)
      .execute();
    return new Map(rows.map(({ silence, count }) => [silence, count]));
  }

  async #audit(tx: Tables, caller: Caller, action: string, row: SilenceRow): Promise<void> {
    const { id, jurisdiction } = row;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, { caller, action, subject: `silence/${id}`, jurisdiction, after: show(row, 0), atMs });
  }
}

function show(row: SilenceRow, holds: number): SilenceInfo {
  const { id, state, jurisdiction, police, rule, kind, device, reason, version } = row;
  return {
    id,
    state,
    jurisdiction,
    police,
    rule,
    kind,
    device,
    reason,
    startsAt: toRfc3339(row.starts_at_ms),
    endsAt: toRfc3339(row.ends_at_ms),
    endedAt: row.ended_at_ms === null ? null : toRfc3339(row.ended_at_ms),
    endedBy: row.ended_by,
    createdBy: row.created_by,
    createdAt: toRfc3339(row.created_at_ms),
    holds,
    version,
  };
}
