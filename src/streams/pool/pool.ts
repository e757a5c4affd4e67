import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { DeviceId } from '../../core/types.ts';
import { Admission, type Capacity } from './admission.ts';
import type { StreamStatus } from './arrivals.ts';
import type { Consumer } from './consumers.ts';
import type { Leases } from './leases.ts';
import { Pull, type PullDeps, type Run } from './pull.ts';
import type { PullTimes } from './pull-machine.ts';
import { type Right, Rights } from './rights.ts';
import type { RunTarget } from './run.ts';
import type { StreamPlan } from './stream-plans.ts';
import type { FailureReason, Quality } from './types.ts';
import type { Use, WallLevel } from './uses.ts';

/** What somebody wants of a camera, and what for. */
export interface Ask extends RunTarget {
  use: Use;
}

/** One viewer's hold on a pull. As long as one is held, the camera is pulled. */
export interface StreamLease {
  pull: Pull;
  /** What was given, which need not be what was asked for. */
  quality: Quality;
  /** Everything the camera sends from its newest key frame on; the returned function ends it. */
  listen(consumer: Consumer): () => void;
  release(): void;
}

export interface PoolDeps {
  clock: Clock;
  observer: Observer;
  run: Run;
  /** Which gateway may pull which camera. */
  leases: Leases;
  times: PullTimes;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
  capacity: Capacity;
  /** See {@link Admission}. */
  processorS(): number;
  /** How the streams of a camera are to be kept. */
  planOf(device: DeviceId): StreamPlan;
  /** Whether a camera has a small picture beside the full one. */
  hasSmall(device: DeviceId): Promise<boolean>;
}

const VIEWERS_PER_PULL_MAX = 1_000;

/** The shared monitoring pool: one pull per camera and quality, however many watch. */
export class Pool {
  readonly #pulls = new Map<string, Pull>();
  readonly #rights: Rights;
  readonly #pullDeps: PullDeps;
  readonly #max: number;
  readonly #admission: Admission;
  readonly #planOf: PoolDeps['planOf'];
  readonly #hasSmall: PoolDeps['hasSmall'];
  readonly #refused: Counter<'use'>;
  readonly #lowered: Counter<'to'>;
  #stopped = false;

