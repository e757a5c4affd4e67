import { MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { COUNTRY, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DONE, enqueueWork, noteOwnWork, type WorkResult } from '../../platform/work/work.ts';
import { SYSTEM } from '../cameras/setup.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import type { DeviceFollower, DeviceStanding } from '../registry/followers.ts';
import type { MaintenanceInput } from './input.ts';
import { lockState, makeStep } from './life-steps.ts';
import type { LifeTables } from './tables.ts';

/** Work on maintenances that end; the key is the device. */
export const MAINTENANCE_QUEUE = 'maintenance';

/** What is held back while a device is in maintenance. */
export interface WithheldPort {
  /** How many alerts of these devices are held back that fired since then. */
  count(tx: Tables, devices: readonly DeviceId[], sinceMs: number): Promise<number>;
  /** Has it judged again once the transaction is committed. */
  look(tx: Tables): Promise<void>;
  /** After the commit. */
  ring(): void;
}

export interface MaintenancesDeps extends DirectorySyncDeps {
  ownership: Pick<Ownership, 'transaction'>;
  withheld: WithheldPort;
  /** No maintenance may be longer. */
  maxMs: number;
}

/** A time in which a device is or was worked on. */
export interface Maintenance {
  device: DeviceId;
  reason: string;
  by: string;
  fromMs: number;
  /** When it ends by itself. */
  untilMs: number;
  /** Null while it lasts. */
  endedMs: number | null;
  /** Who ended it before; null where it ended by itself. */
  endedBy: string | null;
  /** Alerts of the device and of those below it that are or were held back. */
  withheld: number;
}

type Row = Omit<LifeTables['maintenance'], 'id'>;

const SETTING = 'CITYWATCH_MAINTENANCE_MAX_H';

/**
 * Devices that are worked on. While it lasts, what they send is kept and judged, and alerts of them and of what is
 * below them are held back; when it ends, what still fires is raised. It ends by itself at its time, which stands in
 * the database: no restart prolongs it. Each step is one transaction with its audit row.
 */
export class Maintenances implements DeviceFollower {
  readonly #deps: MaintenancesDeps;
  readonly #sync: DirectorySync;

  constructor(deps: MaintenancesDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /** For a start: has all that last end at their time, whatever became of the work that was noted for it. */
  async start(): Promise<void> {
    const open = this.#deps.database.tables<LifeTables>().selectFrom('maintenance').select(['position_id', 'until_ms']);
    const rows = await open.where('ended_ms', 'is', null).execute();
    await noteOwnWork(this.#deps, rows.map(endOf));
  }

  /**
   * Fails with `not-found`, `request.invalid` for too long a time, and `conflict.state` where the device does not
   * serve, or is in maintenance already: by whom, and until when.
   */
  async begin(caller: Caller, id: DeviceId, { reason, minutes }: MaintenanceInput): Promise<Maintenance> {
    const { clock, maxMs } = this.#deps;
    const lengthMs = minutes * MINUTE_MS;
    if (lengthMs > maxMs) {
      throw invalid(
        'minutes',
        `must be at most ${maxMs / MINUTE_MS}, as ${SETTING} says; begin another one afterwards`,
      );
    }
    const fromMs = clock.nowMs();
    const row: Row = {
      position_id: id,
      reason,
      by_name: caller.name,
      from_ms: fromMs,
      until_ms: fromMs + lengthMs,
      ended_ms: null,
      ended_by: null,
      withheld: 0,
    };
    await this.#sync.commit(id, async (tx) => {
      await lockState(tx, ownArea(caller), id);
      const lasting = await lastingOf(tx, id);
      if (lasting) throw taken(lasting);
      const device = await makeStep(tx, fromMs, {
        caller,
        id,
        to: 'maintenance',
        how: 'maintenance',
        reason,
        action: 'device.maintenance-begin',
      });
      await tx.tables<LifeTables>().insertInto('maintenance').values(row).execute();
      await enqueueWork(tx, clock, [endOf(row)]);
      return { device };
    });
    return shown(row);
  }

  /** Ends it before its time. Fails with `not-found`, and `conflict.state` where there is none, or no longer. */
  async end(caller: Caller, id: DeviceId): Promise<Maintenance> {
    return await this.#end(caller, id, async (tx) => {
      await lockState(tx, ownArea(caller), id);
      const lasting = await lastingOf(tx, id);
      if (!lasting) throw new CitywatchError('conflict.state', { detail: 'The device is not in maintenance.' });
      return lasting;
    });
  }

  /** Handler of {@link MAINTENANCE_QUEUE}: ends the maintenance whose time has come. */
  async handle(id: DeviceId): Promise<WorkResult> {
    const { clock, database } = this.#deps;
    const lasting = await lastingOf(database, id);
    if (!lasting) return DONE;
    if (lasting.until_ms > clock.nowMs()) return { again: { atMs: lasting.until_ms } };
    await this.#end(null, id, async (tx) => {
      await lockState(tx, COUNTRY, id);
      return await lastingOf(tx, id);
    });
    return DONE;
  }

  /** The maintenances of a device, newest first. The caller's right to see it is checked before. */
  async list(
    id: DeviceId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: Maintenance[]; next: string | null }> {
    const { database, withheld } = this.#deps;
    let query = database.tables<LifeTables>().selectFrom('maintenance').selectAll().where('position_id', '=', id);
    if (after !== undefined) query = query.where('id', '<', Number(after));
    const rows = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const items: Maintenance[] = [];
    for (const row of rows.slice(0, limit)) {
      const isOver = row.ended_ms !== null;
      const count = isOver ? row.withheld : await withheld.count(database, await belowOf(database, id), row.from_ms);
      items.push(shown({ ...row, withheld: count }));
    }
    return { items, next: rows.length > limit ? String(rows[limit - 1]!.id) : null };
  }

  /** A device that is retired is not worked on any more. */
  async follow(tx: Tables, devices: ReadonlyMap<DeviceId, DeviceStanding>): Promise<void> {
    for (const [id, { retired }] of devices) {
      const lasting = retired ? await lastingOf(tx, id) : undefined;
      if (lasting) await this.#close(tx, lasting, null);
    }
  }

  async settle(_id: DeviceId, { retired }: DeviceStanding): Promise<void> {
    if (retired) this.#deps.withheld.ring();
  }

  /** `by` is null where it ends by itself. */
  async #end<Found extends Row | undefined>(
    by: Caller | null,
    id: DeviceId,
    find: (tx: Tables) => Promise<Found>,
  ): Promise<Found extends Row ? Maintenance : Maintenance | undefined> {
    const ended = await this.#sync.commitAll([id], async (tx) => {
      const lasting = await find(tx);
      if (!lasting) return { changed: [], result: undefined };
      const atMs = Math.max(this.#deps.clock.nowMs(), lasting.from_ms);
      const device = await makeStep(tx, atMs, {
        caller: by ?? SYSTEM,
        id,
        to: 'in-service',
        how: 'maintenance',
        reason: lasting.reason,
        action: 'device.maintenance-end',
      });
      return { changed: [{ device }], result: await this.#close(tx, lasting, by) };
    });
    this.#deps.withheld.ring();
    return ended as never;
  }

  async #close(tx: Tables, lasting: Row, by: Caller | null): Promise<Maintenance> {
    const { clock, withheld } = this.#deps;
    const { position_id: id, from_ms: fromMs } = lasting;
    const count = await withheld.count(tx, await belowOf(tx, id), fromMs);
    const end = { ended_ms: Math.max(clock.nowMs(), fromMs), ended_by: by?.name ?? null, withheld: count };
    const open = tx.tables<LifeTables>().updateTable('maintenance').set(end).where('position_id', '=', id);
    await open.where('ended_ms', 'is', null).execute();
    await withheld.look(tx);
    return shown({ ...lasting, ...end });
  }
}

