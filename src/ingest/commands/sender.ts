import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, type Selectable, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { DONE, enqueueWork, noteOwnWork, type WorkResult, type WorkTicket } from '../../platform/work/work.ts';
import type { OpenDevices } from './open-devices.ts';
import type { CommandPort } from './port.ts';
import { COMMANDS_QUEUE, PAYLOAD_COLUMNS, payloadOf } from './rows.ts';
import type { CommandTables } from './tables.ts';

export interface SenderDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  open: OpenDevices;
  ownership: Pick<Ownership, 'write' | 'transaction'>;
  vault: Pick<Vault, 'open'>;
  /** Rings for a device; may be lost, because the work is noted. */
  ring(device: DeviceId): void;
}

/** Commands of one device on their way at the same time. */
const BATCH_MAX = 8;
/** A device that is connected and does not acknowledge is given the command again after this long. */
const RETRY_MS = 30_000;
const STORE_PAUSE_MS = 1_000;
/** More commands than this wait for their pause; the one that has waited longest is sent without the rest of it. */
const HELD_MAX = 10_000;
const RINGS_AT_ONCE = 1_000;

interface Due {
  id: string;
  payload: Buffer;
  deadlineAtMs: number;
}

type OpenRow = Pick<Selectable<CommandTables['command']>, (typeof PAYLOAD_COLUMNS)[number] | 'session'>;

interface OnItsWay {
  port: CommandPort;
  session: string;
  batch: Due[];
  acks: Promise<boolean>[];
}

/**
 * Sends the open commands of one device at a time, in the order in which they were asked for, whenever somebody rings:
 * a new command, a device that begins to listen, a broker that is there again. Each is sent once on each connection
 * until there is a reply; the device knows it again by its id. That it is sent is written down before it is, under the
 * name of the connection: whoever dies in between has no such connection any more, and sends it on the next.
 */
