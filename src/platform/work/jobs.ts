import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined, JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import { redisConnector } from '../outbound/named-sockets.ts';
import { QueueBoard } from './queue-board.ts';
import type { WorkQueue, WorkTicket } from './work.ts';

/**
 * BullMQ as a doorbell: a job says that a queue has work, never what. A lost, doubled or reordered ring changes
 * nothing, because the work stands in PostgreSQL and a sweep looks every second, with or without Redis.
 */
export interface DoorbellOptions {
  redisUrl: string;
  /** Of the database whose work this is: several may share a Redis. */
  databaseId: string;
  work: WorkQueue;
  clock: Clock;
  observer: Observer;
  sweepMs?: number;
}

interface QueueBell {
  queue: Queue;
  worker: Worker;
}

/** A worker that heard nothing for so long asks Redis anew, and learns of a dead connection; BullMQ asks each 5 s. */
const LISTENING_S = 30;

export class Doorbell {
  readonly #options: DoorbellOptions;
  readonly #prefix: string;
  readonly #bells = new Map<string, QueueBell>();
  readonly #connections: Redis[] = [];
  readonly #rings: Counter;
  readonly #stopping = new AbortController();
  readonly #looking = new Joined();
  readonly #sweeping = new JoinedByKey<string>();
  #stopSweep: (() => void) | null = null;
  /** Queues whose ring Redis has not answered yet, and whether they were rung for meanwhile. */
  readonly #ringing = new Map<string, boolean>();
  readonly #said: SayOnce;
  /** Its queues as a page. */
  readonly board = new QueueBoard(() => [...this.#bells.values()].map(({ queue }) => queue));
  /** Whether there is a connection to Redis. */
  #up = false;
  /** Whether {@link stop} is through: no connection lives on. */
  #isOver = false;
  /** A job that a killed process left behind as active must not hold back the rings of the next one. */
  readonly #life = randomUUID();

  constructor(options: DoorbellOptions) {
    this.#options = options;
    this.#said = new SayOnce(options.clock, { everyMs: 10_000 });
    this.#prefix = `citywatch-${options.databaseId}`;
    const registers = [options.observer.metrics];
    this.#rings = new Counter({
      name: 'citywatch_doorbell_total',
      help: 'Keys handed to workers: begun where they were noted, found at the ring of a BullMQ job, or by a sweep.',
      labelNames: ['by'],
      registers,
    });
    const isUp = (): boolean => this.#up;
    new Gauge({
      name: 'citywatch_doorbell_up',
      help: '1 while there is a connection to Redis.',
      registers,
      collect() {
        this.set(isUp() ? 1 : 0);
      },
    });
  }