function endOf({ position_id, until_ms }: Pick<Row, 'position_id' | 'until_ms'>) {
  return { queue: MAINTENANCE_QUEUE, key: position_id, dueAtMs: until_ms };
}

function lastingOf(tx: Tables, id: DeviceId): Promise<Row | undefined> {
  const rows = tx.tables<LifeTables>().selectFrom('maintenance').selectAll().where('position_id', '=', id);
  return rows.where('ended_ms', 'is', null).executeTakeFirst();
}

/** The device and all below it. */
async function belowOf(tx: Tables, id: DeviceId): Promise<DeviceId[]> {
  const { rows } = await sql<{ id: DeviceId }>`
    with recursive below as (
      select ${id}::text as id union select position.id from position join below on position.parent = below.id
    ) select id from below`.execute(tx.tables());
  return rows.map((row) => row.id);
}

function taken({ by_name, from_ms, until_ms, reason }: Row): CitywatchError {
  const since = `since ${toRfc3339(from_ms)} by ${by_name} (${reason})`;
  const detail = `The device is in maintenance ${since}, until ${toRfc3339(until_ms)}.`;
  return new CitywatchError('conflict.state', { detail });
}

function shown({ position_id, by_name, from_ms, until_ms, ended_ms, ended_by, ...row }: Row): Maintenance {
  const { reason, withheld } = row;
  return {
    device: position_id,
    reason,
    by: by_name,
    fromMs: from_ms,
    untilMs: until_ms,
    endedMs: ended_ms,
    endedBy: ended_by,
    withheld: Number(withheld),
  };
}
