import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import type { Caller, CommandSpec, DeviceId, DeviceIdentity, DeviceKind } from '../../core/types.ts';
import { type Database, jsonb, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { commandOf, invalid, readArgs } from './arguments.ts';
import type { CommandState } from './life.ts';
import type { OpenDevices } from './open-devices.ts';
import { type CommandRights, requireRight } from './rights.ts';
import type { CommandTables } from './tables.ts';

export const COMMANDS_QUEUE = 'commands';

/** Open commands of one device; more would be a device that never answers, or a caller that never waits. */
export const OPEN_MAX = 100;
const LIMIT_LOCK = 6_104_220_304;
const EXPIRED_AT_ONCE = 500;
/** Settled commands are kept this long; their audit rows stay. */
const KEPT_MS = 90 * DAY_MS;

export interface CommandsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  kinds: { latest(kind: string): DeviceKind | undefined };
  /** Undefined alike for a device that is foreign, unknown or retired. */
  directory: { seenBy(caller: Caller, id: DeviceId): DeviceIdentity | undefined };
  open: OpenDevices;
  rights: CommandRights;
  /** Says that there is work for this device; may be lost. */
  ring(device: DeviceId): void;
  ownership: Pick<Ownership, 'write' | 'transaction'>;
}

export interface CommandInput {
  name: string;
  args: Record<string, unknown>;
  deadlineAtMs?: number | undefined;
}

/** One command as people see it. */
export interface Command {
  id: string;
  device: DeviceId;
  name: string;
  args: Record<string, unknown>;
  state: CommandState;
  by: { type: string; id: string; name: string };
  createdAtMs: number;
  deadlineAtMs: number;
  /** How often it was sent: again on each new connection of the device until there is a reply. */
  sends: number;
  sentAtMs: number | null;
  deliveredAtMs: number | null;
  settledAtMs: number | null;
  /** The first reply; `late` when it came after the deadline; `cut` when its result was too long to be kept. */
  reply: { ok: boolean; result: unknown; cut: boolean; late: boolean; atMs: number; receipt: string } | null;
}

/** What the device gets: the payload of its command topic. */
export interface CommandPayload {
  id: string;
  name: string;
  args: Record<string, unknown>;
  /** Unix time in ms. */
  deadline: number;
}

type CommandRow = Selectable<CommandTables['command']>;

