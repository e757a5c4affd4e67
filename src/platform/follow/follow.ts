import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { Database } from '../database/database.ts';
import { type Change, type LookPosition, lookForChanges, type Topic, UNSEEN_MAX_MINUTES } from './changes.ts';
import { hearKnocks } from './knocks.ts';

/** Holds something in memory that others may change. May be told of one change several times, also of its own ones. */
export interface Follower {
  /** These were changed: ids of devices; a topic that is followed as a whole has one key. */
  changed(keys: readonly string[]): Promise<void>;
  /** Anything may have changed. */
  all(): Promise<void>;
}

/** One for each topic: what is held in memory and not followed would stay as it was read. */
export type Followers = Readonly<Record<Topic, Follower>>;

/** Follows something that is read as a whole. */
export function reading(load: () => Promise<void> | void): Follower {
  return { changed: async () => load(), all: async () => load() };
}

export interface FollowDeps {
  database: Database;
  /** Of the same database, for the connection that hears it knock. */
  url: string;
  clock: Clock;
  observer: Observer;
}

/** Without a knock, changes are looked for this often. */
const EVERY_MS = 2_000;
/** Between two looks, however much is changed. */
const PAUSE_MS = 50;
/** More keys than this are told as "anything". */
const OWED_MAX = 10_000;
const UNSEEN_MAX_MS = UNSEEN_MAX_MINUTES * MINUTE_MS;

/**
 * Tells followers what was changed in the database, by this process or another one. A knock of PostgreSQL makes it
 * quick; nothing depends on one, because it looks by itself every two seconds. What a follower fails to take over is
 * told again. Opened before anything is read into memory, so that nothing falls between reading and following.
 */
export class Follow {
  readonly #deps: FollowDeps;
  readonly #followers = new Map<Topic, Follower>();
  /** What followers have not taken over yet. */
  readonly #owed = new Map<Topic, Set<string> | 'all'>();
  readonly #stopping = new AbortController();
  readonly #said: SayOnce;
  #place: LookPosition;
  #lookedAt: { wallMs: number; monotonicMs: number };
  #wake = new AbortController();
  #knocked = false;
  #knocks: { stop(): Promise<void> } | null = null;
  #running: Promise<void> = Promise.resolve();

  private constructor(deps: FollowDeps, place: LookPosition) {
    this.#deps = deps;
    this.#place = place;
    this.#lookedAt = this.#now();
    this.#said = new SayOnce(deps.clock, { keysMax: 10 });
    const age = () => (deps.clock.monotonicMs() - this.#lookedAt.monotonicMs) / 1_000;
    new Gauge({
      name: 'citywatch_follow_seconds',
      help: 'Seconds since changes made by other processes were last looked for.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(age());
      },
    });
  }

  /** From here on nothing is missed. Fails with `store.unavailable`. */
  static async open(deps: FollowDeps): Promise<Follow> {
    const { place } = await lookForChanges(deps.database, null);
    return new Follow(deps, place);
  }

  /** Tells them from here on, beginning with what was changed since {@link open}. */
  start(followers: Followers): void {
    for (const [topic, follower] of Object.entries(followers)) this.#followers.set(topic as Topic, follower);
    const { url, clock, observer } = this.#deps;
    this.#knocks = hearKnocks({ url, clock, observer, heard: () => this.#heard() });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#knocks?.stop();
    await this.#running;
  }

  #heard(): void {
    this.#knocked = true;
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, observer } = this.#deps;
    while (!signal.aborted) {
      this.#knocked = false;
      try {
        await this.#look();
      } catch (error) {
        const text = 'changes made by others cannot be looked for now';
        if (this.#said.due('look')) observer.log.warn({ part: 'follow', error: messageOf(error) }, text);
      }
      await clock.sleep(PAUSE_MS, signal);
      this.#wake = new AbortController();
      if (!this.#knocked && !signal.aborted) await clock.sleep(EVERY_MS, this.#wake.signal);
    }
  }

  async #look(): Promise<void> {
    const now = this.#now();
    const { wallMs, monotonicMs } = this.#lookedAt;
    // Of a machine that slept only one of the two clocks may tell.
    const unseenMs = Math.max(now.wallMs - wallMs, now.monotonicMs - monotonicMs);
    const { place, changes } = await lookForChanges(this.#deps.database, this.#place);
    const known = unseenMs > UNSEEN_MAX_MS ? null : changes;
    if (known === null) for (const topic of this.#followers.keys()) this.#owed.set(topic, 'all');
    for (const change of known ?? []) this.#owe(change);
    this.#place = place;
    this.#lookedAt = now;
    for (const topic of this.#owed.keys()) await this.#pay(topic);
  }

  #owe({ topic, key }: Change): void {
    if (!this.#followers.has(topic)) return;
    const owed = this.#owed.get(topic) ?? new Set<string>();
    if (owed === 'all') return;
    owed.add(key);
    this.#owed.set(topic, owed.size > OWED_MAX ? 'all' : owed);
  }

  async #pay(topic: Topic): Promise<void> {
    const owed = this.#owed.get(topic)!;
    const follower = this.#followers.get(topic)!;
    try {
      await (owed === 'all' ? follower.all() : follower.changed([...owed]));
      this.#owed.delete(topic);
    } catch (error) {
      const text = 'what others changed is not taken over yet';
      if (this.#said.due(topic)) this.#deps.observer.log.warn({ part: 'follow', topic, error: messageOf(error) }, text);
    }
  }

  #now(): { wallMs: number; monotonicMs: number } {
    const { clock } = this.#deps;
    return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }
}
