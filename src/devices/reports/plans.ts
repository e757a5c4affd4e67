import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea, significantDigits, type Tree } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { PlanInput } from './plan-input.ts';
import type { ReportTables } from './tables.ts';

export interface PlansDeps {
  database: Database;
  clock: Clock;
  kinds: { latest(kind: string): unknown };
  jurisdictions: Tree & { exists(code: Jurisdiction): boolean };
}

/** How many positions of which kind an area is to have; of any kind that no other entry names where `kind` is null. */
export interface PlanEntry {
  jurisdiction: Jurisdiction;
  kind: string | null;
  positions: number;
}

/** A revision as it is listed. */
export interface PlanRevision {
  plan: string;
  name: string;
  jurisdiction: Jurisdiction;
  revision: number;
  /** The first day on which it counts, `2026-03-31`. */
  from: string;
  /** Of the entries that the caller may see. */
  positions: number;
  note: string | null;
  by: string;
  atMs: number;
}

/** What areas are to have, as revisions that are only ever added to. */
export class Plans {
  readonly #deps: PlansDeps;

  constructor(deps: PlansDeps) {
    this.#deps = deps;
  }

  /**
   * Adds a revision, with its audit row. Errors: `not-found` for an area beyond the caller's, `request.invalid` for an
   * entry outside the area, of a kind or code that is not there, or that stands there twice.
   */
  async add(caller: Caller, input: PlanInput): Promise<PlanRevision> {
    const { name, jurisdiction, from, note, entries } = input;
    if (!covers(ownArea(caller), jurisdiction)) throw new CitywatchError('not-found');
    this.#check(input);
    const atMs = this.#deps.clock.nowMs();
    const positions = entries.reduce((sum, entry) => sum + entry.positions, 0);
    return this.#deps.database.transaction(async (tx) => {
      const db = tx.tables<ReportTables>();
      const plan = await planNamed(tx, name, jurisdiction);
      const row = { plan, from_day: from, note, by_name: caller.name, at_ms: atMs };
      const { id: revision } = await db
        .insertInto('plan_revision')
        .values(row)
        .returning('id')
        .executeTakeFirstOrThrow();
      await insertEntries(tx, revision, entries);
      // The entries themselves stand where nothing of them is ever changed.
      const after = { name, revision, from, note, entries: entries.length, positions };
      await recordAudit(tx, { caller, action: 'plan.revise', subject: `plan/${plan}`, jurisdiction, after, atMs });
      return { plan, name, jurisdiction, revision, from, positions, note, by: caller.name, atMs };
    });
  }

  /** Revisions of plans that say something of the caller's area, newest first. */
  async list(
    caller: Caller,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: PlanRevision[]; next: string | null }> {
    let query = this.#seen(caller);
    if (after !== undefined) query = query.where('r.id', '<', Number(after));
    const rows = await query
      .orderBy('r.id', 'desc')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? String(items.at(-1)!.revision) : null };
  }

  /**
   * The revision of a plan that counts on a day, with all its entries, also those beyond the caller's border. Errors:
   * `not-found` for a plan that says nothing of the caller's area, `request.invalid` for a day before its first.
   */
  async onDay(caller: Caller, plan: string, day: string): Promise<{ revision: PlanRevision; entries: PlanEntry[] }> {
    const db = this.#deps.database.tables<ReportTables>();
    const all = db.selectFrom('plan_revision').select(['id', 'from_day']).where('plan', '=', plan);
    const rows = await all.orderBy('from_day', 'desc').orderBy('id', 'desc').execute();
    const found = rows.find(({ from_day: from }) => from <= day) ?? rows.at(-1);
    if (!found) throw new CitywatchError('not-found');
    const revision = await this.#seen(caller).where('r.id', '=', found.id).executeTakeFirst();
    if (!revision) throw new CitywatchError('not-found');
    if (found.from_day > day)
      throw invalid('on', `lies before the first revision, which counts from ${found.from_day}`);
    const entries = db.selectFrom('plan_entry').select(['jurisdiction', 'kind', 'positions']);
    return { revision, entries: await entries.where('revision', '=', found.id).execute() };
  }

  /** Revisions that say something of the caller's area. */
  #seen(caller: Caller) {
    const db = this.#deps.database.tables<ReportTables>();
    const entries = db
      .selectFrom('plan_entry')
      .select(sql<number>`coalesce(sum(positions), 0)::int`.as('positions'))
      .whereRef('revision', '=', 'r.id' as never);
    const seen = withinJurisdiction(entries, 'jurisdiction', caller).as('seen');
    return db
      .selectFrom('plan_revision as r')
      .innerJoin('build_plan as p', 'p.id', 'r.plan')
      .innerJoinLateral(seen, (join) => join.onTrue())
      .select(['p.id as plan', 'p.name', 'p.jurisdiction', 'r.id as revision', 'r.from_day as from'])
      .select(['seen.positions', 'r.note', 'r.by_name as by', 'r.at_ms as atMs'])
      .where('seen.positions', '>', 0);
  }

  #check({ jurisdiction: area, entries }: PlanInput): void {
    const { kinds, jurisdictions } = this.#deps;
    const places = new Map<string, number>();
    for (const [index, { jurisdiction, kind }] of entries.entries()) {
      const at = `entries.${index}`;
      if (!covers(jurisdictions.area(area), jurisdiction) || !jurisdictions.exists(jurisdiction))
        throw invalid(`${at}.jurisdiction`, `is no code of GB/T 2260 within ${area}: see GET /jurisdictions`);
      if (kind !== null && kinds.latest(kind) === undefined)
        throw invalid(`${at}.kind`, 'is no kind of device: see GET /kinds');
      // 330212 and 330212000 are one area.
      const key = `${significantDigits(jurisdiction)}/${kind ?? ''}`;
      const first = places.get(key);
      if (first !== undefined) throw invalid(at, `the same area and kind stand in entries.${first}: leave one of them`);
      places.set(key, index);
    }
  }
}

/** The plan of that name, made where the area has none yet. */
async function planNamed(tx: Tables, name: string, jurisdiction: Jurisdiction): Promise<string> {
  const db = tx.tables<ReportTables>();
  const made = { id: randomUUID(), name, jurisdiction };
  await db
    .insertInto('build_plan')
    .values(made)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const named = db.selectFrom('build_plan').select('id').where('name', '=', name);
  return (await named.where('jurisdiction', '=', jurisdiction).executeTakeFirstOrThrow()).id;
}

async function insertEntries(tx: Tables, revision: number, entries: readonly PlanEntry[]): Promise<void> {
  const of = <Value>(value: (entry: PlanEntry) => Value): Value[] => entries.map(value);
  await sql`
    insert into plan_entry (revision, jurisdiction, kind, positions)
    select ${revision}::bigint, * from unnest(${of(({ jurisdiction }) => jurisdiction)}::text[],
      ${of(({ kind }) => kind)}::text[], ${of(({ positions }) => positions)}::integer[])`.execute(tx.tables());
}
