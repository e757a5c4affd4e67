import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Gateway } from '../gateway/gateway.ts';
import type { Owner } from '../services/services.ts';

/** One delivery that was taken. */
export interface Delivery {
  webhookId: string;
  /** `alert.opened` and the like. */
  type: string;
  /** Id of the log entry it tells. */
  event: string;
  alert: {
    id: string;
    dedupKey: string;
    device: string;
    rule: string;
    condition: string;
    version: number;
    stamps: { decidedAt: string };
  };
  atMs: number;
}

const HOST = '127.0.0.1';
/** Networks the gateway must be allowed for it. */
export const RECEIVER_NETWORKS = '127.0.0.0/8';

/** A command centre that judges deliveries by npm `standardwebhooks`, and that can be down for a while. */
export class WebhookReceiver {
  /** Every delivery answered with 204, also those that came again. */
  readonly taken: Delivery[] = [];
  /** Why deliveries were refused. */
  readonly refused: string[] = [];
  /** Whether it goes by the signature alone: the clock of the gateway is set, and its own is not. */
  takesAnyTime = false;
  readonly #sockets = new Set<Socket>();
  #judge: Webhook | null = null;
  #server: Server | null = null;
  #port = 0;

  /** One that is up and subscribed to everything in Ningbo, or as `more` has it, for the bearer of `token`. */
  static async subscribe(
    t: Owner,
    gateway: Gateway,
    { token, ...more }: { token?: string } & Record<string, unknown> = {},
  ): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await receiver.up();
    t.teardown(() => receiver.down());
    const { status, text, body } = await gateway.api('POST', '/subscriptions', {
      body: { name: 'receiver', url: `http://${HOST}:${receiver.#port}/hook`, jurisdiction: '330200', ...more },
      ...(token !== undefined && { token }),
    });
    if (status !== 201) throw new Error(`the subscription was answered ${status}: ${text}`);
    receiver.#judge = new Webhook(body.secret);
    return receiver;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, HOST, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nothing listens on its port any more, and what is under way breaks off. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** What took effect: each `webhook-id` once. */
  get effects(): Delivery[] {
    return [...new Map(this.taken.map((delivery) => [delivery.webhookId, delivery])).values()];
  }

  /** What is missing or too much here, measured against the gateway's log of alerts. */
  async faults(gateway: Gateway): Promise<string[]> {
    const log = await readAlertLog(gateway);
    const told = new Map<string, number>();
    for (const { event } of this.effects) told.set(event, (told.get(event) ?? 0) + 1);
    const faults = log.flatMap(({ id, type, alert }) => {
      const times = told.get(id) ?? 0;
      return times === 1 ? [] : [`${type} of ${alert.dedupKey} was told ${times} times`];
    });
    if (this.effects.length !== log.length) faults.push(`${this.effects.length} effects of ${log.length} entries`);
    return [...faults, ...this.refused, ...orderFaults(this.effects)];
  }

  #verify(body: string, headers: Record<string, string>): void {
    if (!this.takesAnyTime) {
      this.#judge?.verify(body, headers);
      return;
    }
    const { 'webhook-id': id = '', 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
    const right = this.#judge?.sign(id, new Date(Number(at) * 1000), body);
    if (!signatures.split(' ').some((one) => one === right)) throw new Error(`the signature of ${id} is wrong`);
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    try {
      this.#verify(body, request.headers as Record<string, string>);
      const { type, event, data } = JSON.parse(body);
      this.taken.push({
        webhookId: String(request.headers['webhook-id']),
        type,
        event,
        alert: data,
        atMs: Date.now(),
      });
      response.writeHead(204).end();
    } catch (error) {
      this.refused.push(String(error));
      response.writeHead(400).end();
    }
  }
}

/** Within one alert the first delivery of each entry comes in the order of the alert's versions. */
function orderFaults(effects: Delivery[]): string[] {
  const versions = new Map<string, number>();
  return effects.flatMap(({ type, alert: { id, dedupKey, version } }) => {
    const before = versions.get(id) ?? 0;
    versions.set(id, version);
    return version > before ? [] : [`${type} of ${dedupKey}: version ${version} came after ${before}`];
  });
}

export interface LogEntry {
  id: string;
  type: string;
  alert: Delivery['alert'];
}

/** The whole log of alerts. */
export async function readAlertLog(gateway: Gateway): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after = ''; ; ) {
    const { items, cursor } = await gateway.get(`/alerts/events?limit=500${after}`);
    if (items.length === 0) return entries;
    entries.push(...items);
    after = `&after=${encodeURIComponent(cursor)}`;
  }
}