export class CommandSender {
  readonly #deps: SenderDeps;
  readonly #log: Logger;
  readonly #sent: Counter;
  readonly #ports: CommandPort[] = [];
  /** Devices whose acknowledgements are awaited, and those that were rung for meanwhile. */
  readonly #busy = new Map<DeviceId, Promise<void>>();
  readonly #again = new Set<DeviceId>();
  /** Not acknowledged: until when not to send it on the same connection, by connection and command. */
  readonly #held = new BoundedMap<string, number>(HELD_MAX);
  /** Rung for, and not yet noted as work. */
  readonly #rings = new Set<DeviceId>();
  readonly #flushing = new Joined();
  readonly #stopping = new AbortController();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'commands' });
    this.#sent = new Counter({
      name: 'citywatch_command_sends_total',
      help: 'Commands sent, by whether they were acknowledged.',
      labelNames: ['acknowledged'],
      registers: [deps.observer.metrics],
    });
  }

  /** One more way to devices; a device is told on the first one that reaches it. */
  connect(port: CommandPort): void {
    this.#ports.push(port);
  }

  /** Whether some devices are told by somebody who cannot say whether they are there. */
  get isToldBlindly(): boolean {
    return this.#ports.some(({ acknowledgedBy }) => acknowledgedBy === 'broker');
  }

  /**
   * A device listens to its commands from now on; without one, all do. Costs nothing when there is none for it. After
   * `stop` it does nothing: whoever starts next is told by the connections of its own.
   */
  listening(device?: DeviceId): void {
    if (this.#stopping.signal.aborted) return;
    if (device === undefined) for (const id of this.#deps.open.all()) this.#rings.add(id);
    else if (this.#deps.open.has(device)) this.#rings.add(device);
    void this.flush();
  }

  /** Notes who was rung for as work to be done. What cannot be noted now is tried again at the next call. */
  flush(): Promise<void> {
    return this.#flushing.run(() =>
      this.#flush().catch((error: unknown) => {
        this.#log.warn({ error: messageOf(error) }, 'commands wait for the database');
      }),
    );
  }

  async #flush(): Promise<void> {
    // A district that comes back rings within the same turn.
    await Promise.resolve();
    while (this.#rings.size > 0 && !this.#stopping.signal.aborted) {
      const devices = [...this.#rings].slice(0, RINGS_AT_ONCE);
      await noteOwnWork(this.#deps, ticketsFor(devices, this.#deps.clock.nowMs()));
      for (const device of devices) {
        this.#rings.delete(device);
        this.#deps.ring(device);
      }
    }
  }

  /** Handler of the queue `commands`; the key is the device. Does not wait for acknowledgements: one may take long. */
  async handle(device: DeviceId): Promise<WorkResult> {
    if (this.#busy.has(device)) {
      this.#again.add(device);
      return DONE;
    }
    const { clock } = this.#deps;
    const rows = await this.#open(device);
    this.#deps.open.note(device, rows.length > 0);
    const way = this.#wayTo(device);
    if (way === null) return DONE;
    const { session } = way;
    const nowMs = clock.nowMs();
    const open = rows.filter((row) => row.session !== session && row.deadline_at_ms > nowMs);
    const untilMs = (id: string): number => this.#held.get(`${session} ${id}`) ?? 0;
    const due = open.filter(({ id }) => untilMs(id) <= nowMs).slice(0, BATCH_MAX);
    const heldUntilMs = open.map(({ id }) => untilMs(id)).filter((atMs) => atMs > nowMs);
    if (due.length > 0) await this.#sendAll(device, way, due);
    return heldUntilMs.length === 0 ? DONE : { again: { atMs: Math.min(...heldUntilMs) } };
  }

  #wayTo(device: DeviceId): Pick<OnItsWay, 'port' | 'session'> | null {
    for (const port of this.#ports) {
      const session = port.session(device);
      if (session !== null) return { port, session };
    }
    return null;
  }

  async #sendAll(device: DeviceId, { port, session }: Pick<OnItsWay, 'port' | 'session'>, due: OpenRow[]) {
    const nowMs = this.#deps.clock.nowMs();
    const marked = await this.#markSent(
      due.map(({ id }) => id),
      session,
    );
    const batch = due
      .filter(({ id }) => marked.has(id))
      .map((row) => ({
        id: row.id,
        deadlineAtMs: row.deadline_at_ms,
        payload: Buffer.from(JSON.stringify(payloadOf(this.#deps.vault, row))),
      }));
    const acks = batch.map((one) => port.send(device, one.payload, one.deadlineAtMs - nowMs).catch(() => false));
    const settled = this.#settle(device, { port, session, batch, acks }).then(() => {
      this.#busy.delete(device);
      const isMore = due.length === BATCH_MAX;
      if (this.#again.delete(device) || isMore) this.listening(device);
    });
    this.#busy.set(device, settled);
  }

  /** Resolves once what was sent is acknowledged or given up, and that is written down. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values());
    await this.#flushing.settled();
  }

  /** Resolves once nothing is awaited any more; call it when the way to the devices is closed. Nothing begins after. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.settled();
  }

  async #open(device: DeviceId) {
    return await this.#table()
      .selectFrom('command')
      .select([...PAYLOAD_COLUMNS, 'session'])
      .where('device', '=', device)
      .where('settled_at_ms', 'is', null)
      .orderBy('seq')
      .execute();
  }

  /** The ids that are still open, and now written down as sent. */
  async #markSent(ids: string[], session: string): Promise<Set<string>> {
    const body = sql`
      update command set state = case when state = 'queued' then 'sent' else state end, sends = sends + 1,
        sent_at_ms = ${this.#deps.clock.nowMs()}, session = ${session}
      from owner where id = any (${ids}::uuid[]) and settled_at_ms is null
      returning id`;
    const statement = { what: 'that commands are sent', body };
    const marked = await this.#deps.ownership.write<{ id: string }>(this.#deps.database, statement);
    return new Set(marked.map(({ id }) => id));
  }

  /** Writes down what became of what was sent. */
  async #settle(device: DeviceId, { port, session, batch, acks }: OnItsWay): Promise<void> {
    const acked = await Promise.all(acks);
    const ids = (wanted: boolean) => batch.filter((_, index) => acked[index] === wanted).map(({ id }) => id);
    const [taken, left] = [ids(true), ids(false)];
    for (const id of left) this.#held.set(`${session} ${id}`, this.#deps.clock.nowMs() + RETRY_MS);
    this.#sent.inc({ acknowledged: 'yes' }, taken.length);
    this.#sent.inc({ acknowledged: 'no' }, left.length);
    const isDelivered = port.acknowledgedBy === 'device' && taken.length > 0;
    if (isDelivered) await this.#insist(() => this.#markDelivered(taken));
    if (left.length > 0) await this.#insist(() => this.#sendAgain(device, left, session));
  }

  async #markDelivered(ids: string[]): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    const body = sql`
      update command set state = case when settled_at_ms is null then 'delivered' else state end,
        delivered_at_ms = coalesce(delivered_at_ms, ${nowMs}::bigint)
      from owner where id = any (${ids}::uuid[])
      returning id`;
    await this.#deps.ownership.write(this.#deps.database, { what: 'that commands are delivered', body });
  }

  async #sendAgain(device: DeviceId, ids: string[], session: string): Promise<void> {
    const { database, clock, ownership } = this.#deps;
    await ownership.transaction(database, 'that commands are sent again', async (tx) => {
      const sent = tx.tables<CommandTables>().updateTable('command').set({ session: null }).where('id', 'in', ids);
      await sent.where('session', '=', session).execute();
      await enqueueWork(tx, clock, ticketsFor([device], clock.nowMs() + RETRY_MS));
    });
  }

  /** The database may be away for a while; what became of a command must be written down all the same. */
  async #insist(write: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        const passes = error instanceof CitywatchError && error.retryable;
        this.#log.warn({ error: messageOf(error) }, 'what became of a command is not written down yet');
        if (!passes || signal.aborted) return;
      }
      await this.#deps.clock.sleep(STORE_PAUSE_MS, signal);
    }
  }

  #table() {
    return this.#deps.database.tables<CommandTables>();
  }
}

function ticketsFor(devices: DeviceId[], dueAtMs: number): WorkTicket[] {
  return devices.map((key) => ({ queue: COMMANDS_QUEUE, key, priority: 2, dueAtMs }));
}
