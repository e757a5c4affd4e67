import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, type Logger, type Observer } from '../../core/observe.ts';
import type { Random } from '../../core/random.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Disks } from '../recorder/disk/disks.ts';
import type { Notes } from '../recorder/notes.ts';
import type { GapTable } from '../recordings/gap-table.ts';
import { without } from '../recordings/gap-table.ts';
import type { GapAsked, GapsToAsk, GapToAsk } from '../recordings/gaps-to-ask.ts';
import type { RecordedFile, Recordings, Span } from '../recordings/recordings.ts';
import { EdgeFiles } from './edge-files.ts';
import type { EdgeOutcome, EdgeSource } from './edge-source.ts';

export interface EdgeFillerDeps {
  clock: Clock;
  observer: Observer;
  random: Random;
  source: Pick<EdgeSource, 'playBack'>;
  asked: Pick<GapsToAsk, 'due' | 'giveUpBefore' | 'asked'>;
  recordings: Pick<Recordings, 'within'>;
  gaps: Pick<GapTable, 'cover'>;
  disks: Pick<Disks, 'begin' | 'whyNot' | 'isSettled'>;
  notes: Pick<Notes, 'recorded' | 'flush'>;
  /** As of `EdgeFiles`. */
  leaseEpoch: number;
  /** Whether a camera is there to be asked. */
  isCamera(device: DeviceId): boolean;
}

export interface EdgeFillerOptions {
  /** From one look for holes to the next, ms. */
  everyMs: number;
  /** How old a hole must be, ms: what was written last may be found yet. */
  settledMs: number;
  /** A camera that was busy, or cut off what it sent, is left alone for so long, ms. */
  pauseMs: number;
}

export const EDGE_FILLING: EdgeFillerOptions = { everyMs: 10_000, settledMs: MINUTE_MS, pauseMs: 30_000 };

/** Longest time of one fetch: what was fetched has its row soon, and a cut repeats little. */
const PART_MS = 10 * MINUTE_MS;
/** A camera keeps less than a month itself. */
const OLDEST_MS = 30 * DAY_MS;
const DUE_MAX = 200;
const FILES_MAX = 1_000;
const PAUSES = { minMs: MINUTE_MS, maxMs: 6 * HOUR_MS };
/** Then it is left as it is: four days. */
const TRIES_MAX = 20;
/** A camera without storage may get a card. */
const NO_STORAGE_MS = DAY_MS;
const CAMERAS_MAX = 20_000;

/**
 * Fills holes of recordings from the cameras' own storage: the oldest first, one after the other of a camera, part by
 * part. Whatever ends it, what has its row is not fetched again: each time begins with what is missing of a hole then.
 */
export class EdgeFiller {
  readonly #deps: EdgeFillerDeps;
  readonly #options: EdgeFillerOptions;
  readonly #log: Logger;
  readonly #looking = new Joined();
  readonly #under = new Map<DeviceId, Promise<void>>();
  /** Cameras that are left alone until then, by the clock of durations. */
  readonly #pauses = new BoundedMap<DeviceId, number>(CAMERAS_MAX);
  readonly #filled: Counter;
  #stopping = new AbortController();
  #stop: () => void = () => {};

