import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { covers, ownArea, type Place } from '../../../core/jurisdiction.ts';
import type { Logger } from '../../../core/observe.ts';
import type { Caller, DeviceId } from '../../../core/types.ts';
import { type Database, jsonb } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { DONE, type WorkResult } from '../../../platform/work/work.ts';
import type { CheckReport } from '../checks.ts';
import type { CheckStep } from '../steps.ts';
import { endJob, withdrawJob } from './ends.ts';
import type { CheckTables, Job } from './tables.ts';

export interface DistrictChecksDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  log: Logger;
  /**
   * Does what the job is about to one device, once its subnet bears it; `sinceMs` is when the job was begun. After a
   * kill it may be asked again for what it did.
   */
  check(caller: Caller, device: DeviceId, signal: AbortSignal, sinceMs: number): Promise<CheckReport>;
  /** Who began a job, as they stand now; null where they may not do any more what it does. Asked for each device. */
  standing(caller: Caller): Promise<Caller | null>;
  /** Where a device stands now; undefined for one that is unknown or retired. */
  placeOf(device: DeviceId): Place | undefined;
  /** Opens a work order for what failed, where the device is anybody's to go to. */
  failed(caller: Caller, device: DeviceId, report: CheckReport): Promise<unknown>;
  /** Devices that are worked on, or wait for their subnet, at the same time. */
  atOnce: number;
}

/** One turn of the worker; its claim is worth a minute. Checks that it began go on into the next turn. */
const TURN_MS = 20_000;
const FETCHED = 256;
/** What could not be written is not tried again at once. */
const AGAIN_MS = 1_000;
/** For errors. */
const WHAT = 'a job of a district';

/** A job that this process works on. */
interface Running {
  job: Job;
  /** Rows up to here were taken up. */
  upTo: number;
  waiting: { number: number; device: DeviceId }[];
  underWay: Set<Promise<void>>;
  over: AbortController;
}

/** Works on the devices of jobs, a few at a time; each verdict is durable before it counts. */
export class DistrictChecks {
  readonly #deps: DistrictChecksDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: DistrictChecksDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue of a type of jobs; the key is the id of one. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const running = await this.#take(id, signal);
    if (!running) return DONE;
    const { clock, atOnce } = this.#deps;
    const endMs = clock.monotonicMs() + TURN_MS;
    for (;;) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return { again: { atMs: clock.nowMs() } };
      if (running.over.signal.aborted) break;
      await this.#fetch(running);
      while (running.underWay.size < atOnce && running.waiting.length > 0) this.#begin(running, signal);
      if (running.underWay.size === 0) break;
      await this.#oneEnds(running, leftMs, signal);
    }
    return await this.#end(running);
  }

  /** Nobody wants this job any more: nothing more of it is begun, and what goes on counts no more. */
  cancelled(id: string): void {
    this.#running.get(id)?.over.abort();
  }

  async #take(id: string, signal: AbortSignal): Promise<Running | null> {
    const jobs = this.#deps.database.tables<CheckTables>().selectFrom('check_job').selectAll();
    const job = await jobs.where('id', '=', id).executeTakeFirst();
    if (job?.state !== 'running') {
      this.#running.delete(id);
      return null;
    }
    const known = this.#running.get(id);
    if (known) return known;
    const over = new AbortController();
    signal.addEventListener('abort', () => over.abort(), { once: true });
    const running = { job, upTo: -1, waiting: [], underWay: new Set<Promise<void>>(), over };
    this.#running.set(id, running);
    return running;
  }

  async #fetch(running: Running): Promise<void> {
    if (running.waiting.length > 0) return;
    const next = () =>
      this.#deps.database
        .tables<CheckTables>()
        .selectFrom('check_row')
        .select(['number', 'device'])
        .where('job', '=', running.job.id)
        .where('grade', 'is', null)
        .where('number', '>', running.upTo)
        .orderBy('number')
        .limit(FETCHED)
        .execute();
    let rows = await next();
    // What was taken up and could not be written is taken up again, once nothing else is under way.
    if (rows.length === 0 && running.underWay.size === 0 && running.upTo >= 0) {
      running.upTo = -1;
      rows = await next();
    }
    running.waiting = rows;
    running.upTo = rows.at(-1)?.number ?? running.upTo;
  }

  #begin(running: Running, signal: AbortSignal): void {
    const { number, device } = running.waiting.shift()!;
    const one: Promise<void> = this.#checkOne(running, { number, device }, signal)
      .catch(async (error: unknown) => {
        const { log, clock } = this.#deps;
        if (running.over.signal.aborted) return;
        log.warn({ device, error: messageOf(error) }, 'a device could not be checked yet');
        await clock.sleep(AGAIN_MS, running.over.signal);
      })
      .finally(() => running.underWay.delete(one));
    running.underWay.add(one);
  }

  async #checkOne(running: Running, row: { number: number; device: DeviceId }, signal: AbortSignal): Promise<void> {
    const { database, ownership, check, failed, standing, placeOf } = this.#deps;
    const { job, over } = running;
    const caller = await standing(job.caller);
    if (caller === null) return await this.#withdraw(running);
    const place = placeOf(row.device);
    const isTheirs = place === undefined || covers(ownArea(caller), place);
    const report = isTheirs
      ? await check(caller, row.device, over.signal, job.created_at_ms)
      : notTheirs(this.#deps.clock.nowMs());
    // Of a process that stops, or a job that was called off, nothing is kept: the connections were cut.
    if (over.signal.aborted || signal.aborted) return;
    const { grade, steps, unit, tookMs, atMs } = report;
    // Before the verdict: after a kill between both the device is checked again, and the same cause adds to its order.
    if (job.opens_orders && grade === 'failed') await failed(caller, row.device, report);
    const found = { grade, steps: jsonb(steps), unit: unit && jsonb(unit), took_ms: tookMs, at_ms: atMs };
    await ownership.transaction(database, WHAT, async (tx) => {
      const mine = tx.tables<CheckTables>().updateTable('check_row').set(found).where('job', '=', job.id);
      await mine.where('number', '=', row.number).execute();
    });
  }

  /** The right to it is gone: what was done stays, and nothing more is begun. */
  async #withdraw({ job, over }: Running): Promise<void> {
    const { database, ownership, clock } = this.#deps;
    await ownership.transaction(database, WHAT, (tx) => withdrawJob(tx, job, clock.nowMs()));
    over.abort();
  }

  async #oneEnds({ underWay }: Running, leftMs: number, signal: AbortSignal): Promise<void> {
    const patience = new AbortController();
    const stop = (): void => patience.abort();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([...underWay, this.#deps.clock.sleep(leftMs, patience.signal)]);
    signal.removeEventListener('abort', stop);
    stop();
  }

  async #end({ job: { id }, over }: Running): Promise<WorkResult> {
    const { database, ownership, clock } = this.#deps;
    over.abort();
    this.#running.delete(id);
    const done = { state: 'done' as const, ended_at_ms: clock.nowMs() };
    await ownership.transaction(database, WHAT, (tx) => endJob(tx, id, done));
    return DONE;
  }
}

const NOT_THEIRS: CheckStep = {
  name: 'registry',
  grade: 'warning',
  seen: null,
  problem: 'not-theirs',
  hint: 'It does not lie in the area of who began this any more, so nothing was done; somebody of its area has to.',
  tookMs: 0,
};

function notTheirs(atMs: number): CheckReport {
  return { grade: 'warning', cause: NOT_THEIRS, steps: [NOT_THEIRS], atMs, tookMs: 0, unit: null };
}
