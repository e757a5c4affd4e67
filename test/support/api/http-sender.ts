import { compare, roundsOf, type Tally } from '../gateway/fleet-read-back.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { lasts } from '../time/lasting.ts';

const PAUSE_MS = 20;
const AGAIN_MS = 100;
const DEADLINE_MS = 15_000;
/** Of so many of the newest receipts the story is asked for. */
const STORIES = 5;

/** A device that sends one reading after the other by HTTP, each until it gets its 202. */
export class HttpSender {
  readonly id: string;
  readonly #gateway: Gateway;
  readonly #secret: string;
  readonly #baseMs: number;
  readonly #receipts: string[] = [];
  /** How often each status was answered; 0: no answer. */
  readonly statuses = new Map<number, number>();
  /** Statuses of refusals that said when to come again. */
  readonly retryAfter = new Set<number>();
  sent = 0;
  acked = 0;
  #running = false;
  #ended = false;

  constructor(gateway: Gateway, { id, secret, baseMs }: { id: string; secret: string; baseMs: number }) {
    this.#gateway = gateway;
    this.id = id;
    this.#secret = secret;
    this.#baseMs = baseMs;
  }

  get waiting(): number {
    return this.sent - this.acked;
  }

  go(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  halt(): void {
    this.#running = false;
  }

  end(): void {
    this.#running = false;
    this.#ended = true;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const round = this.sent;
      this.sent += 1;
      const body = JSON.stringify({ ts: this.#baseMs + round, id: `h-${round}`, values: { weight_kg: round % 5000 } });
      while (!(await this.#post(body)) && !this.#ended) await lasts(AGAIN_MS);
      this.acked += 1;
      await lasts(PAUSE_MS);
    }
  }

  async #post(body: string): Promise<boolean> {
    const answer = await fetch(`${this.#gateway.httpUrl}/api/v1/devices/${this.id}/telemetry`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: { authorization: `Bearer ${this.id}:${this.#secret}`, 'content-type': 'application/json' },
    }).catch(() => null);
    const status = answer?.status ?? 0;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (answer?.headers.has('retry-after')) this.retryAfter.add(status);
    const text = await answer?.text().catch(() => null);
    if (status !== 202 || !text) return false;
    this.#receipts.push(JSON.parse(text).receipt);
    return true;
  }

  /** Compares what is there of it from a round on with what was acknowledged, and asks for the stories of some. */
  async tally(first: number): Promise<Tally> {
    const stored = await roundsOf(this.#gateway, this.id, { baseMs: this.#baseMs, first, last: this.sent });
    const rounds = Array.from({ length: this.sent - first }, (_, index) => first + index);
    const acked = rounds.filter((round) => round < this.acked);
    const tally = compare(`reading of ${this.id}`, { stored, sent: new Set(rounds), acked, isNonsense: false });
    for (const receipt of this.#receipts.slice(-STORIES)) {
      const { items } = await this.#gateway.get(`/messages?id=${receipt}`);
      const outcome = items[0]?.stages.at(-1)?.outcome;
      const isTold = outcome === 'stored' || outcome === 'duplicate';
      if (!isTold) tally.wrong.push(`${receipt} of ${this.id} is told as ${outcome}`);
    }
    return tally;
  }
}
