import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Door } from '../door.ts';
import { type Verdict, verifyDelivery } from './signature.ts';

/** One delivery as the command centre wrote it down. */
export interface LedgerEntry {
  receivedAtMs: number;
  webhookId: string;
  /** `data.alert.id` or `data.id` of the payload, wherever it stands. */
  alertId: string | null;
  type: string | null;
  /** `data.device` of the payload: what it is about. */
  device: string | null;
  /** `event` of the payload: which entry of the log of alerts it is. */
  place: string | null;
  /** `data.stormCount` of the payload: for how many alerts it stands; 0 for itself alone. */
  storm: number;
  /** `data.stamps` of the payload, Unix ms; null where it has none. */
  stamps: Stamps | null;
  verdict: Verdict | 'unparseable';
  /** Taken before: the effect must not happen again. */
  duplicate: boolean;
  /** Thrown away, whatever was answered. */
  lost: boolean;
  /** What we answered; null when we did not. */
  status: number | null;
  bytes: number;
}

/** When the gateway says that it had the message, decided on it and kept the alert. */
export interface Stamps {
  receivedMs: number;
  decidedMs: number;
  committedMs: number;
}

/**
 * How it treats deliveries: takes them; is not there; answers late; answers with an error; takes the delivery, and the
 * line breaks before the answer; says that it took the delivery, and throws it away.
 */
export type CentreMood = 'open' | 'down' | 'slow' | 'failing' | 'forgetful' | 'lying';

export interface CentreOptions {
  host: string;
  port?: number;
  /** `whsec_...`, one or two while one replaces the other; may be given later. */
  secrets?: string[];
  /** Each entry is appended here as a JSON line. */
  ledgerPath?: string;
  /** How `slow` waits before it answers; half a minute when absent. */
  dawdle?: () => Promise<void>;
  /** Told of each entry. */
  onEntry?(entry: LedgerEntry): void;
}

const halfAMinute = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30_000));

const BODY_MAX_BYTES = 1024 * 1024;
const LEDGER_MAX = 100_000;

/** A command centre that receives alerts by webhook and keeps a ledger of everything that reached it. */
export class CommandCentre {
  readonly #options: CentreOptions;
  readonly #accepted = new Set<string>();
  readonly #door: Door;
  readonly #waiters = new Set<() => void>();
  #mood: CentreMood = 'open';
  secrets: string[];
  /** Newest last, at most {@link LEDGER_MAX}. */
  readonly ledger: LedgerEntry[] = [];

  constructor(options: CentreOptions) {
    this.#options = options;
    this.#door = new Door(options.host, options.port ?? 0);
    this.secrets = options.secrets ?? [];
  }

  get url(): string {
    return `http://${this.#options.host}:${this.#door.port}/alerts`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
    await this.#door.open(server);
  }

  stop(): Promise<void> {
    return this.#door.close();
  }

  /** `down` closes the port; every other mood opens it again. */
  async be(mood: CentreMood): Promise<void> {
    this.#mood = mood;
    if (mood === 'down') await this.stop();
    else if (!this.#door.isOpen) await this.start();
  }

  /** Deliveries that were taken: right signature, first of their id, not answered with an error nor thrown away. */
  get effects(): LedgerEntry[] {
    return this.ledger.filter(
      ({ verdict, duplicate, lost, status }) => verdict === 'right' && !duplicate && !lost && status !== 500,
    );
  }

  /** Resolves when `done` holds for the ledger, asked at each delivery. */
  async until(done: (ledger: readonly LedgerEntry[]) => boolean): Promise<void> {
    while (!done(this.ledger)) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const header = (name: string): string | undefined => request.headers[name]?.toString();
    const webhookId = header('webhook-id') ?? '';
    const parts = {
      id: webhookId,
      timestamp: header('webhook-timestamp'),
      signature: header('webhook-signature'),
      body,
    };
    const signed = verifyDelivery(parts, this.secrets, Date.now());
    const { ok, ...told } = readPayload(body);
    const verdict = signed === 'right' && !ok ? 'unparseable' : signed;
    if (this.#mood === 'slow') await (this.#options.dawdle ?? halfAMinute)();
    const status = this.#statusFor(verdict);
    const duplicate = this.#accepted.has(webhookId);
    const lost = this.#mood === 'lying';
    if (verdict === 'right' && !lost && (status === 204 || status === null)) this.#accepted.add(webhookId);
    const bytes = body.length;
    this.#write({ receivedAtMs: Date.now(), webhookId, ...told, verdict, duplicate, lost, status, bytes });
    if (status === null) response.destroy();
    else response.writeHead(status).end();
  }

  #statusFor(verdict: LedgerEntry['verdict']): number | null {
    if (this.#mood === 'failing') return 500;
    if (verdict !== 'right') return verdict === 'unparseable' ? 400 : 401;
    return this.#mood === 'forgetful' ? null : 204;
  }

  #write(entry: LedgerEntry): void {
    this.ledger.push(entry);
    if (this.ledger.length > LEDGER_MAX) this.ledger.shift();
    const { ledgerPath, onEntry } = this.#options;
    if (ledgerPath) appendFileSync(ledgerPath, `${JSON.stringify(entry)}\n`);
    onEntry?.(entry);
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new Error('the delivery is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Told = Pick<LedgerEntry, 'alertId' | 'type' | 'device' | 'place' | 'storm' | 'stamps'>;

function readPayload(body: Buffer): Told & { ok: boolean } {
  try {
    const { type, data, event } = JSON.parse(body.toString('utf8')) as Record<'type' | 'data' | 'event', unknown>;
    const outer = (data ?? {}) as {
      id?: unknown;
      device?: unknown;
      stormCount?: unknown;
      stamps?: Record<string, unknown>;
      alert?: { id?: unknown } | string;
    };
    const inner = typeof outer.alert === 'string' ? outer.alert : outer.alert?.id;
    const told = { alertId: inner ?? outer.id, type, device: outer.device, place: event };
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const { stormCount } = outer;
    return {
      alertId: text(told.alertId),
      type: text(told.type),
      device: text(told.device),
      place: text(told.place),
      storm: Number.isSafeInteger(stormCount) ? Number(stormCount) : 0,
      stamps: stampsOf(outer.stamps),
      ok: true,
    };
  } catch {
    return { alertId: null, type: null, device: null, place: null, storm: 0, stamps: null, ok: false };
  }
}

function stampsOf(stamps: Record<string, unknown> | undefined): Stamps | null {
  const [receivedMs, decidedMs, committedMs] = ['receivedAt', 'decidedAt', 'committedAt'].map((name) =>
    Date.parse(String(stamps?.[name])),
  ) as [number, number, number];
  return Number.isFinite(receivedMs + decidedMs + committedMs) ? { receivedMs, decidedMs, committedMs } : null;
}
