import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { Database } from '../database/database.ts';
import type { Ownership } from '../database/ownership.ts';
import { failureOf } from './failures.ts';
import type { Claim, WorkDesk, WorkTicket } from './noting.ts';
import { Offers } from './offers.ts';
import { CLAIMS_MAX, ENDED, hasRoomAgain, type QueueState, type Settled, type WorkHandler } from './queue-state.ts';
import { firstWord, letGo, NO_ROOM, type Room, roomFor } from './room.ts';
import { SET_BACK_MS, SetBack } from './set-back.ts';
import { Wakes } from './wakes.ts';
import { onceThere } from './while-away.ts';
import { type SetApart, WorkTable } from './work-table.ts';

export { type Claim, ending, LEFT_TO_CLAIMS, type NotedRow, noting, type WorkDesk, type WorkTicket } from './noting.ts';
export { DONE, ENDED, type WorkHandler, type WorkResult } from './queue-state.ts';
export { enqueueWork, noteOwnWork, type OwnNotes } from './work-table.ts';

export interface WorkLimits {
  /** Handlers of the queue that run at the same time. */
  atOnce?: number;
  /** First words of keys of which enough is claimed: the rest of theirs stays for later, whatever its priority. */
  crowded?: () => string[];
}

export interface WorkQueueOptions {
  /** The desk and the deliveries of alerts are among its queues. */
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  /** Whose claims these are. */
  ownership: Pick<Ownership, 'self' | 'write'>;
  /** A claim is worth this long; a handler must end well before. */
  leaseMs?: number;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

const LEASE_MS = 60_000;
const AT_ONCE = 8;
/**
 * Claims due keys by lease, many with one statement and most urgent first, and runs their handlers. Whoever rings
 * (BullMQ, the sweep, a handler that ended) comes through `pump`.
 */
export class WorkQueue implements WorkDesk {
  readonly #options: WorkQueueOptions;
  readonly #table: WorkTable;
  readonly #leaseMs: number;
  readonly #offers: Offers;
  readonly #setBack: SetBack;
  readonly #states = new Map<string, QueueState>();
  readonly #failures: Counter;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#table = new WorkTable(options.database, options.ownership, this.#leaseMs);
    this.#offers = new Offers(options.clock);
    this.#setBack = new SetBack(options.clock);
    this.#failures = new Counter({
      name: 'citywatch_work_failures_total',
      help: 'Runs of a work handler that ended in an error and will be repeated.',
      labelNames: ['queue'],
      registers: [options.observer.metrics],
    });
  }

  handle(queue: string, handler: WorkHandler, { atOnce = AT_ONCE, crowded }: WorkLimits = {}): void {
    const wakes = new Wakes(this.#options.clock);
    const run = (settled: Settled[]): Promise<boolean[]> => this.#settle(queue, settled);
    const settling = new Batches({ run, max: CLAIMS_MAX });
    this.#states.set(queue, {
      queue,
      handler,
      atOnce,
      crowded: crowded ?? null,
      settling,
      running: 0,
      keys: new Set(),
      held: new Map(),
      wakes,
      isClaiming: false,
      rung: false,
      left: false,
      crowd: 0,
    });
  }

  get queues(): string[] {
    return [...this.#states.keys()];
  }

  /** The queues in which something is due that nobody holds, by one statement for all of them, or a claim is owed. */
  async due(): Promise<string[]> {
    await this.#setBack.look(() => this.#table.clockWasSetBack(SET_BACK_MS));
    const owing = this.queues.filter((queue) => this.#offers.overdue(queue).length > 0);
    return [...new Set([...owing, ...(await this.#table.due(this.queues))])];
  }

  /**
   * Claims what is due and not held by anybody, as far as there is room, and starts its handlers. Resolves with how
   * many were started here; what there is no room for is claimed when one of them ends.
   */
  async pump(queue: string, signal: AbortSignal): Promise<number> {
    const state = this.#states.get(queue);
    if (!state) return 0;
    state.rung = true;
    if (state.isClaiming) return 0;
    state.isClaiming = true;
    const claiming = this.#claimed(state, signal);
    this.#running.add(claiming);
    try {
      return await claiming;
    } finally {
      this.#running.delete(claiming);
    }
  }

  async #claimed(state: QueueState, signal: AbortSignal): Promise<number> {
    try {
      await this.#giveUpUnbegun(state.queue);
      return await this.#claimAll(state, signal);
    } finally {
      state.isClaiming = false;
    }
  }

  /**
   * Offers room for work that is just being noted: the most urgent first, as long as all that is due has room. Nothing
   * is kept free for it: between two transactions a few keys more may be begun than there is room for.
   */
  offer(tickets: readonly WorkTicket[]): number[] {
    const nowMs = this.#options.clock.nowMs();
    const until = tickets.map(() => 0);
    const byUrgency = tickets.map((ticket, index) => ({ ...ticket, index }));
    byUrgency.sort((a, b) => (a.priority ?? 5) - (b.priority ?? 5));
    const rooms = new Map<string, Room>();
    for (const { queue, key, dueAtMs, index } of byUrgency) {
      const room = rooms.get(queue) ?? this.#roomOf(queue);
      rooms.set(queue, room);
      if ((dueAtMs ?? nowMs) > nowMs || !room.takes(key)) continue;
      until[index] = nowMs + this.#leaseMs;
      this.#offers.made(queue, key);
    }
    return until;
  }

  declined({ queue, key }: WorkTicket): void {
    this.#offers.ended(queue, key);
  }

  /**
   * After the commit: begins with the work that was claimed as it was noted; returns what is left to be rung for. What
   * was added to a key that is worked on here is none of it: who ends the claim of that key sees that there is more.
   */
  begin(tickets: readonly WorkTicket[], signal: AbortSignal): WorkTicket[] {
    return tickets.filter(({ queue, key, claim, stood }) => {
      const state = this.#states.get(queue);
      if (!state) return true;
      if (!claim) return !(stood && state.keys.has(key));
      // One that stops begins nothing: the claim is freed by the next start.
      if (signal.aborted) return false;
      this.#offers.ended(queue, key);
      this.#begin(state, claim, signal);
      return false;
    });
  }

  /** How many keys of these queues are being worked on. */
  underWay(...queues: string[]): number {
    return queues.reduce((sum, queue) => sum + (this.#states.get(queue)?.running ?? 0), 0);
  }

  /** Resolves when no handler runs any more and nothing is being claimed: whoever was rung for meanwhile had a turn. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Makes everything due now whose key starts with `prefix`; returns how many keys that were. */
  hasten(queue: string, prefix: string): Promise<number> {
    return this.#table.hasten(queue, prefix);
  }

  /**
   * Gives up every claim of this node's earlier lives; returns how many there were. For a start: who held them is
   * dead, and nobody should wait until their time is over. Claims of other nodes stay theirs until they run out. A
   * handler that lives on all the same settles nothing: its fencing number is not the last.
   */
  async releaseClaims(): Promise<number> {
    // What was wrong may have been put right in between.
    await this.#table.tryAgain();
    return await this.#table.releaseClaims();
  }

  /** What fails again and again. */
  setApart(): Promise<SetApart[]> {
    return this.#table.setApart();
  }

  /** How much is waiting, due or not, per queue. */
  waiting(): Promise<{ queue: string; count: number }[]> {
    return this.#table.waiting();
  }

  async #claimAll(state: QueueState, signal: AbortSignal): Promise<number> {
    let started = 0;
    while (state.rung && state.running < state.atOnce && !signal.aborted) {
      state.rung = false;
      const limit = Math.min(CLAIMS_MAX, state.atOnce - state.running);
      const crowded = state.crowded?.() ?? [];
      const claims = await this.#table.claim(state.queue, limit, crowded);
      state.rung ||= claims.length === limit;
      state.crowd = crowded.length;
      for (const claim of claims) this.#begin(state, claim, signal);
      started += claims.length;
    }
    state.left = state.rung;
    return started;
  }

  #roomOf(queue: string): Room {
    const state = this.#states.get(queue);
    if (!state || state.left) return NO_ROOM;
    const { atOnce, running, crowded, held } = state;
    // Where first words can be crowded, no more of one are begun unasked than a claim brings at most.
    return roomFor(atOnce - running, { crowded: crowded?.() ?? [], held, ofWordMax: crowded ? CLAIMS_MAX : atOnce });
  }

  /** What came of a commit may be unknown, where the connection broke: then what it had claimed is freed again. */
  async #giveUpUnbegun(queue: string): Promise<void> {
    const keys = this.#offers.overdue(queue);
    if (keys.length > 0) await this.#table.giveUp(queue, keys);
  }

  #begin(state: QueueState, claim: Claim, signal: AbortSignal): void {
    state.running += 1;
    state.keys.add(claim.key);
    state.held.set(firstWord(claim.key), (state.held.get(firstWord(claim.key)) ?? 0) + 1);
    const run = this.#attempt(state, claim, signal)
      .then(({ result, failedBy }) => {
        if (result === ENDED) return false;
        const notedAtMs = this.#options.clock.nowMs();
        // Registered before it is written: too early a look finds nothing, none at all would leave it to the sweep.
        if (result.again) state.wakes.at(result.again.atMs, () => void this.pump(state.queue, signal).catch(() => {}));
        const written = () => state.settling.add({ claim, result, failedBy, notedAtMs });
        return onceThere(written, { clock: this.#options.clock, leaseMs: this.#leaseMs, signal });
      })
      .catch((error: unknown) => {
        // Nothing is lost: the claim runs out, and the key is due again.
        this.#options.observer.log.warn({ part: 'work', queue: state.queue, error: messageOf(error) }, 'not settled');
        return false;
      })
      .then((isDue) => {
        state.running -= 1;
        state.keys.delete(claim.key);
        letGo(state.held, firstWord(claim.key));
        this.#running.delete(run);
        // What cannot be claimed now is found by the sweep.
        if ((isDue || hasRoomAgain(state)) && !signal.aborted) this.pump(state.queue, signal).catch(() => {});
      });
    this.#running.add(run);
  }

  async #attempt(
    { handler, queue }: QueueState,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<Omit<Settled, 'claim' | 'notedAtMs'>> {
    try {
      return { result: await handler(claim.key, signal, claim), failedBy: null };
    } catch (error) {
      if (error instanceof CitywatchError && error.code === 'lease.lost') throw error;
      this.#failures.inc({ queue });
      const { failedBy, isSetApart, pauseMs } = failureOf(error, claim, this.#options.random ?? systemRandom);
      const said = { part: 'work', queue, pauseMs, error: messageOf(error) };
      if (isSetApart) this.#options.observer.log.error(said, 'work fails again and again, and is set apart');
      else this.#options.observer.log.warn(said, 'work will be repeated');
      return { result: { again: { atMs: this.#options.clock.nowMs() + pauseMs } }, failedBy };
    }
  }

  /** Done work is deleted only if nothing was added meanwhile; else the key stays due. */
  async #settle(queue: string, settled: Settled[]): Promise<boolean[]> {
    const done = settled.filter(({ result }) => result.again === null).map(({ claim }) => claim);
    const gone = new Set(await this.#table.remove(queue, done));
    const kept = settled.filter(({ claim }) => !gone.has(claim.key));
    await this.#table.giveBack(
      queue,
      kept.map(({ result, ...rest }) => ({ ...rest, dueAtMs: result.again?.atMs ?? null })),
    );
    const nowMs = this.#options.clock.nowMs();
    return settled.map(({ claim, result }) => !gone.has(claim.key) && (result.again?.atMs ?? 0) <= nowMs);
  }
}
