import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Pool, StreamLease } from '../pool/pool.ts';
import { type CameraSource, type RegisterView, StreamFailure, type View } from '../pool/types.ts';
import type { WallLevel } from '../pool/uses.ts';

/** A viewer that asked for nothing this long has gone: three times the usual length of a segment. */
const GONE_MS = 6_000;
/** After this long without a request, the next one is a new look, with its own row in the register. */
const SESSION_MS = 60_000;
const SWEEP_MS = 1_000;
const SESSIONS_MAX = 20_000;

interface Held {
  view: View;
  lease: Promise<StreamLease>;
  /** Once it is there. */
  given: StreamLease | null;
  /** Aborted, with what is to be said, when it is taken away from those who wait for something of it. */
  over: AbortController;
  atMs: number;
  requests: number;
}

interface Viewing {
  registered: Promise<void>;
  /** By quality and use. */
  leases: Map<string, Held>;
  /** Leases that were taken away, because walls are shown smaller; until the look begins anew. */
  lowered: Set<string>;
  atMs: number;
}

export interface ViewingsDeps {
  clock: Clock;
  pool: Pick<Pool, 'lease'> & { readonly wall: WallLevel };
  register: RegisterView;
  cameras: Pick<CameraSource, 'withheld'>;
}

/**
 * Who looks at what. HLS has no connection that would tell, so a viewing session lasts as long as its viewer keeps
 * asking. The first request of a session writes its row into the access register, and no byte goes out before that.
 */
export class Viewings {
  readonly #clock: Clock;
  readonly #pool: ViewingsDeps['pool'];
  readonly #register: RegisterView;
  readonly #cameras: ViewingsDeps['cameras'];
  readonly #viewings = new Map<string, Viewing>();
  #stopSweep: () => void = () => {};

  constructor({ clock, pool, register, cameras }: ViewingsDeps) {
    this.#clock = clock;
    this.#pool = pool;
    this.#register = register;
    this.#cameras = cameras;
  }

  start(): void {
    this.#stopSweep = this.#clock.every(SWEEP_MS, () => this.#sweep());
  }

  stop(): void {
    this.#stopSweep();
    for (const viewing of this.#viewings.values()) {
      for (const held of viewing.leases.values()) release(held);
    }
    this.#viewings.clear();
  }

  /**
   * Runs `use` with a lease of the viewer's, after the look was registered. The lease outlives the call a little.
   * `begins`: what is asked for does not depend on what was shown before. Errors: `stream.lowered` where it does, and a
   * wall is shown smaller than when it began. The signal ends what `use` waits for when the lease is taken away
   * meanwhile: `stream.lowered`, or `stream.stills-only` where walls are stills from now on.
   */
  async during<Result>(
    view: View,
    begins: boolean,
    use: (lease: StreamLease, over: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const viewing = await this.#admit(view);
    if (begins) viewing.lowered.delete(keyOf(view));
    else if (viewing.lowered.has(keyOf(view))) throw new CitywatchError('stream.lowered', { retryAfterS: 1 });
    const held = this.#leaseOf(viewing, view);
    held.requests += 1;
    try {
      return await use(await held.lease, held.over.signal);
    } catch (error) {
      throw held.over.signal.aborted ? held.over.signal.reason : error;
    } finally {
      held.requests -= 1;
      held.atMs = this.#clock.monotonicMs();
      viewing.atMs = held.atMs;
    }
  }

  /** Registers a look that holds its own lease for as long as it lasts, such as a WebSocket or a recorder. */
  async lease(view: View): Promise<StreamLease> {
    await this.#admit(view);
    return this.#pool.lease(view);
  }

  /** Registers a look at what was recorded, once for as long as it goes on. */
  async registered(view: View): Promise<void> {
    await this.#enter(view);
  }

  async #admit(view: View): Promise<Viewing> {
    const withheld = this.#cameras.withheld(view.deviceId);
    if (withheld !== null) throw new StreamFailure('other-unit', withheld);
    return await this.#enter(view);
  }

  async #enter(view: View): Promise<Viewing> {
    const key = JSON.stringify([view.viewer.type, view.viewer.id, view.deviceId, view.purpose, view.case]);
    const nowMs = this.#clock.monotonicMs();
    let viewing = this.#viewings.get(key);
    if (!viewing) {
      if (this.#viewings.size >= SESSIONS_MAX) throw new CitywatchError('stream.full', { retryAfterS: 10 });
      viewing = { registered: this.#register(view), leases: new Map(), lowered: new Set(), atMs: nowMs };
      this.#viewings.set(key, viewing);
    }
    viewing.atMs = nowMs;
    try {
      await viewing.registered;
    } catch (error) {
      if (this.#viewings.get(key) === viewing) this.#viewings.delete(key);
      throw error;
    }
    return viewing;
  }

  #leaseOf({ leases }: Viewing, view: View): Held {
    const key = keyOf(view);
    const known = leases.get(key);
    if (known) return known;
    const lease = this.#pool.lease(view);
    const over = new AbortController();
    const held: Held = { view, lease, given: null, over, atMs: this.#clock.monotonicMs(), requests: 0 };
    leases.set(key, held);
    lease.then(
      (given) => {
        held.given = given;
      },
      () => {
        if (leases.get(key) === held) leases.delete(key);
      },
    );
    return held;
  }

  /** Whether a picture of a wall is to be given up for a smaller one. */
  #isTooMuch({ view, given }: Held): boolean {
    const { wall } = this.#pool;
    if (view.use !== 'wall' || given === null || wall === 'as-asked') return false;
    return wall === 'stills' || (given.quality === 'main' && view.quality === 'main');
  }

  #taken(): CitywatchError {
    if (this.#pool.wall === 'stills') return new CitywatchError('stream.stills-only', { retryAfterS: 10 });
    return new CitywatchError('stream.lowered', { retryAfterS: 1 });
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, viewing] of this.#viewings) {
      for (const [leaseKey, held] of viewing.leases) {
        const isTooMuch = this.#isTooMuch(held);
        if (!isTooMuch && (held.requests > 0 || nowMs - held.atMs <= GONE_MS)) continue;
        if (isTooMuch) {
          viewing.lowered.add(leaseKey);
          held.over.abort(this.#taken());
        }
        release(held);
        viewing.leases.delete(leaseKey);
      }
      if (viewing.leases.size === 0 && nowMs - viewing.atMs > SESSION_MS) this.#viewings.delete(key);
    }
  }
}

function keyOf({ quality, use }: View): string {
  return `${quality} ${use}`;
}

function release({ lease }: Held): void {
  lease.then(
    (given) => given.release(),
    () => {},
  );
}
