import { randomBytes } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { jittered } from '../../core/mechanisms/backoff.ts';
import { Machine } from '../../core/mechanisms/machine.ts';
import type { Logger } from '../../core/observe.ts';
import type { Random } from '../../core/random.ts';
import type { DeviceId } from '../../core/types.ts';
import { bitsPerS, type Epoch, LiveWindow } from '../fmp4/live-window.ts';
import type { ParsedFragment, Part } from '../fmp4/parser.ts';
import { WallClock } from '../fmp4/wall-clock.ts';
import { Arrivals, type PullSigns, type StreamStatus } from './arrivals.ts';
import { type Consumer, Consumers } from './consumers.ts';
import { Holders } from './holders.ts';
import {
  type CloseCause,
  type PullEffect,
  type PullInput,
  type PullState,
  type PullTimer,
  type PullTimes,
  pullStep,
} from './pull-machine.ts';
import type { Rights } from './rights.ts';
import type { RunPort, RunTarget } from './run.ts';
import { type FailureReason, StreamFailure } from './types.ts';
import type { Use } from './uses.ts';
import { Waiters } from './waiters/waiters.ts';

/** One run of a pull, from opening to everything gone; see `runPull`. */
export type Run = (target: RunTarget, port: RunPort, signal: AbortSignal) => Promise<StreamFailure>;

export interface PullDeps {
  clock: Clock;
  log: Logger;
  run: Run;
  /** Who may pull: a run begins with the lease of its camera, and ends with it. */
  rights: Rights;
  times: PullTimes;
  random: Random;
  /** How long a camera is pulled on after its last viewer went, where that is longer than usual, ms. */
  keepMs(device: DeviceId): number;
  /** Told of each failure and each fragment, for the counters. */
  counted(what: { failure: FailureReason } | { bytes: number } | 'start'): void;
}

/** Pictures older than this are not shown as live, also while the next run is being opened. */
const FRESH_MS = 12_000;

/** Runs the effects of one pull's machine, and holds what the machine does not: the window, viewers and consumers. */
export class Pull {
  readonly target: RunTarget;
  readonly window = new LiveWindow();
  readonly #deps: PullDeps;
  readonly #machine: Machine<PullState, PullInput, PullEffect>;
  readonly #timers = new Map<PullTimer, () => void>();
  readonly #consumers: Consumers;
  readonly #waiters = new Waiters();
  #controller: AbortController | null = null;
  #over: Promise<unknown> = Promise.resolve();
  #epoch: Epoch | null = null;
  #wallClock = new WallClock();
  #failure: StreamFailure | null = null;
  #arrivals = new Arrivals();
  #sinceMs = 0;
  readonly #holders = new Holders();
  #stopped = false;

