import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../../core/clock.ts';
import { CitywatchError, invalid } from '../../../core/errors.ts';
import { type Area, covers, type Jurisdiction, ownArea, type Tree } from '../../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../../core/types.ts';
import { chunksOf } from '../../../platform/database/chunks.ts';
import { type Database, jsonb, sql, type Tables, withinJurisdiction } from '../../../platform/database/database.ts';
import { newestFirst } from '../../../platform/database/newest-first.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { enqueueWork } from '../../../platform/work/work.ts';
import type { CheckReport } from '../checks.ts';
import { endJob, JOB_TYPES } from './ends.ts';
import { inOrderOfChecking } from './order.ts';
import type { CheckTables, Job, JobState, JobType } from './tables.ts';

/** Jobs are kept so long. */
const KEPT_MS = 30 * DAY_MS;
const DEVICES_MAX = 20_000;
const RUNNING_MAX = 4;
const ROWS_AT_ONCE = 2_000;

export interface CheckJobsDeps {
  type: JobType;
  database: Database;
  clock: Clock;
  /** Devices of an area that are not retired. */
  within(area: Area): Iterable<DeviceIdentity>;
  tree: Tree;
  /** Whether devices of a kind are meant where nobody names kinds. */
  isMeant(kind: string): boolean;
  /** After a commit: there is work in this queue. */
  ring(queue: string): void;
  /** Somebody does not want this job any more. */
  cancelled(id: string): void;
}

export interface CheckJobInput {
  jurisdiction: Jurisdiction;
  /** Without them, those that jobs of this type are about. */
  kinds: readonly string[] | null;
  /** Whether what fails opens a work order. */
  opensOrders: boolean;
}

/** A job as it is shown. */
export interface CheckJob {
  id: string;
  type: JobType;
  by: string;
  jurisdiction: Jurisdiction;
  state: JobState;
  total: number;
  done: number;
  ok: number;
  warning: number;
  failed: number;
  createdAtMs: number;
  endedAtMs: number | null;
}

/** One device of a job that was checked. */
export interface CheckedDevice extends Pick<CheckReport, 'grade' | 'steps' | 'unit' | 'atMs' | 'tookMs'> {
  device: DeviceId;
}

interface Page {
  limit: number;
  after?: string;
}

/**
 * Jobs of one type over districts: begun, looked at and called off. Who does the work is {@link DistrictChecks}, for
 * each type with another thing to do.
 */
export class CheckJobs {
  readonly #deps: CheckJobsDeps;

  constructor(deps: CheckJobsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins to check every device of an area. Errors: `not-found` for an area beyond the caller's, `request.invalid`
   * for too many or no devices, `conflict.state` while the area is being checked or enough others are.
   */
  async create(caller: Caller, { jurisdiction, kinds, opensOrders }: CheckJobInput): Promise<CheckJob> {
    const { database, clock, ring, within, tree, isMeant, type } = this.#deps;
    const { queue, what } = JOB_TYPES[type];
    if (!covers(ownArea(caller), jurisdiction)) throw new CitywatchError('not-found');
    const wanted = (kind: string): boolean => (kinds ? kinds.includes(kind) : isMeant(kind));
    const devices = [...within(tree.area(jurisdiction))].filter(({ kind }) => wanted(kind)).map(({ id }) => id);
    if (devices.length === 0) throw invalid('jurisdiction', 'has no devices of these kinds');
    if (devices.length > DEVICES_MAX) {
      throw invalid(
        'jurisdiction',
        `has ${devices.length} devices, and one job takes ${DEVICES_MAX}: name a part of it`,
      );
    }
    const ordered = await inOrderOfChecking(database, devices);
    const job: Job = {
      id: randomUUID(),
      type,
      caller,
      jurisdiction,
      state: 'running',
      opens_orders: opensOrders,
      total: ordered.length,
      created_at_ms: clock.nowMs(),
      ended_at_ms: null,
    };
    await database.transaction(async (tx) => {
      await refuseSecond(tx, type, jurisdiction);
      await insertJob(tx, job, ordered);
      await enqueueWork(tx, clock, [{ queue, key: job.id }]);
      await this.#audit(tx, caller, job, `${what}.begin`);
    });
    ring(queue);
    return shown(job, []);
  }

  /** A job of any type. Errors: `not-found`, also for a job of somebody who may see more. */
  async get(caller: Caller, id: string): Promise<CheckJob> {
    const { database } = this.#deps;
    const job = await jobOf(database, caller, { id });
    return shown(job, await counts(database, [id]));
  }

  /** Newest first. */
  async list(caller: Caller, { limit, after }: Page): Promise<{ items: CheckJob[]; next: string | null }> {
    const { database, type } = this.#deps;
    const last = after === undefined ? null : await jobOf(database, caller, { id: after, type });
    const all = database.tables<CheckTables>().selectFrom('check_job').selectAll().where('type', '=', type);
    const seen = withinJurisdiction(all, 'jurisdiction', ownArea(caller));
    const { rows, next } = await newestFirst(seen, { limit, last });
    const counted = await counts(
      database,
      rows.map(({ id }) => id),
    );
    return { items: rows.map((job) => shown(job, counted)), next };
  }

  /** What was checked so far, in the order of checking; never a picture. Errors: `not-found`. */
  async report(
    caller: Caller,
    id: string,
    { grade, limit, after = '-1' }: Page & { grade?: CheckReport['grade'] },
  ): Promise<{ items: CheckedDevice[]; next: string | null }> {
    const { database, type } = this.#deps;
    await jobOf(database, caller, { id, type });
    const all = database
      .tables<CheckTables>()
      .selectFrom('check_row')
      .innerJoin('position', 'position.id', 'check_row.device')
      .selectAll('check_row')
      .where('check_row.job', '=', id)
      .where('check_row.number', '>', Number(after))
      .where('check_row.grade', 'is not', null);
    // A device that has moved meanwhile is shown by where it stands now.
    let query = withinJurisdiction(all, 'position.jurisdiction', ownArea(caller), 'position.police');
    if (grade) query = query.where('check_row.grade', '=', grade);
    const rows = await query
      .orderBy('check_row.number')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const items = page.map(({ device, grade: found, steps, unit, at_ms, took_ms }) => {
      return { device, grade: found!, steps: steps ?? [], unit, atMs: at_ms ?? 0, tookMs: took_ms ?? 0 };
    });
    return { items, next: rows.length > limit ? String(page.at(-1)!.number) : null };
  }

  /** Calls a job off; what was checked stays. One that is over stays as it is. Errors: `not-found`. */
  async cancel(caller: Caller, id: string): Promise<CheckJob> {
    const { database, clock, cancelled, type } = this.#deps;
    await database.transaction(async (tx) => {
      const job = await jobOf(tx, caller, { id, type });
      const ended = await endJob(tx, id, { state: 'cancelled', ended_at_ms: clock.nowMs() });
      if (ended) await this.#audit(tx, caller, job, `${JOB_TYPES[type].what}.cancel`);
    });
    cancelled(id);
    return await this.get(caller, id);
  }

  /** Deletes jobs that are too old; returns how many, so that the caller may go on. */
  async prune(nowMs: number): Promise<number> {
    const old = this.#deps.database.tables<CheckTables>().deleteFrom('check_job');
    const gone = await old
      .where('created_at_ms', '<', nowMs - KEPT_MS)
      .where('state', '!=', 'running')
      .executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  async #audit(tx: Tables, caller: Caller, { id, jurisdiction, total }: Job, action: string): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, {
      caller,
      action,
      subject: `${JOB_TYPES[this.#deps.type].what}/${id}`,
      jurisdiction,
      after: { devices: total },
      atMs,
    });
  }
}

