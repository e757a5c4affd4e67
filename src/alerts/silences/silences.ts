import { randomUUID } from 'node:crypto';
import type { WorkDays } from '../../core/calendar/work-days.ts';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
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
import { enqueueWork } from '../../platform/work/work.ts';
import { requireUuid } from '../desk/queries.ts';
import { SILENCE_QUEUE } from '../desk/queues.ts';
import type { AlertTables, SilenceTable } from '../desk/tables.ts';
import type { Rule } from '../rules/rules.ts';
import type { Schedule } from '../rules/schedule/schedule.ts';
import { previewOf, type SilencePreview } from './preview.ts';
import type { Matchers, SilencedDevices, Trees } from './silence.ts';
import { type Asked, holdsAt, type Times, timesOf, turnsAt } from './times.ts';
import { hidingTogether } from './together.ts';

/** Silences of one place in the country that may hold or wait at once. */
const GOING_MAX = 200;

export interface SilenceInput extends Matchers, Asked {
  reason: string;
  endsAtMs: number;
}

export interface SilenceInfo extends Matchers {
  id: string;
  state: SilenceTable['state'];
  reason: string;
  startsAt: string;
  endsAt: string;
  repeats: Schedule | null;
  /** When it begins to hold or lets go next; null where it has ended. */
  turnsAt: string | null;
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
  workDays: WorkDays;
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
  async preview(caller: Caller, input: Matchers & Asked): Promise<SilencePreview> {
    this.#check(caller, input);
    const times = await this.#timesOf(this.#deps.database, input);
    return await previewOf(this.#deps, caller, { matchers: input, times });
  }

  /**
   * Has alerts left unsaid, from now or from `startsAtMs` on. Errors: `request.invalid` for an area that is not the
   * caller's own, a time that is over or too long, windows of which none opens or that leave too much unsaid, and a
   * rule whose alerts are never silenced; `conflict.state` where there are too many already.
   */
  async create(caller: Caller, input: SilenceInput): Promise<SilenceInfo> {
    const { database, clock, ring, workDays } = this.#deps;
    const { jurisdiction, police, rule, kind, device } = input;
    this.#check(caller, input);
    const row = await database.transaction(async (tx) => {
      // Those who ask at the same moment take turns: together it may be too much.
      await sql`lock table silence in share row exclusive mode`.execute(tx.tables());
      await this.#refuseTooMany(tx, caller);
      const times = await this.#timesOf(tx, input);
      // Later than that: one that begins now has begun.
      const nowMs = clock.nowMs();
      const holds = holdsAt(times, workDays, nowMs);
      const id = randomUUID();
      const values = {
        id,
        jurisdiction,
        police,
        rule,
        kind,
        device,
        reason: maskPlatesSaid(input.reason),
        ...times,
        repeats: times.repeats && JSON.stringify(times.repeats),
        // It holds from this commit on; the keeper takes what is open already.
        state: holds ? ('active' as const) : ('planned' as const),
        began_at_ms: holds ? nowMs : null,
        ended_at_ms: null,
        ended_by: null,
        created_by: caller.name,
        created_at_ms: nowMs,
      };
      const inserted = tx.tables<AlertTables>().insertInto('silence').values(values).returningAll();
      const made = await inserted.executeTakeFirstOrThrow();
      await this.#audit(tx, caller, 'silence.create', made);
      const dueAtMs = holds ? nowMs : (turnsAt(times, workDays, nowMs) ?? nowMs);
      await enqueueWork(tx, clock, [{ queue: SILENCE_QUEUE, key: id, priority: 1, dueAtMs }]);
      return made;
    });
    ring(SILENCE_QUEUE);
    return this.#show(row, 0);
  }

  /** Of the caller's area, the newest first; `going`: those that have not ended. */
  async list(caller: Caller, { going, limit }: { going: boolean; limit: number }): Promise<SilenceInfo[]> {
    const all = this.#silences().orderBy('created_at_ms', 'desc').orderBy('id').limit(limit);
    const rows = await (going ? all.where('state', '!=', 'ended') : all)
      .$call((query) => withinJurisdiction(query, 'jurisdiction', ownArea(caller), 'police'))
      .execute();
    const held = await this.#held(rows.map(({ id }) => id));
    return rows.map((row) => this.#show(row, held.get(row.id) ?? 0));
  }

  async get(caller: Caller, id: string): Promise<SilenceInfo> {
    const found = this.#silences().where('id', '=', requireUuid(id));
    const row = await withinJurisdiction(found, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return this.#show(row, (await this.#held([id])).get(id) ?? 0);
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

  /** As `timesOf`, beside those that come again and hide some of the same alerts: each set that does so together. */
  async #timesOf(tables: Tables, input: Matchers & Asked): Promise<Times> {
    if (!input.repeats) return timesOf(input, this.#deps);
    const going = tables.tables<AlertTables>().selectFrom('silence').selectAll().where('state', '!=', 'ended');
    const all = await going.where('repeats', 'is not', null).execute();
    const beside = hidingTogether(input, all, this.#deps);
    if (beside === null) throw invalid('repeats', 'meets silences that come again in too many ways: end some');
    return timesOf(input, this.#deps, beside);
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

  #show(row: SilenceRow, holds: number): SilenceInfo {
    const { id, state, jurisdiction, police, rule, kind, device, reason, repeats, version } = row;
    const { clock, workDays } = this.#deps;
    const next = state === 'ended' ? null : turnsAt(row, workDays, clock.nowMs());
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
      repeats,
      turnsAt: next === null ? null : toRfc3339(next),
      endedAt: row.ended_at_ms === null ? null : toRfc3339(row.ended_at_ms),
      endedBy: row.ended_by,
      createdBy: row.created_by,
      createdAt: toRfc3339(row.created_at_ms),
      holds,
      version,
    };
  }

  async #audit(tx: Tables, caller: Caller, action: string, row: SilenceRow): Promise<void> {
    const { id, jurisdiction } = row;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, { caller, action, subject: `silence/${id}`, jurisdiction, after: this.#show(row, 0), atMs });
  }
}
