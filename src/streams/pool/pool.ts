import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { Consumer } from './consumers.ts';
import type { Leases } from './leases.ts';
import { Pull, type PullDeps, type Run, type StreamStatus } from './pull.ts';
import type { PullTimes } from './pull-machine.ts';
import { type Right, Rights } from './rights.ts';
import type { RunTarget } from './run.ts';
import type { FailureReason } from './types.ts';

/** One viewer's hold on a pull. As long as one is held, the camera is pulled. */
export interface StreamLease {
  pull: Pull;
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
  /** Cameras and qualities pulled at the same time. */
  pullsMax: number;
}

const VIEWERS_PER_PULL_MAX = 1_000;

/** The shared monitoring pool: one pull per camera and quality, however many watch. */
export class Pool {
  readonly #pulls = new Map<string, Pull>();
  readonly #rights: Rights;
  readonly #pullDeps: PullDeps;
  readonly #max: number;
  #stopped = false;

  constructor(deps: PoolDeps) {
    const { clock, observer, run, times, random = systemRandom, pullsMax } = deps;
    this.#max = pullsMax;
    const log = observer.log.child({ part: 'streams' });
    const rights = new Rights({ clock, log, leases: deps.leases });
    this.#rights = rights;
    const counted = this.#counters(observer);
    this.#pullDeps = { clock, log, run, rights, times, random, counted };
  }

  /**
   * Joins the pull of a camera. For the first viewer it is opened, once this gateway has the lease of the camera; later
   * ones ask nobody. Rejects with a {@link StreamFailure} where another gateway has it or nobody can say, and with
   * `stream.full` beyond the limits.
   */
  async lease({ deviceId, quality }: RunTarget): Promise<StreamLease> {
    // A whole look is given here; only these two belong to the pull.
    const target = { deviceId, quality };
    const right = await this.#rightTo(target);
    try {
      const pull = this.#pullOf(target);
      if (pull.viewers >= VIEWERS_PER_PULL_MAX) throw new CitywatchError('stream.full', { retryAfterS: 10 });
      const leave = pull.hold();
      const release = () => {
        leave();
        right?.drop();
      };
      return { pull, listen: (consumer) => pull.listen(consumer), release };
    } catch (error) {
      right?.drop();
      throw error;
    }
  }

  /** Every pull that is not idle. */
  list(): StreamStatus[] {
    return [...this.#pulls.values()].filter(({ state }) => state !== 'idle').map((pull) => pull.status());
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

  /** A viewer's own use of the lease, so that it is kept also between two runs. A pull under way asks by itself. */
  async #rightTo({ deviceId, quality }: RunTarget): Promise<Right | null> {
    const pull = this.#pulls.get(keyOf({ deviceId, quality }));
    return pull && pull.state !== 'idle' ? this.#rights.share(deviceId) : this.#rights.take(deviceId);
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