  /** Opens a queue and a worker for every handler of the work queue. Returns at once; Redis may be down. */
  start(): void {
    // Shared by all queues: each connection learns sixty scripts of BullMQ, which took a tenth of a start.
    const asking = this.#connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    const working = this.#connect({ maxRetriesPerRequest: null });
    for (const name of this.#options.work.queues) this.#bells.set(name, this.#open(name, { asking, working }));
    this.#stopSweep = this.#options.clock.every(this.#options.sweepMs ?? 1_000, () => {
      void this.#looking.run(() => this.#sweep().catch((error: unknown) => this.#complain(error)));
    });
  }

  /**
   * Rings after commit. Never awaited: a ring that is lost is made good by the sweep. While Redis has not answered the
   * last one of a queue, all further ones become one more: in a storm there would be one for each alert, and a Redis
   * that hangs would be owed any number of them.
   */
  ring(name: string): void {
    const bell = this.#bells.get(name);
    if (!bell || !this.#up || this.#stopping.signal.aborted) return;
    const isRinging = this.#ringing.has(name);
    this.#ringing.set(name, isRinging);
    if (isRinging) return;
    bell.queue
      .add(name, {}, { deduplication: { id: `${name} ${this.#life}`, keepLastIfActive: true } })
      .catch((error: unknown) => this.#complain(error))
      .finally(() => {
        const isRungAgain = this.#ringing.get(name);
        this.#ringing.delete(name);
        if (isRungAgain) this.ring(name);
      });
  }

  /**
   * After the commit that noted this work: begins with what was claimed in it, and rings for the rest. Only what there
   * was no room for, or what waited already, costs Redis a job and PostgreSQL a claim.
   */
  noted(tickets: readonly WorkTicket[]): void {
    const left = this.#options.work.begin(tickets, this.#stopping.signal);
    this.#rings.inc({ by: 'hand' }, tickets.length - left.length);
    for (const queue of new Set(left.map((ticket) => ticket.queue))) this.ring(queue);
  }

  up(): boolean {
    return this.#up;
  }

  /** Waits for running handlers within the signal's time, then lets go of Redis. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopSweep?.();
    this.#stopping.abort();
    const cut = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const drained = Promise.allSettled([...this.#bells.values()].map(({ worker }) => worker.close(!this.#up)));
    const swept = this.#looking.settled().then(() => this.#sweeping.settled());
    await Promise.race([Promise.all([drained, swept]), cut]);
    await Promise.race([this.#options.work.idle(), cut]);
    await Promise.race([this.board.close(), cut]);
    await Promise.race([Promise.allSettled([...this.#bells.values()].map(({ queue }) => queue.close())), cut]);
    this.#isOver = true;
    for (const connection of this.#connections) connection.disconnect();
  }

  #open(name: string, { asking, working }: Record<'asking' | 'working', Redis>): QueueBell {
    const queue = new Queue(name, {
      connection: asking,
      prefix: this.#prefix,
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: 100, attempts: 1 },
    });
    const worker = new Worker(name, () => this.#pump(name, 'job'), {
      connection: working,
      prefix: this.#prefix,
      skipVersionCheck: true,
      autorun: true,
      drainDelay: LISTENING_S,
    });
    queue.on('error', (error) => this.#complain(error));
    worker.on('error', (error) => this.#complain(error));
    return { queue, worker };
  }

  #connect(options: Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest'>): Redis {
    const settings: RedisOptions = {
      ...addressOf(this.#options.redisUrl),
      ...options,
      Connector: redisConnector() as RedisOptions['Connector'],
      connectTimeout: 3_000,
      retryStrategy: (times: number) => (this.#isOver ? null : Math.min(1_000, 50 * times)),
    };
    const connection = new Redis({ ...settings, replyMapping: 'legacy' });
    connection.on('ready', () => {
      this.#up = true;
    });
    connection.on('close', () => {
      this.#up = false;
    });
    return this.#keep(connection);
  }

  /**
   * Ours to end, with every copy that BullMQ makes of it: a worker that is closed while its watchdog resets its copy
   * (BullMQ #4479) opens it again afterwards, and it would ask for Redis as long as the process lives.
   */
  #keep(connection: Redis): Redis {
    const { duplicate } = connection;
    connection.duplicate = (options) => this.#keep(duplicate.call(connection, options));
    connection.on('error', (error) => this.#complain(error));
    connection.on('connect', () => {
      if (this.#isOver) connection.disconnect();
    });
    this.#connections.push(connection);
    return connection;
  }

  /** One look at all queues: mostly nothing is due. Each is then pumped by itself, so that none waits for another. */
  async #sweep(): Promise<void> {
    for (const name of await this.#options.work.due()) {
      void this.#sweeping.run(name, () => this.#pump(name, 'sweep').catch((error: unknown) => this.#complain(error)));
    }
  }

  async #pump(name: string, by: 'job' | 'sweep'): Promise<void> {
    this.#rings.inc({ by }, await this.#options.work.pump(name, this.#stopping.signal));
  }

  /** Redis down means hundreds of errors a second: one line in ten seconds says the same (reliability §0.1 row 5). */
  #complain(error: unknown): void {
    if (this.#stopping.signal.aborted || !this.#said.due()) return;
    this.#options.observer.log.warn({ part: 'jobs', error: messageOf(error) }, 'the job queue has trouble');
  }
}

const SOCKET_URL = /^unix:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\/.+)$/;

/** `redis(s)://user:password@host:port/db`, or `unix://:password@/path`, which neither ioredis nor URL can read. */
function addressOf(text: string): RedisOptions {
  const socket = SOCKET_URL.exec(text);
  if (socket) return { path: decodeURIComponent(socket[3] ?? ''), ...loginOf(socket[1] ?? '', socket[2] ?? '') };
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || 6379,
    db: Number(url.pathname.slice(1)) || 0,
    ...loginOf(url.username, url.password),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function loginOf(username: string, password: string): Pick<RedisOptions, 'username' | 'password'> {
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
}
