import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { Counter, Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { type CameraEvent, EventStates, SOURCES_MAX } from '../onvif/event-states.ts';
import type { OnvifPorts } from '../onvif/inspect.ts';
import { isPaused, OnvifError } from '../onvif/problems.ts';
import { PullPoint, type PullPointTimes } from '../onvif/pull-point.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import {
  beginSubscription,
  type SubscriptionEffect,
  type SubscriptionInput,
  type SubscriptionTimes,
  subscriptionStep,
} from './events-machine.ts';

export type { CameraEvent } from '../onvif/event-states.ts';

export interface LoopTimes extends SubscriptionTimes, PullPointTimes {
  backoffMinMs: number;
  backoffMaxMs: number;
  /** On top of that while the password is wrong: many cameras lock out who tries too often. */
  authPauseMs: number;
}

/**
 * A camera that fell silent is noticed after pull and slack, and asked again a pause later: events resume within 30 s
 * of whatever it was.
 */
export const LOOP_TIMES: LoopTimes = {
  pullMs: 20_000,
  slackMs: 4_000,
  termMs: 60_000,
  askMs: 15_000,
  idleGapMs: 1_000,
  gapMs: 100,
  messageMs: 50,
  burstMs: 10_000,
  retryMs: 2_000,
  steadyMs: 10_000,
  backoffMinMs: 500,
  backoffMaxMs: 15_000,
  authPauseMs: 15_000,
};

/** What a device with many eyes may tell beyond one with one. */
export interface LoopSize {
  /** As `SubscriptionTimes.messageMs`. */
  messageMs: number;
  sourcesMax: number;
}

/** Of a camera. */
export const ONE_EYE: LoopSize = { messageMs: LOOP_TIMES.messageMs, sourcesMax: SOURCES_MAX };
/** Of a recorder: up to 256 channels, 16 states of each, and ten channels that are as loud as a camera may be. */
export const MANY_EYES: LoopSize = { messageMs: LOOP_TIMES.messageMs / 10, sourcesMax: 4_096 };

/** What all loops count together. */
export interface LoopCounts {
  /** Messages of cameras by what became of them. */
  messages: Counter<'outcome'>;
  /** Subscriptions by how they ended. */
  ended: Counter<'reason'>;
  /** Loops whose camera has granted a subscription. */
  subscribed: number;
}

export interface LoopDeps {
  onvif: OnvifPorts;
  clock: Clock;
  log: Logger;
  counts: LoopCounts;
  /** Makes events durable, in order; resolves with those that could not be, to be given again. Must not reject. */
  store(device: DeviceId, events: readonly CameraEvent[]): Promise<CameraEvent[]>;
  /** Rejects where another unit answers than the registered one: what that notices did not happen here. */
  admit(device: DeviceId): Promise<void>;
  /** The camera ended the subscription, or could not be reached. */
  lost(device: DeviceId): void;
  /** The camera answered over ONVIF as it should (`null`), or what was wrong with its answer. */
  asked(device: DeviceId, problem: string | null): void;
  /** Told which sources are on, whenever that has changed and is durable. */
  remember(device: DeviceId, active: string[]): void;
}

/**
 * Follows what one camera notices, for as long as it runs: subscribes, pulls, makes durable, and only then pulls again;
 * whatever goes wrong ends in a new subscription.
 */
export class CameraEventLoop {
  readonly id: DeviceId;
  readonly #deps: LoopDeps;
  readonly #times: LoopTimes;
  readonly #point: PullPoint;
  readonly #states: EventStates;
  #owed: CameraEvent[] = [];
  #remembered = 0;
  #subscribed = false;
  /** What is wrong, so that it is said once. */
  #trouble: string | null = null;
  #running: { stop(): Promise<void> } | null = null;

  constructor(
    deps: LoopDeps,
    camera: { id: DeviceId; access: OnvifAccess; active: readonly string[]; sourcesMax: number },
    times: LoopTimes,
  ) {
    this.id = camera.id;
    this.#deps = deps;
    this.#times = times;
    this.#point = new PullPoint(deps.onvif, camera.access, times);
    this.#states = new EventStates(camera.active, camera.sourcesMax);
    this.#remembered = this.#states.changes;
  }

  start(): void {
    const { clock } = this.#deps;
    const { backoffMinMs: minBackoffMs, backoffMaxMs: maxBackoffMs } = this.#times;
    const onEnd = (reason: unknown): void => this.#ended(reason);
    const name = `events of ${this.id}`;
    const worker = (signal: AbortSignal, healthy: () => void) => this.#run(signal, healthy);
    this.#running = supervise(worker, { name, clock, minBackoffMs, maxBackoffMs, onEnd });
  }

  /** Ends at once; the camera is told apart, by {@link unsubscribe}. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#mark(false);
  }

  /** Tells the camera that nobody pulls any more; one that does not listen forgets us within the term. */
  async unsubscribe(): Promise<void> {
    await this.#point.unsubscribe().catch(() => {});
  }

