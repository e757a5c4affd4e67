import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import type { Caller, CommandSpec, DeviceId, DeviceIdentity, DeviceKind } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { commandOf, invalid, readArgs } from './arguments.ts';
import type { OpenDevices } from './open-devices.ts';
import { type CommandRights, requireRight } from './rights.ts';
import {
  type Command,
  type CommandPayload,
  insertCommand,
  newCommand,
  PAYLOAD_COLUMNS,
  payloadOf,
  toCommand,
} from './rows.ts';
import type { CommandTables } from './tables.ts';

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
  /** Opens what a command carries that nobody but its device may read. */
  vault: Pick<Vault, 'open'>;
}

export interface CommandInput {
  name: string;
  args: Record<string, unknown>;
  deadlineAtMs?: number | undefined;
}

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
    const row = newCommand(caller, identity, {
      kindVersion: kind?.version ?? identity.kindVersion,
      name: input.name,
      args: readArgs(input.name, spec, input.args),
      sealed: null,
      createdAtMs: nowMs,
      deadlineAtMs: deadlineOf(input, spec, nowMs),
    });
    open.note(device, true);
    await database.transaction((tx) => insertCommand(tx, clock, { caller, row }));
    this.#outcomes.inc({ what: 'created' });
    this.#deps.ring(device);
    return toCommand(row);
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
      .select([...PAYLOAD_COLUMNS, 'state'])
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
    return rows.map((row) => payloadOf(this.#deps.vault, row));
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

  /** Forgets what was settled long before `nowMs`. */
  async prune(nowMs: number): Promise<void> {
    const beforeMs = nowMs - KEPT_MS;
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
