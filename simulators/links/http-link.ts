import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { type Link, type LinkOptions, type Outgoing, WAITING_MAX } from './link.ts';

const TIMEOUT_MS = 30_000;
const PAUSE_MS = { first: 500, most: 20_000 };
const ROUTES = { telemetry: 'telemetry', event: 'events' } as const;
/** Answers that a device tries again after. */
const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A device that posts its messages, one after the other, and keeps what was not taken. */
export class HttpLink implements Link {
  readonly #options: LinkOptions;
  readonly #agent: PlainAgent;
  #waiting: Outgoing[] = [];
  #isBusy = false;
  #isWanted = false;
  #tries = 0;
  #timer: NodeJS.Timeout | null = null;
  #wake: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
    const { doors, from } = options;
    const settings = { keepAlive: true, maxSockets: 1, ...(from ? { localAddress: from } : {}) };
    const isTls = doors.http.protocol === 'https:';
    this.#agent = isTls
      ? new TlsAgent({ ...settings, ...(doors.ca ? { ca: doors.ca } : {}) })
      : new PlainAgent(settings);
  }

  /** There is no connection that could be down: a post shows it. */
  get isUp(): boolean {
    return this.#isWanted;
  }

  send(message: Outgoing): void {
    // There are no routes for these two: a post shows that a device is there, and nobody commands it.
    const isUnasked = message.channel === 'state' || message.channel === 'reply';
    if (isUnasked || this.#waiting.length >= WAITING_MAX) {
      message.onAck(isUnasked);
      return;
    }
    this.#waiting.push(message);
    void this.#work();
  }

  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#options.onUp?.();
    void this.#work();
  }

  cut(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#wake();
    this.#agent.destroy();
    this.#options.onDown?.();
  }

  abandon(): void {
    const lost = this.#waiting;
    this.#waiting = [];
    this.cut();
    for (const message of lost) message.onAck(false);
  }

  async close(): Promise<void> {
    this.cut();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isWanted && this.#waiting.length > 0) {
      const message = this.#waiting[0]!;
      const status = await this.#post(message).catch(() => null);
      if (status === null || AGAIN.has(status)) {
        if (this.#isWanted) await this.#pause();
        continue;
      }
      this.#tries = 0;
      this.#waiting.shift();
      message.onAck(status < 300);
    }
    this.#isBusy = false;
  }

  #pause(): Promise<void> {
    const pauseMs = Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** Math.min(this.#tries, 10));
    this.#tries += 1;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, pauseMs * (0.5 + this.#options.random()));
    });
  }

  #post({ channel, payload }: Outgoing): Promise<number> {
    const { doors, id, secret } = this.#options;
    const path = `/api/v1/devices/${encodeURIComponent(id)}/${ROUTES[channel as keyof typeof ROUTES]}`;
    const headers = {
      authorization: `Bearer ${id}:${secret}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
    };
    const settings: RequestOptions = { agent: this.#agent, method: 'POST', headers, timeout: TIMEOUT_MS };
    const request = doors.http.protocol === 'https:' ? tlsRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, doors.http), settings, (response) => {
        response.on('error', reject);
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer')));
      asked.on('error', reject);
      asked.end(payload);
    });
  }
}