  async #run(signal: AbortSignal, healthy: () => void): Promise<unknown> {
    const { clock } = this.#deps;
    const step = subscriptionStep(this.#times);
    let { state, effects } = beginSubscription(this.#owed.length > 0, clock.monotonicMs());
    while (!signal.aborted) {
      let input: SubscriptionInput | null = null;
      for (const effect of effects) {
        if (effect.type === 'end') return await this.#end(effect.reason, state.granted !== null, signal);
        if (effect.type === 'healthy') healthy();
        else input = await this.#do(effect, signal);
      }
      if (!input) return null;
      ({ state, effects } = step(state, input));
    }
    return null;
  }

  async #do(
    effect: Exclude<SubscriptionEffect, { type: 'end' | 'healthy' }>,
    signal: AbortSignal,
  ): Promise<SubscriptionInput> {
    const { clock } = this.#deps;
    try {
      switch (effect.type) {
        case 'subscribe':
          return this.#granted(await this.#subscribe(signal));
        case 'pull':
          return await this.#pull(effect.timeoutMs, signal);
        case 'renew':
          return { type: 'renewed', grantedMs: await this.#point.renew(signal), atMs: clock.monotonicMs() };
        case 'store':
          return await this.#store();
        case 'pause':
          await clock.sleep(effect.ms, signal);
          return { type: 'woke', atMs: clock.monotonicMs() };
      }
    } catch (reason) {
      return { type: 'failed', reason };
    }
  }

  /** A refused login is first put down to the clock of the camera, which is asked anew; then to the password. */
  async #end(reason: unknown, wasGranted: boolean, signal: AbortSignal): Promise<unknown> {
    const refused = reason instanceof OnvifError && reason.problem === 'auth';
    if (refused && !wasGranted) {
      this.#say(reason);
      await this.#deps.clock.sleep(this.#times.authPauseMs, signal);
    }
    return reason;
  }

  /** Asked who it is once it was reached: cameras that are away must not hold up those that come back. */
  async #subscribe(signal: AbortSignal): Promise<number> {
    const grantedMs = await this.#point.subscribe(signal);
    await orAborted(this.#deps.admit(this.id), signal);
    return grantedMs;
  }

  #granted(grantedMs: number): SubscriptionInput {
    this.#mark(true);
    this.#deps.asked(this.id, null);
    if (this.#trouble !== null) this.#deps.log.info({ device: this.id }, 'a camera tells its events again');
    this.#trouble = null;
    return { type: 'subscribed', grantedMs, atMs: this.#deps.clock.monotonicMs() };
  }

  async #pull(timeoutMs: number, signal: AbortSignal): Promise<SubscriptionInput> {
    const { notifications, beyond } = await this.#point.pull(timeoutMs, signal);
    const { events, ignored } = this.#states.take(notifications, this.#deps.clock.nowMs());
    this.#owed = events;
    const { messages } = this.#deps.counts;
    for (const [outcome, count] of Object.entries({
      event: events.length,
      beyond_limit: beyond,
      unknown_topic: ignored.unknown,
      ...rest(ignored),
    })) {
      if (count > 0) messages.inc({ outcome }, count);
    }
    const atMs = this.#deps.clock.monotonicMs();
    return { type: 'pulled', messages: notifications.length + beyond, events: events.length > 0, atMs };
  }

  async #store(): Promise<SubscriptionInput> {
    this.#owed = await this.#deps.store(this.id, this.#owed);
    if (this.#owed.length === 0 && this.#remembered !== this.#states.changes) {
      this.#remembered = this.#states.changes;
      this.#deps.remember(this.id, this.#states.active());
    }
    return { type: this.#owed.length === 0 ? 'stored' : 'refused', atMs: this.#deps.clock.monotonicMs() };
  }

  #ended(reason: unknown): void {
    this.#mark(false);
    this.#deps.lost(this.id);
    this.#deps.counts.ended.inc({ reason: problemOf(reason) });
    // It was not asked at all: what it failed with before still holds.
    if (isPaused(reason)) return;
    this.#deps.asked(this.id, problemOf(reason));
    this.#say(reason);
  }

  /** Each trouble once, until it is over or another. */
  #say(reason: unknown): void {
    const problem = problemOf(reason);
    if (this.#trouble === problem) return;
    this.#trouble = problem;
    this.#deps.log.warn({ device: this.id, problem, detail: messageOf(reason) }, 'a camera does not tell its events');
  }

  #mark(subscribed: boolean): void {
    if (subscribed !== this.#subscribed) this.#deps.counts.subscribed += subscribed ? 1 : -1;
    this.#subscribed = subscribed;
  }
}

function problemOf(reason: unknown): string {
  return reason instanceof OnvifError ? reason.problem : 'refused';
}

function rest({ unchanged, unreadable }: { unchanged: number; unreadable: number }) {
  return { unchanged, unreadable };
}