async function jobOf(tables: Tables, caller: Caller, { id, type }: { id: string; type?: JobType }): Promise<Job> {
  let all = tables.tables<CheckTables>().selectFrom('check_job').selectAll().where('id', '=', id);
  if (type) all = all.where('type', '=', type);
  const job = await withinJurisdiction(all, 'jurisdiction', ownArea(caller)).executeTakeFirst();
  if (!job) throw new CitywatchError('not-found');
  return job;
}

async function refuseSecond(tx: Tables, type: JobType, jurisdiction: Jurisdiction): Promise<void> {
  // Two who begin at the same moment take turns.
  await sql`lock table check_job in share row exclusive mode`.execute(tx.tables());
  const running = await tx
    .tables<CheckTables>()
    .selectFrom('check_job')
    .select('jurisdiction')
    .where('state', '=', 'running')
    .where('type', '=', type)
    .execute();
  const same = running.some((job) => job.jurisdiction === jurisdiction);
  if (same)
    throw new CitywatchError('conflict.state', { detail: 'Such a job of this area is under way; wait, or cancel it.' });
  if (running.length >= RUNNING_MAX) {
    throw new CitywatchError('conflict.state', { detail: `${RUNNING_MAX} such jobs are under way; wait for one.` });
  }
}

async function insertJob(tx: Tables, job: Job, devices: readonly DeviceId[]): Promise<void> {
  await tx
    .tables<CheckTables>()
    .insertInto('check_job')
    .values({ ...job, caller: jsonb(job.caller) })
    .execute();
  const numbered = devices.map((device, number) => ({ device, number }));
  for (const some of chunksOf(numbered, ROWS_AT_ONCE)) {
    await sql`
      insert into check_row (job, number, device)
      select ${job.id}, * from unnest(${some.map(({ number }) => number)}::int[],
        ${some.map(({ device }) => device)}::text[])`.execute(tx.tables());
  }
}

interface Counted {
  job: string;
  grade: CheckReport['grade'];
  count: number;
}

async function counts(tables: Tables, jobs: readonly string[]): Promise<Counted[]> {
  const { rows } = await sql<Counted>`
    select job, grade, count(*)::int as count from check_row
    where job = any(${jobs}::text[]) and grade is not null group by job, grade`.execute(tables.tables());
  return rows;
}

function shown(job: Job, counted: readonly Counted[]): CheckJob {
  const of = (grade: CheckReport['grade']): number =>
    counted.find((one) => one.job === job.id && one.grade === grade)?.count ?? 0;
  const { id, type, caller, jurisdiction, state, total, created_at_ms: createdAtMs, ended_at_ms: endedAtMs } = job;
  const [ok, warning, failed] = [of('ok'), of('warning'), of('failed')];
  const done = ok + warning + failed;
  return { id, type, by: caller.name, jurisdiction, state, total, done, ok, warning, failed, createdAtMs, endedAtMs };
}
