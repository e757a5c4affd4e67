import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Counter, Histogram, type Logger, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { type Claim, DONE, ENDED, type WorkResult } from '../../platform/work/work.ts';
import { urgencyOf } from '../desk/queues.ts';
import type { AlertEventBody } from '../desk/tables.ts';
import type { Receipt } from '../receipts/receipts.ts';
import type { SendResult, Sinks } from '../sinks/sink.ts';
import { type EndpointGate, Endpoints } from './endpoints.ts';
import { Outbox, type Outcome, type Pending, type Recipient, type Waiting } from './outbox.ts';
import { OwnersNow, type OwnersNowDeps } from './owners-now.ts';
import { LEFT_ALONE_MAX_MS, RETRY_FOR_MS, retryPauseMs } from './retry.ts';
import { openSecrets, type SecretBox } from './secrets.ts';
import { SentTogether } from './sent-together.ts';

export interface DeliveryDeps extends Pick<OwnersNowDeps, 'ownerNow'> {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  /** Whose deliveries these are. */
  ownership: Pick<Ownership, 'write'>;
  sinks: Sinks;
  box: SecretBox;
  /** What is sent of an alert to who may be told its plates whole; without it nobody is. */
  whole?: { forDelivery(subscription: string, body: AlertEventBody): Promise<Readonly<Record<string, unknown>>> };
  /** Their endpoint answers again: makes everything due that waits for them, instead of at its own next step. */
  release(subscriptionIds: string[]): Promise<void>;
  /** The other side named the case that it made of it; absent where nobody keeps that. Errors: as of AlertReceipts. */
  receipt?(receipt: Receipt): Promise<unknown>;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

/** One way out for the entries of one subscription. */
interface Way extends EndpointGate {
  sink: string;
  /** A secret of its ends then; null where none does. */
  untilMs: number | null;
  send(entry: Waiting): Promise<SendResult>;
}

/** What comes of one attempt beside its entry. */
interface Step {
  /** To be ended with the entry; null where others follow. */
  claim: Claim | null;
  sent: SentTogether;
  /** What is next in turn may be sent before it is written down that this one was. */
  isFollowed: boolean;
}

/** Told once more behind an opening that was told before, it changes nothing: the two may be settled together. */
const FOLLOWS = 'alert.evidence';

/** Why one is not delivered that is for some alone. */
const NOT_THEIRS = 'The owner of the subscription may not see this alert any more.';
/** What no other try would change. */
const REFUSED_RECEIPTS: readonly string[] = ['not-found', 'conflict.state'];
/** Keys held at the same time: room for several endpoints that answer, but slowly. */
export const DELIVERIES_AT_ONCE = 512;
/** A key is given back after this long, well before its claim ends; what is left of it goes on at once. */
const HANDLE_FOR_MS = 20_000;
const CROWDED_PAUSE_MS = 200;

/**
 * Sends the outbox of one subscription and alert, oldest first: a clear never overtakes its alarm, while other alerts
 * go their own way. Delivered at least once, with one constant id, so whoever takes it can make the effect happen once.
 */
export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #log: Logger;
  readonly #attempts: Counter<'sink' | 'result'>;
  readonly #latency: Histogram;
  readonly #endpoints: Endpoints;
  readonly #outbox: Outbox;
  readonly #owners: OwnersNow;
  /** Of what was loaded together. */
  readonly #ways = new WeakMap<Recipient, Way>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'delivery' });
    this.#outbox = new Outbox(deps);
    this.#owners = new OwnersNow(deps);
    this.#endpoints = new Endpoints(() => deps.clock.monotonicMs());
    const registers = [deps.observer.metrics];
    this.#attempts = new Counter({
      name: 'citywatch_delivery_attempts_total',
      help: 'Attempts to deliver a log entry to a subscription.',
      labelNames: ['sink', 'result'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'citywatch_delivery_latency_seconds',
      help: 'From the commit of a log entry to its delivery.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600, 3600],
      registers,
    });
  }

  /** Subscriptions of which enough keys are claimed already. */
  crowded(): string[] {
    return this.#endpoints.crowded();
  }

  /** Handler of the queue `delivery`; the key is `subscription alert`. */
  async handle(claim: Claim, signal: AbortSignal): Promise<WorkResult> {
    const endMs = this.#deps.clock.monotonicMs() + HANDLE_FOR_MS;
    let held = claim;
    for (;;) {
      const step = await this.#round(held, { signal, endMs });
      if ('again' in step) return step;
      // Something was added meanwhile: it goes out at once, without giving the key back and claiming it again.
      held = step;
    }
  }

  /** Sends what waits now. Returns the claim as it stands where more was added meanwhile. */
  async #round(claim: Claim, { signal, endMs }: { signal: AbortSignal; endMs: number }): Promise<WorkResult | Claim> {
    const { clock } = this.#deps;
    const { key } = claim;
    const { recipient, entries, more } = (claim.given as Pending | undefined) ?? (await this.#outbox.load(key));
    if (!recipient) return DONE;
    if (recipient.state !== 'active') {
      this.#endpoints.forget(recipient.id);
      await this.#outbox.withhold(key);
      return DONE;
    }
    const way = this.#wayOf(recipient);
    const last = more ? undefined : entries.at(-1);
    const sent = new SentTogether(this.#outbox, clock);
    try {
      for (const [index, next] of entries.entries()) {
        if (signal.aborted || clock.monotonicMs() >= endMs) return { again: { atMs: clock.nowMs() } };
        const isFollowed = next.attempts === 0 && entries[index + 1]?.type === FOLLOWS;
        const result = await this.#inTurn(way, next, { claim: next === last ? claim : null, sent, isFollowed });
        if (result !== null) return result;
      }
    } finally {
      await sent.settleRest();
    }
    return more ? { again: { atMs: clock.nowMs() } } : DONE;
  }

  #wayOf(recipient: Recipient): Way {
    const known = this.#ways.get(recipient);
    if (known && (known.untilMs === null || this.#deps.clock.nowMs() < known.untilMs)) return known;
    const way = this.#wayTo(recipient);
    this.#ways.set(recipient, way);
    return way;
  }

  #wayTo({ id: subscription, type, target, secrets: sealed, previous_until_ms: previousUntilMs }: Recipient): Way {
    const nowMs = this.#deps.clock.nowMs();
    const untilMs = previousUntilMs !== null && previousUntilMs > nowMs ? previousUntilMs : null;
    const sink = this.#deps.sinks.get(type);
    if (!sink) {
      const send = async () => failed(`This version has no sink ${type}; update the gateway, or end the subscription.`);
      return { subscription, endpoint: type, sink: 'unknown', untilMs, send };
    }
    const to = { target, secrets: openSecrets(this.#deps.box, type, sealed, { nowMs, previousUntilMs }) };
    const send = async ({ id, body, type: what }: Waiting): Promise<SendResult> => {
      const alert = (await this.#deps.whole?.forDelivery(subscription, body)) ?? body.alert;
      const entry = { id, event: body.id, type: what, at: body.at, alert };
      return await sink.send(sink.wantsEarlier ? { ...entry, earlier: await this.#outbox.earlier(id) } : entry, to);
    };
    return { subscription, endpoint: `${type} ${sink.endpoint(to)}`, sink: type, untilMs, send };
  }

  /**
   * One attempt, if it is this entry's turn; returns when to try again, or null when the entry is settled, or will be
   * with the one that follows it. With the last one of a key its claim is ended, or returned as it stands by now.
   */
  async #inTurn(way: Way, next: Waiting, step: Step): Promise<WorkResult | Claim | null> {
    const { clock } = this.#deps;
    if (!(await this.#owners.mayHear(way.subscription, next.body))) return await this.#withhold(next, step);
    const forced = this.#isOver(next, clock.nowMs());
    const urgency = urgencyOf(String(next.body.alert.severity), next.type);
    const turn = await this.#endpoints.enter(way, { forced, urgency });
    if (turn === 'crowded') return { again: { atMs: clock.nowMs() + CROWDED_PAUSE_MS } };
    if (turn === 'failing') return { again: { atMs: this.#nextTryMs(way, next) } };
    const result = await this.#attempt(way, next);
    if (result.outcome === 'taken' && result.caseNumber !== undefined) {
      await this.#keepReceipt({ subscription: way.subscription, delivery: next.id, caseNumber: result.caseNumber });
    }
    const leaveAloneMs = result.outcome === 'failed' ? Math.min(result.retryAfterMs ?? 0, LEFT_ALONE_MAX_MS) : 0;
    const back = this.#endpoints.ended(way.endpoint, result.outcome === 'taken', leaveAloneMs);
    if (step.isFollowed && result.outcome === 'taken' && back.length === 0) {
      step.sent.hold(this.#outcomeOf(way, next, result));
      return null;
    }
    const settled = await this.#settle(way, next, { result, step });
    if (settled && 'again' in settled && settled.again) return settled;
    const waiting = back.length === 0 && next.attempts > 0 ? [way.subscription] : back;
    if (waiting.length > 0) await this.#deps.release(waiting);
    return settled;
  }

  /** What a sink throws is a fault of ours, and no reason to lose an entry. */
  async #attempt(way: Way, next: Waiting): Promise<SendResult> {
    try {
      return await way.send(next);
    } catch (error) {
      this.#log.error({ sink: way.sink, error: messageOf(error) }, 'a sink failed inside');
      return failed('The gateway itself failed at it; its log says why.');
    }
  }

  /** Before it is settled: what fails here is sent once more, and answered with the same number. */
  async #keepReceipt(receipt: Receipt): Promise<void> {
    try {
      await this.#deps.receipt?.(receipt);
    } catch (error) {
      if (!(error instanceof CitywatchError && REFUSED_RECEIPTS.includes(error.code))) throw error;
      this.#log.warn({ subscription: receipt.subscription, error: messageOf(error) }, 'a case number was not kept');
    }
  }

  #isOver(next: Waiting, nowMs: number): boolean {
    return nowMs - next.created_at_ms > RETRY_FOR_MS;
  }

  #nextTryMs(way: Way, next: Waiting): number {
    const nowMs = this.#deps.clock.nowMs();
    const pauseMs = retryPauseMs(nowMs - next.created_at_ms, this.#deps.random ?? systemRandom);
    return nowMs + Math.max(pauseMs, this.#endpoints.leftAloneMs(way.endpoint));
  }

  /** Writes down how the attempt ended; as {@link #inTurn}. */
  async #settle(
    way: Way,
    next: Waiting,
    { result, step: { claim, sent } }: { result: SendResult; step: Step },
  ): Promise<WorkResult | Claim | null> {
    const outcome = this.#outcomeOf(way, next, result);
    const isWaiting = outcome.state === 'waiting';
    const ended = await sent.settle(outcome, isWaiting ? null : claim);
    if (result.outcome === 'gone') await this.#outbox.disable(way.subscription, result.reason);
    if (isWaiting) return { again: { atMs: this.#nextTryMs(way, next) } };
    return ended === 'ended' ? ENDED : ended;
  }

  /** As {@link #settle}: nobody is told of this one. */
  async #withhold({ id }: Waiting, { claim, sent }: Step): Promise<Claim | typeof ENDED | null> {
    const ended = await sent.settle({ id, state: 'withheld', status: null, error: NOT_THEIRS }, claim);
    return ended === 'ended' ? ENDED : ended;
  }

  #outcomeOf(way: Way, next: Waiting, result: SendResult): Outcome {
    const nowMs = this.#deps.clock.nowMs();
    const state = stateAfter(result, this.#isOver(next, nowMs));
    this.#attempts.inc({ sink: way.sink, result: state === 'waiting' ? 'failed' : state });
    if (state === 'delivered') this.#latency.observe((nowMs - next.created_at_ms) / 1000);
    const error = result.outcome === 'taken' ? null : result.reason;
    return { id: next.id, state, status: result.status, error };
  }
}

function stateAfter(result: SendResult, isOver: boolean): 'delivered' | 'dead' | 'waiting' {
  if (result.outcome === 'taken') return 'delivered';
  return result.outcome === 'gone' || !result.retryable || isOver ? 'dead' : 'waiting';
}

function failed(reason: string): SendResult {
  return { outcome: 'failed', status: null, reason, retryable: true, retryAfterMs: null };
}