  constructor(deps: PoolDeps) {
    const { clock, observer, run, times, random = systemRandom, capacity, processorS, planOf } = deps;
    this.#max = capacity.pullsMax;
    this.#planOf = planOf;
    this.#hasSmall = deps.hasSmall;
    this.#admission = new Admission({ clock, capacity, processorS, pulls: () => this.#underWay() });
    const log = observer.log.child({ part: 'streams' });
    const rights = new Rights({ clock, log, leases: deps.leases });
    this.#rights = rights;
    const counted = this.#counters(observer);
    const keepMs = (device: DeviceId) => planOf(device).keepS * 1000;
    this.#pullDeps = { clock, log, run, rights, times, random, counted, keepMs };
    const registers = [observer.metrics];
    this.#refused = new Counter({
      name: 'citywatch_stream_refused_total',
      help: 'Looks and recordings that were refused a stream, because nothing was left for their use.',
      labelNames: ['use'],
      registers,
    });
    this.#lowered = new Counter({
      name: 'citywatch_stream_lowered_total',
      help: 'Pictures of walls that were given smaller than asked for.',
      labelNames: ['to'],
      registers,
    });
  }

  /**
   * Joins the pull of a camera. For the first viewer it is opened, once this gateway has the lease of the camera; later
   * ones ask nobody. Rejects with a {@link StreamFailure} where another gateway has it or nobody can say, with
   * `stream.full` where nothing is left for this use, and with `stream.stills-only` where a wall gets stills.
   */
  async lease(ask: Ask): Promise<StreamLease> {
    const target = this.#admit(ask, await this.#isSingle(ask));
    const right = await this.#rightTo(target);
    try {
      const pull = this.#pullOf(target);
      if (pull.viewers >= VIEWERS_PER_PULL_MAX) throw new CitywatchError('stream.full', { retryAfterS: 10 });
      const leave = pull.hold(ask.use);
      const release = () => {
        leave();
        right?.drop();
      };
      return { pull, quality: target.quality, listen: (consumer) => pull.listen(consumer), release };
    } catch (error) {
      right?.drop();
      throw error;
    }
  }

  /** Which picture a lease has for who asks so: the full one, where a camera has one stream for everybody. */
  async qualityOf(ask: Ask): Promise<Quality> {
    return (await this.#isSingle(ask)) ? 'main' : ask.quality;
  }

  /** A camera answers again after it did not. */
  back(deviceId: DeviceId): void {
    for (const quality of ['main', 'sub'] as const) this.#pulls.get(keyOf({ deviceId, quality }))?.back();
  }

  /** How walls are shown at present. */
  get wall(): WallLevel {
    return this.#admission.wall;
  }

  /** Measures what is in use. To be called once a second. */
  tick(): void {
    this.#admission.tick();
  }

  /** Every pull that is not idle. */
  list(): StreamStatus[] {
    return [...this.#pulls.values()].filter(({ state }) => state !== 'idle').map((pull) => pull.status());
  }

  /** Every pull that is not idle, with its window. */
  *pulls(): Generator<Pick<Pull, 'target' | 'window' | 'signs'>> {
    for (const pull of this.#pulls.values()) if (pull.state !== 'idle') yield pull;
  }

  /** Cameras that another gateway may pull as well, because their leases have ended and nobody answers. */
  get unrenewed(): number {
    return this.#rights.unrenewed;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rights.refuse();
    await Promise.all([...this.#pulls.values()].map((pull) => pull.stop()));
    this.#pulls.clear();
    await this.#rights.stop();
  }

  /**
   * Whether a camera has one stream for everybody, the full one, which is also recorded: it has no other, or allows one
   * connection. Asked only where it matters; where nobody can say, the small one is tried and says so itself.
   */
  async #isSingle({ deviceId, quality, use }: Ask): Promise<boolean> {
    if (this.#planOf(deviceId).connectionsMax === 1) return true;
    const isAsked = quality === 'sub' || use === 'wall';
    if (!isAsked || this.#isUnderWay({ deviceId, quality: 'sub' })) return false;
    return !(await this.#hasSmall(deviceId).catch(() => true));
  }

  /** What is pulled for an ask: what is pulled anyway costs nothing more, and for the rest there must be room. */
  #admit({ deviceId, quality, use }: Ask, isSingle: boolean): RunTarget {
    const { wall } = this;
    if (use === 'wall' && wall === 'stills') throw this.#refuse(use);
    const target: RunTarget = { deviceId, quality: isSingle ? 'main' : quality };
    const isFullOnWall = use === 'wall' && quality === 'main';
    if (!(isFullOnWall && wall === 'small') && this.#fits(target, use)) return target;
    if (isFullOnWall && !isSingle && this.#fits({ deviceId, quality: 'sub' }, use)) {
      this.#lowered.inc({ to: 'sub' });
      return { deviceId, quality: 'sub' };
    }
    throw this.#refuse(use);
  }

  #fits(target: RunTarget, use: Use): boolean {
    return this.#isUnderWay(target) || this.#admission.take({ key: keyOf(target), quality: target.quality }, use);
  }

  #isUnderWay(target: RunTarget): boolean {
    const pull = this.#pulls.get(keyOf(target));
    return pull !== undefined && pull.state !== 'idle';
  }

  #refuse(use: Use): CitywatchError {
    this.#refused.inc({ use });
    return new CitywatchError(use === 'wall' ? 'stream.stills-only' : 'stream.full', { retryAfterS: 10 });
  }

  *#underWay() {
    for (const [key, { state, target, bitsPerS }] of this.#pulls) {
      if (state !== 'idle') yield { key, quality: target.quality, bitsPerS };
    }
  }

  /** A viewer's own use of the lease, so that it is kept also between two runs. A pull under way asks by itself. */
  async #rightTo(target: RunTarget): Promise<Right | null> {
    const { deviceId } = target;
    return this.#isUnderWay(target) ? this.#rights.share(deviceId) : this.#rights.take(deviceId);
  }

  #pullOf(target: RunTarget): Pull {
    const key = keyOf(target);
    const known = this.#pulls.get(key);
    if (known) return known;
    if (this.#stopped) throw new CitywatchError('stream.full', { detail: 'The server is being stopped.' });
    if (this.#pulls.size >= this.#max) this.#forgetIdle();
    if (this.#pulls.size >= this.#max) throw new CitywatchError('stream.full', { retryAfterS: 10 });
    const pull = new Pull(target, this.#pullDeps);
    this.#pulls.set(key, pull);
    return pull;
  }

  #forgetIdle(): void {
    for (const [key, pull] of this.#pulls) {
      if (pull.state === 'idle' && pull.viewers === 0) this.#pulls.delete(key);
    }
  }

  #counters({ metrics }: Observer): PullDeps['counted'] {
    const registers = [metrics];
    const pulls = this.#pulls;
    new Gauge({
      name: 'citywatch_stream_pulls',
      help: 'Camera streams by state.',
      labelNames: ['state'],
      registers,
      collect() {
        this.reset();
        for (const { state } of pulls.values()) this.inc({ state });
      },
    });
    new Gauge({
      name: 'citywatch_stream_viewers',
      help: 'Viewers of all camera streams.',
      registers,
      collect() {
        this.set([...pulls.values()].reduce((sum, { viewers }) => sum + viewers, 0));
      },
    });
    const admission = this.#admission;
    new Gauge({
      name: 'citywatch_stream_megabits',
      help: 'Video taken from all cameras together, megabits a second, and how much can be.',
      labelNames: ['what'],
      registers,
      collect() {
        const { taken, max } = admission.megabits;
        this.set({ what: 'taken' }, taken);
        this.set({ what: 'max' }, max);
      },
    });
    const rights = this.#rights;
    new Gauge({
      name: 'citywatch_stream_leases_unrenewed',
      help: 'Cameras pulled past the end of their lease, because PostgreSQL does not answer; others may pull them too.',
      registers,
      collect() {
        this.set(rights.unrenewed);
      },
    });
    const starts = new Counter({ name: 'citywatch_stream_starts_total', help: 'Connections to cameras.', registers });
    const bytes = new Counter({ name: 'citywatch_stream_bytes_total', help: 'Bytes of video taken.', registers });
    const failures = new Counter<'reason'>({
      name: 'citywatch_stream_failures_total',
      help: 'Camera streams that ended unasked, by reason.',
      labelNames: ['reason'],
      registers,
    });
    return (what: 'start' | { bytes: number } | { failure: FailureReason }) => {
      if (what === 'start') starts.inc();
      else if ('bytes' in what) bytes.inc(what.bytes);
      else failures.inc({ reason: what.failure });
    };
  }
}

function keyOf({ deviceId, quality }: RunTarget): string {
  return `${deviceId} ${quality}`;
}