/** What devices are told to do: taken in, listed, handed over to those that ask, and closed when nobody answers. */
export class Commands {
  readonly #deps: CommandsDeps;
  readonly #outcomes: Counter;

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
    const registers = [deps.observer.metrics];
    this.#outcomes = new Counter({
      name: 'citywatch_commands_total',
      help: 'Commands taken in, and expired.',
      labelNames: ['what'],
      registers,
    });
    new Gauge({
      name: 'citywatch_command_devices_open',
      help: 'Devices with a command that is open.',
      registers,
      collect() {
        this.set(deps.open.size);
      },
    });
  }

  /**
   * Takes a command in. When this resolves it is durable, with its audit row: it will be sent, or expire. Errors:
   * `not-found`, `auth.forbidden` (it needs another role), `request.invalid`, `conflict.state` (too many wait).
   */
  async create(caller: Caller, device: DeviceId, input: CommandInput): Promise<Command> {
    const { directory, kinds, database, open, clock, rights } = this.#deps;
    const identity = directory.seenBy(caller, device);
    if (!identity) throw new CitywatchError('not-found');
    const kind = kinds.latest(identity.kind);
    const spec = commandOf(kind, input.name);
    requireRight(rights, caller, { name: input.name, role: spec.role, jurisdiction: identity.jurisdiction });
    const nowMs = clock.nowMs();
    const row: CommandRow = {
      id: randomUUID(),
      seq: 0,
      device,
      kind: identity.kind,
      kind_version: kind?.version ?? identity.kindVersion,
      jurisdiction: identity.jurisdiction,
      name: input.name,
      args: readArgs(input.name, spec, input.args),
      state: 'queued',
      caller_type: caller.type,
      caller_id: caller.id,
      caller_name: caller.name,
      created_at_ms: nowMs,
      deadline_at_ms: deadlineOf(input, spec, nowMs),
      session: null,
      sends: 0,
      sent_at_ms: null,
      delivered_at_ms: null,
      settled_at_ms: null,
      reply_ok: null,
      reply_result: null,
      reply_cut: false,
      reply_at_ms: null,
      reply_receipt: null,
    };
    open.note(device, true);
    await database.transaction((tx) => this.#insert(tx, caller, row));
    this.#outcomes.inc({ what: 'created' });
    this.#deps.ring(device);
    return toCommand(row);
  }

  async #insert(tx: Tables, caller: Caller, row: CommandRow): Promise<void> {
    const db = tx.tables<CommandTables>();
    const { device, seq: _, ...columns } = row;
    // Callers of the same device count one after the other.
    await sql`select pg_advisory_xact_lock(${sql.lit(LIMIT_LOCK % 2 ** 31)}, hashtext(${device}))`.execute(db);
    const { count } = await db
      .selectFrom('command')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('device', '=', device)
      .where('settled_at_ms', 'is', null)
      .executeTakeFirstOrThrow();
    if (count >= OPEN_MAX) {
      const detail = `${count} commands wait for this device already; wait until some are answered or expire.`;
      throw new CitywatchError('conflict.state', { detail });
    }
    await db
      .insertInto('command')
      .values({ ...columns, device, args: jsonb(row.args) })
      .execute();
    await enqueueWork(tx, this.#deps.clock, [{ queue: COMMANDS_QUEUE, key: device, priority: 2 }]);
    const { id, name, args, jurisdiction, created_at_ms: atMs } = row;
    const after = { id, name, args, deadline: toRfc3339(row.deadline_at_ms) };
    await recordAudit(tx, {
      caller,
      action: 'command.create',
      subject: `device/${device}`,
      jurisdiction,
      after,
      atMs,
    });
  }

  /** Newest first; `openOnly` leaves out what is settled. Errors: `not-found`. */
  async list(
    caller: Caller,
    device: DeviceId,
    { openOnly, limit, after }: { openOnly: boolean; limit: number; after?: string },
  ): Promise<{ items: Command[]; next: string | null }> {
    if (!this.#deps.directory.seenBy(caller, device)) throw new CitywatchError('not-found');
    let query = this.#table().selectFrom('command').selectAll().where('device', '=', device);
    if (openOnly) query = query.where('settled_at_ms', 'is', null);
    if (after !== undefined) query = query.where('seq', '<', Number(after));
    const rows = await query
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    return { items: page.map(toCommand), next: rows.length > limit ? String(page.at(-1)!.seq) : null };
  }

  /** Errors: `not-found`, also for a command of another device. */
  async get(caller: Caller, device: DeviceId, id: string): Promise<Command> {
    const seen = this.#deps.directory.seenBy(caller, device);
    const query = this.#table().selectFrom('command').selectAll().where('id', '=', id).where('device', '=', device);
    const row = seen && (await query.executeTakeFirst());
    if (!row) throw new CitywatchError('not-found');
    return toCommand(row);
  }

  /**
   * The open commands of a device that asks for them itself, oldest first. The same ones come each time until they are
   * answered, because nobody knows whether an answer arrived.
   */
  async handOver(device: DeviceId): Promise<CommandPayload[]> {
    if (!this.#deps.open.has(device)) return [];
    const nowMs = this.#deps.clock.nowMs();
    const rows = await this.#table()
      .selectFrom('command')
      .select(['id', 'name', 'args', 'deadline_at_ms', 'state'])
      .where('device', '=', device)
      .where('settled_at_ms', 'is', null)
      .where('deadline_at_ms', '>', nowMs)
      .orderBy('seq')
      .execute();
    const fresh = rows.filter(({ state }) => state === 'queued').map(({ id }) => id);
    if (fresh.length > 0) {
      const body = sql`
        update command set state = 'sent', sends = sends + 1, sent_at_ms = ${nowMs} from owner
        where id = any (${fresh}::uuid[]) and state = 'queued' returning id`;
      await this.#deps.ownership.write(this.#deps.database, { what: 'that commands are sent', body });
    }
    return rows.map(payloadOf);
  }

  /** Closes what nobody answered, once everything received until `untilMs` has been read. Returns how many. */
  async expire(untilMs: number): Promise<number> {
    for (let closed = 0; ; ) {
      const body = sql`
        with late as (
          select id from command where settled_at_ms is null and deadline_at_ms < ${untilMs}
          order by deadline_at_ms limit ${EXPIRED_AT_ONCE} for update skip locked
        )
        update command set state = 'expired', settled_at_ms = ${this.#deps.clock.nowMs()}
        from owner, late where command.id = late.id
        returning device`;
      const statement = { what: 'that commands have expired', body };
      const rows = await this.#deps.ownership.write<{ device: string }>(this.#deps.database, statement);
      await this.#deps.open.refresh([...new Set(rows.map(({ device }) => device))]);
      this.#outcomes.inc({ what: 'expired' }, rows.length);
      closed += rows.length;
      if (rows.length < EXPIRED_AT_ONCE) return closed;
    }
  }

  /** Forgets what was settled long ago. */
  async prune(): Promise<void> {
    const beforeMs = this.#deps.clock.nowMs() - KEPT_MS;
    await this.#deps.ownership.transaction(this.#deps.database, 'that old commands are gone', (tx) =>
      tx.tables<CommandTables>().deleteFrom('command').where('settled_at_ms', '<', beforeMs).execute(),
    );
  }

  #table() {
    return this.#deps.database.tables<CommandTables>();
  }
}

function deadlineOf({ name, deadlineAtMs }: CommandInput, spec: CommandSpec, nowMs: number): number {
  if (deadlineAtMs === undefined) return nowMs + Math.round(spec.timeoutS * 1000);
  if (deadlineAtMs <= nowMs) throw invalid([{ path: 'deadline', message: 'is over already' }]);
  if (deadlineAtMs <= nowMs + spec.expiresS * 1000) return deadlineAtMs;
  throw invalid([{ path: 'deadline', message: `is too far away: ${name} may wait ${spec.expiresS} s at most` }]);
}

export function payloadOf(row: Pick<CommandRow, 'id' | 'name' | 'args' | 'deadline_at_ms'>): CommandPayload {
  return { id: row.id, name: row.name, args: row.args, deadline: row.deadline_at_ms };
}

function toCommand(row: CommandRow): Command {
  return {
    id: row.id,
    device: row.device,
    name: row.name,
    args: row.args,
    state: row.state,
    by: { type: row.caller_type, id: row.caller_id, name: row.caller_name },
    createdAtMs: row.created_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    sends: row.sends,
    sentAtMs: row.sent_at_ms,
    deliveredAtMs: row.delivered_at_ms,
    settledAtMs: row.settled_at_ms,
    reply: replyOf(row),
  };
}

function replyOf(row: CommandRow): Command['reply'] {
  const { reply_ok: ok, reply_result: text, reply_cut: cut, reply_at_ms: atMs, reply_receipt: receipt } = row;
  if (ok === null || atMs === null) return null;
  const result: unknown = text === null ? null : JSON.parse(text);
  return { ok, result, cut, late: row.state === 'expired', atMs, receipt: receipt ?? '' };
}