  constructor(deps: EdgeFillerDeps, options: EdgeFillerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#log = deps.observer.log.child({ part: 'edge' });
    this.#filled = new Counter({
      name: 'citywatch_edge_filled_seconds_total',
      help: "Seconds of holes of recordings that were filled from cameras' own storage.",
      registers: [deps.observer.metrics],
    });
  }

  start(): void {
    const told = (error: unknown) => this.#log.warn({ error: messageOf(error) }, 'holes are not filled now');
    const look = () => void this.#looking.run(() => this.look().catch(told));
    this.#stop = this.#deps.clock.every(this.#options.everyMs, look);
  }

  /** What is under way is broken off; it goes on at the next start. */
  async stop(): Promise<void> {
    this.#stop();
    this.#stopping.abort();
    await this.#looking.settled();
    await Promise.all(this.#under.values());
  }

  /** Begins with what is due, as far as cameras are free. Errors: `store.unavailable`, `lease.lost`. */
  async look(): Promise<void> {
    const { clock, asked, disks, isCamera } = this.#deps;
    // Before that nobody knows what an earlier process had fetched.
    if (!disks.isSettled) return;
    const nowMs = clock.nowMs();
    const due = await asked.due(
      { atMs: nowMs, sinceMs: nowMs - OLDEST_MS, untilMs: nowMs - this.#options.settledMs },
      DUE_MAX,
    );
    if (due.length === 0) await asked.giveUpBefore(nowMs - OLDEST_MS);
    for (const hole of due) {
      const { device } = hole;
      if (this.#under.has(device) || (this.#pauses.get(device) ?? 0) > clock.monotonicMs()) continue;
      if (!isCamera(device)) {
        await asked.asked(hole, { ...UNKNOWN, againAtMs: null });
        continue;
      }
      const told = (error: unknown) => {
        this.#pause(device, this.#options.pauseMs);
        this.#log.warn({ device, error: messageOf(error) }, 'a hole could not be filled');
      };
      const filling = this.#fill(hole).catch(told);
      this.#under.set(
        device,
        filling.finally(() => void this.#under.delete(device)),
      );
    }
  }

  async #fill(hole: GapToAsk): Promise<void> {
    const { recordings, gaps, notes } = this.#deps;
    // What an earlier process fetched may have been found a moment ago.
    await notes.flush();
    const stood = await recordings.within(hole, FILES_MAX);
    if (stood.length > 0) await gaps.cover(stood);
    const fromMs = Math.max(hole.fromMs, hole.askedToMs);
    const [left] = without({ fromMs, toMs: hole.toMs }, stood);
    if (!left) {
      await this.#deps.asked.asked(hole, { ...UNKNOWN, askedToMs: hole.toMs, againAtMs: null });
      return;
    }
    const part: Span = { ...hole, ...left, toMs: Math.min(left.toMs, left.fromMs + PART_MS) };
    const { outcome, files } = await this.#fetch(part);
    await this.#note(hole, { part, outcome, isSome: files.length > 0 });
  }

  async #fetch(part: Span): Promise<{ outcome: EdgeOutcome; files: RecordedFile[] }> {
    const { source, notes, gaps, disks, leaseEpoch } = this.#deps;
    const broken = new AbortController();
    const signal = AbortSignal.any([broken.signal, this.#stopping.signal]);
    let failure: string | null = null;
    const failed = (why: string) => {
      failure = why;
      broken.abort();
    };
    const taker = new EdgeFiles({ disks, leaseEpoch, failed }, part);
    const outcome = await source.playBack(part, taker, signal);
    const files = await taker.end();
    for (const file of files) notes.recorded(file);
    if (files.length > 0) {
      await notes.flush();
      await gaps.cover(files.map(({ head, endsAtMs }) => ({ ...head, endsAtMs })));
    }
    const seconds = files.reduce((sum, { head, endsAtMs }) => sum + (endsAtMs - head.startsAtMs) / 1_000, 0);
    this.#filled.inc(seconds);
    const { device, fromMs, toMs } = part;
    this.#log.info({ device, fromMs, toMs, seconds: Math.round(seconds), ...outcome }, 'asked the camera for a hole');
    return { outcome: failure === null ? outcome : { how: 'failed', detail: failure }, files };
  }

  /** What is left of the time has its own rows by now. */
  async #note(
    hole: GapToAsk,
    { part, outcome, isSome }: { part: Span; outcome: EdgeOutcome; isSome: boolean },
  ): Promise<void> {
    const { clock, random, asked } = this.#deps;
    const nowMs = clock.nowMs();
    const { device } = hole;
    // Nobody's fault, and told again: the process ends.
    if (outcome.how === 'busy' || this.#stopping.signal.aborted) {
      this.#pause(device, this.#options.pauseMs);
      return;
    }
    if (outcome.how === 'no-storage') {
      this.#pause(device, HOUR_MS);
      const { detail } = outcome;
      const told: GapAsked = {
        state: 'no-storage',
        detail,
        tries: 0,
        askedToMs: null,
        againAtMs: nowMs + NO_STORAGE_MS,
      };
      await asked.asked({ ...hole, fromMs: 0 }, told);
      return;
    }
    if (outcome.how === 'failed') {
      const tries = isSome ? 0 : hole.tries + 1;
      const pauseMs = jittered(backoffMs(PAUSES, tries), random);
      // What failed is the camera, so none of its other holes is tried meanwhile, either.
      this.#pause(device, isSome ? this.#options.pauseMs : pauseMs);
      const againAtMs = tries >= TRIES_MAX ? null : nowMs + (isSome ? 0 : pauseMs);
      await asked.asked(part, { state: 'failed', detail: outcome.detail, tries, askedToMs: null, againAtMs });
      return;
    }
    await asked.asked(part, { state: 'nothing', detail: null, tries: 0, askedToMs: part.toMs, againAtMs: null });
  }

  #pause(device: DeviceId, forMs: number): void {
    this.#pauses.set(device, this.#deps.clock.monotonicMs() + forMs);
  }
}

const UNKNOWN: GapAsked = { state: null, detail: null, tries: 0, askedToMs: null, againAtMs: null };