  constructor(target: RunTarget, deps: PullDeps) {
    this.target = target;
    this.#deps = deps;
    this.#consumers = new Consumers(deps.log.child({ ...target }));
    this.#sinceMs = deps.clock.nowMs();
    this.#machine = new Machine<PullState, PullInput, PullEffect>({ name: 'idle' }, pullStep(deps.times), (effect) =>
      this.#run(effect),
    );
  }

  get viewers(): number {
    return this.#holders.total;
  }

  get #keepMs(): number {
    return this.#deps.keepMs(this.target.deviceId);
  }

  get state(): PullState['name'] {
    return this.#machine.state.name;
  }

  /** Bits a second of the newest segments; null while there are none. */
  get bitsPerS(): number | null {
    const segments = this.window.announced();
    return segments.length > 0 ? bitsPerS(segments) : null;
  }

  /** Adds a viewer until the returned function is called; the first one opens the pull. */
  hold(use: Use): () => void {
    this.#holders.change(use, 1);
    if (this.viewers === 1) this.#send({ type: 'wanted' });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders.change(use, -1);
      if (this.viewers === 0) this.#send({ type: 'unwanted' });
    };
  }

  /** The camera answers again: what waits for its next try does not wait on. */
  back(): void {
    this.#send({ type: 'back' });
  }

  /** Resolves when `met` holds for fresh pictures; rejects with the reason as soon as there is one, or at `signal`. */
  async until(met: () => boolean, signal: AbortSignal): Promise<void> {
    const fresh = () => this.#isFresh() && met();
    if (fresh()) return;
    const { state } = this.#machine;
    if (state.name === 'backoff') throw state.failure;
    if (this.#stopped) throw new StreamFailure('stopped');
    await this.#waiters.wait(fresh, signal);
  }

  /** Gives `consumer` the current epoch from its newest key frame on, then everything that follows. */
  listen(consumer: Consumer): () => void {
    return this.#consumers.add(consumer, this.#isFresh() ? this.window.sinceKey() : null);
  }

  status(): StreamStatus {
    const movie = this.#isFresh() ? this.#epoch?.init.movie : undefined;
    return {
      ...this.target,
      state: this.state,
      viewers: this.viewers,
      uses: this.#holders.uses,
      since: toRfc3339(this.#sinceMs),
      codec: movie?.codec ?? null,
      width: movie?.width ?? null,
      height: movie?.height ?? null,
      bitsPerS: movie ? this.bitsPerS : null,
      sound: movie?.sound?.codec ?? null,
      soundNote: (movie && this.#epoch?.init.note) ?? null,
      lastFragmentAt: this.#arrivals.atMs === null ? null : toRfc3339(this.#arrivals.wallMs),
      reason: this.#reason,
    };
  }

  signs(): PullSigns {
    const { atMs, keyAtMs, bytes, keyBytes } = this.#arrivals;
    return { ...this.target, state: this.state, failure: this.#reason, atMs, keyAtMs, bytes, keyBytes };
  }

  /** Ends the run and waits until everything of it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const failure = new StreamFailure('stopped');
    this.#waiters.fail(failure);
    this.#controller?.abort(failure);
    await this.#over;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  get #reason(): FailureReason | null {
    return this.state === 'live' ? null : (this.#failure?.reason ?? null);
  }

  #isFresh(): boolean {
    const { atMs } = this.#arrivals;
    return atMs !== null && this.#deps.clock.monotonicMs() - atMs <= FRESH_MS;
  }

  #send(input: PullInput): void {
    if (this.#stopped) return;
    const before = this.state;
    this.#machine.send(input);
    if (this.state === before) return;
    this.#sinceMs = this.#deps.clock.nowMs();
    if (this.state === 'idle') this.#forget();
    if (this.state === 'live') this.#failure = null;
    this.#deps.log.debug({ ...this.target, from: before, to: this.state }, 'pull');
  }

  #forget(): void {
    this.window.reset();
    this.#wallClock = new WallClock();
    this.#epoch = null;
    this.#arrivals = new Arrivals();
    this.#failure = null;
  }

  #run(effect: PullEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open(effect.failures);
        return;
      case 'close':
        this.#controller?.abort(effect.cause satisfies CloseCause);
        return;
      case 'set':
        this.#set(effect.timer, Math.max(effect.ms, effect.timer === 'grace' ? this.#keepMs : 0));
        return;
      case 'set-jittered':
        this.#set(effect.timer, jittered(effect.ms, this.#deps.random));
        return;
      case 'clear':
        this.#clear(effect.timer);
        return;
      case 'failed':
        this.#failed(effect.failure);
    }
  }

  #open(failures: number): void {
    const controller = new AbortController();
    this.#controller = controller;
    const { rights, run } = this.#deps;
    const pulled = rights.during(this.target.deviceId, controller.signal, (leaseEpoch, signal) => {
      this.#deps.counted('start');
      const part = (one: Part): void => {
        rights.notice();
        if (!signal.aborted) this.#take(one, leaseEpoch);
      };
      return run(this.target, { lane: this.#lane(failures), begun: () => this.#send({ type: 'begun' }), part }, signal);
    });
    this.#over = pulled
      .catch((error: unknown) => new StreamFailure('not-started', undefined, error))
      .then((failure) => this.#send({ type: 'ended', failure }));
  }

  #lane(failures: number): RunPort['lane'] {
    if (failures > 1) return 'failing';
    return failures === 0 && this.#holders.uses.some((use) => use !== 'record') ? 'looked-at' : 'fresh';
  }

  #take(part: Part, leaseEpoch: number): void {
    if (part.type === 'init') this.#begin({ token: randomBytes(9).toString('hex'), init: part.init, leaseEpoch });
    else this.#add(part.fragment);
  }

  #begin(epoch: Epoch): void {
    if (!this.#isFresh()) this.window.clear();
    this.#epoch = epoch;
    this.#arrivals.begin();
    this.#wallClock.begin();
    this.window.begin(epoch);
    this.#consumers.tell((consumer) => consumer.epoch(epoch));
  }

  #add(parsed: ParsedFragment): void {
    const wallMs = this.#deps.clock.nowMs();
    this.#arrivals.add(parsed, { atMs: this.#deps.clock.monotonicMs(), wallMs });
    const fragment = this.#wallClock.stamp(parsed, wallMs);
    this.window.add(fragment);
    this.#deps.counted({ bytes: fragment.data.length });
    this.#send({ type: 'fragment' });
    this.#consumers.tell((consumer) => consumer.fragment(fragment));
    this.#waiters.look();
  }

  #failed(failure: StreamFailure): void {
    // The same again says nothing new, and 500 cameras without power say it twenty times a second.
    const level = this.#failure?.reason === failure.reason ? 'debug' : 'warn';
    this.#failure = failure;
    this.#deps.counted({ failure: failure.reason });
    const fields = { ...this.target, reason: failure.reason, detail: failure.message };
    this.#deps.log[level](fields, 'a camera gives no picture');
    this.#waiters.fail(failure);
    this.#consumers.tell((consumer) => consumer.failed(failure));
  }

  #set(timer: PullTimer, ms: number): void {
    this.#clear(timer);
    const fire = () => {
      this.#timers.delete(timer);
      this.#send({ type: 'timer', timer });
    };
    this.#timers.set(timer, this.#deps.clock.after(ms, fire));
  }

  #clear(timer: PullTimer): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }
}
