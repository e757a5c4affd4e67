import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Counter, Histogram, type Observer } from '../../core/observe.ts';
import type { Database } from '../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import { Outbox, type Waiting } from '../route/outbox.ts';
import { Endpoints } from './endpoints.ts';
import { RETRY_FOR_MS, retryPauseMs, signWebhook } from './webhook.ts';

/** Where receivers may stand: CITYWATCH_WEBHOOK_NETWORKS. */
export interface WebhookReach {
  cidrs: readonly string[];
  names: 'webhooks';
}

/** The one way out: contacts only the allowed networks, follows no redirect, and lets the status line decide. */
export interface WebhookPort {
  http(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string;
    deadlineMs: number;
    maxBytes: number;
    statusOnly: true;
    networks: WebhookReach;
    setting: string;
  }): Promise<{ status: number }>;
}

/** Opens what the vault sealed. */
export interface SecretBox {
  seal(plain: string): string;
  open(sealed: string): string;
}

export interface DeliveryDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  outbound: WebhookPort;
  vault: SecretBox;
  networks: WebhookReach;
  /** The endpoint answers again: makes everything due that waits for it, instead of at its own next step. */
  release(subscriptionId: string): Promise<void>;
  random?: () => number;
}

interface Attempt {
  status: number | null;
  /** Null when the receiver took it. */
  error: string | null;
}

/** Keys held at the same time: room for several receivers that answer, but slowly. */
export const DELIVERIES_AT_ONCE = 512;
const ATTEMPT_DEADLINE_MS = 10_000;
/** A key is given back after this long, well before its claim ends; what is left of it goes on at once. */
const HANDLE_FOR_MS = 20_000;
const CROWDED_PAUSE_MS = 200;
const ANSWER_BYTES_MAX = 64 * 1024;
/** The receiver says it is gone for good (Standard Webhooks: disable the endpoint). */
const GONE = 410;

/**
 * Sends the outbox of one subscription and alert, oldest first: a clear never overtakes its alarm, while other alerts
 * go their own way. Delivered at least once, with one constant `webhook-id`, so a receiver can make the effect happen
 * once.
 */
export class WebhookDelivery {
  readonly #deps: DeliveryDeps;
  readonly #attempts: Counter;
  readonly #latency: Histogram;
  readonly #endpoints = new Endpoints();
  readonly #outbox: Outbox;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox(deps.database, deps.clock);
    const registers = [deps.observer.metrics];
    this.#attempts = new Counter({
      name: 'citywatch_webhook_attempts_total',
      help: 'Attempts to deliver a log entry to a subscription.',
      labelNames: ['result'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'citywatch_webhook_latency_seconds',
      help: 'From the commit of a log entry to its delivery.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600, 3600],
      registers,
    });
  }

  /** Receivers of which enough keys are claimed already. */
  crowded(): string[] {
    return this.#endpoints.crowded();
  }

  /** Handler of the queue `delivery`; the key is `subscription alert`. */
  async handle(key: string, signal: AbortSignal): Promise<WorkResult> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + HANDLE_FOR_MS;
    const { receiver, entries, more } = await this.#outbox.load(key);
    if (!receiver) return DONE;
    if (receiver.state !== 'active') {
      this.#endpoints.forget(receiver.id);
      await this.#outbox.withhold(key);
      return DONE;
    }
    const secrets = receiver.secrets.map((sealed) => this.#deps.vault.open(sealed));
    for (const next of entries) {
      if (signal.aborted || clock.monotonicMs() >= endMs) return { again: { atMs: clock.nowMs() } };
      const pause = await this.#inTurn(receiver.id, next, () => this.#attempt(receiver.url, secrets, next));
      if (pause !== null) return { again: { atMs: pause } };
    }
    return more ? { again: { atMs: clock.nowMs() } } : DONE;
  }

  /** One attempt, if it is this entry's turn; returns when to try again, or null when the entry is settled. */
  async #inTurn(subscriptionId: string, next: Waiting, attempt: () => Promise<Attempt>): Promise<number | null> {
    const { clock } = this.#deps;
    const turn = await this.#endpoints.enter(subscriptionId, this.#isOver(next, clock.nowMs()));
    if (turn === 'crowded') return clock.nowMs() + CROWDED_PAUSE_MS;
    if (turn === 'failing') return this.#nextTryMs(next, clock.nowMs());
    let isBack = false;
    let result: Attempt = { status: null, error: 'not sent' };
    try {
      result = await attempt();
    } finally {
      isBack = this.#endpoints.ended(subscriptionId, result.error === null);
    }
    const pause = await this.#settle(subscriptionId, next, result);
    if (pause === null && (isBack || next.attempts > 0)) await this.#deps.release(subscriptionId);
    return pause;
  }

  #isOver(next: Waiting, nowMs: number): boolean {
    return nowMs - next.created_at_ms > RETRY_FOR_MS;
  }

  #nextTryMs(next: Waiting, nowMs: number): number {
    return nowMs + retryPauseMs(nowMs - next.created_at_ms, (this.#deps.random ?? Math.random)());
  }

  async #attempt(url: string, secrets: string[], next: Waiting): Promise<Attempt> {
    const timestampS = Math.floor(this.#deps.clock.nowMs() / 1000);
    const body = JSON.stringify({
      type: next.type,
      timestamp: next.body.at,
      data: next.body.alert,
      event: next.body.id,
    });
    try {
      const { status } = await this.#deps.outbound.http({
        url,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'citywatch',
          'webhook-id': next.webhook_id,
          'webhook-timestamp': String(timestampS),
          'webhook-signature': signWebhook(secrets, { id: next.webhook_id, timestampS, body }),
        },
        body,
        deadlineMs: ATTEMPT_DEADLINE_MS,
        maxBytes: ANSWER_BYTES_MAX,
        statusOnly: true,
        networks: this.#deps.networks,
        setting: 'CITYWATCH_WEBHOOK_NETWORKS',
      });
      return { status, error: complaintOf(status) };
    } catch (error) {
      return { status: null, error: error instanceof CitywatchError ? error.message : messageOf(error) };
    }
  }

  /** Writes down how the attempt ended; returns when to try again, or null when this entry is settled. */
  async #settle(subscriptionId: string, next: Waiting, { status, error }: Attempt): Promise<number | null> {
    const nowMs = this.#deps.clock.nowMs();
    const delivered = error === null;
    const dead = !delivered && (status === GONE || this.#isOver(next, nowMs));
    const state = delivered ? 'delivered' : dead ? 'dead' : 'waiting';
    this.#attempts.inc({ result: delivered ? 'delivered' : dead ? 'dead' : 'failed' });
    if (delivered) this.#latency.observe((nowMs - next.created_at_ms) / 1000);
    await this.#outbox.settle({ webhookId: next.webhook_id, state, status, error });
    if (status === GONE) await this.#outbox.disable(subscriptionId, 'The receiver answered 410 Gone.');
    return state === 'waiting' ? this.#nextTryMs(next, nowMs) : null;
  }
}

/** Null for a status by which the receiver took it. */
function complaintOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status < 300 || status >= 400) return `The receiver answered with status ${status}.`;
  return (
    `The receiver answered with status ${status}, a redirect, which is not followed: ` +
    'make a subscription with the address it leads to.'
  );
}
