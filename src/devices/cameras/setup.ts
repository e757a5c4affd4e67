import { isDeepStrictEqual } from 'node:util';
import { systemCaller } from '../../core/callers/system-caller.ts';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { COUNTRY } from '../../core/jurisdiction.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, jsonb, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { CameraInspection } from '../onvif/inspect.ts';
import { isPaused, OnvifError } from '../onvif/problems.ts';
import { type OnvifAccess, openOnvif, type StoredStream, shownAddresses } from '../registry/connections.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { accessHash } from './access-hash.ts';
import type { CameraUnits } from './units.ts';

export const CAMERA_SETUP_QUEUE = 'camera-setup';

/** Who writes what a camera says of itself. */
export const SYSTEM: Caller = systemCaller({ id: 'citywatch', name: 'citywatch', role: 'admin' });

export interface SetupTables extends RegistryTables {
  camera_setup: {
    device: string;
    attempt: string;
    state: 'trying' | 'done' | 'failed';
    problem: string | null;
    hint: string | null;
    at_ms: number;
    clock_skew_ms: number | null;
    profiles: unknown;
    snapshot_url: string | null;
  };
}

/** How asking a camera went, for the technician who registered it. */
export interface SetupStatus {
  state: 'trying' | 'done' | 'failed';
  problem: string | null;
  hint: string | null;
  atMs: number;
  clockSkewMs: number | null;
  profiles: unknown;
}

export interface CameraSetupDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  observer: Observer;
  vault: Vault;
  access(id: DeviceId): Promise<OnvifAccess | null>;
  inspect(target: OnvifAccess): Promise<CameraInspection>;
  /** Says whether it is the unit that is registered (`CameraUnits.judge`). */
  units: Pick<CameraUnits, 'judge'>;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

/** For errors. */
const INTRODUCTION = 'the introduction of a camera';
const WHILE_PAUSED_MS = 5_000;
/** A camera that is not there yet is asked again: soon at first, then every ten minutes or less. */
const AGAIN_PAUSES = { minMs: 2_000, maxMs: 600_000 };

/** Asks a registered camera over ONVIF who it is and where its streams are, and keeps the answer with its position. */
export class CameraSetup {
  readonly #deps: CameraSetupDeps;
  readonly #log: Logger;
  readonly #failures = new Map<DeviceId, number>();

  constructor(deps: CameraSetupDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'camera-setup' });
  }

  /** Handler of the queue `camera-setup`; the key is the device's id. */
  async handle(id: DeviceId): Promise<WorkResult> {
    const { clock, database, ownership } = this.#deps;
    const access = await this.#deps.access(id);
    if (!access) return DONE;
    const attempt = accessHash(access);
    const known = await this.#row(id);
    if (known?.attempt === attempt && known.state === 'done') return DONE;
    try {
      const found = await this.#deps.inspect(access);
      const verdict = await ownership.transaction(database, INTRODUCTION, (tx) =>
        this.#keep(tx, { id, access, attempt, found }),
      );
      verdict?.told();
      if (verdict && !verdict.same) throw new OnvifError('other-unit');
      this.#failures.delete(id);
      this.#log.info({ device: id, maker: found.maker, model: found.model }, 'camera introduced itself');
      return DONE;
    } catch (error) {
      if (error instanceof CitywatchError && isNotOfTheCamera(error)) throw error;
      // It was not asked at all: what it failed with before is what a technician has to know.
      if (isPaused(error)) return { again: { atMs: clock.nowMs() + WHILE_PAUSED_MS } };
      await this.#fail(id, attempt, error);
      const failures = this.#failures.get(id) ?? 0;
      this.#failures.set(id, failures + 1);
      const pauseMs = jittered(backoffMs(AGAIN_PAUSES, failures), this.#deps.random ?? systemRandom);
      return { again: { atMs: clock.nowMs() + pauseMs } };
    }
  }

  /** Null for a device that was never asked. The caller has checked that the device may be seen. */
  async status(id: DeviceId): Promise<SetupStatus | null> {
    const row = await this.#row(id);
    if (!row) return null;
    const { state, problem, hint, at_ms: atMs, clock_skew_ms: clockSkewMs, profiles } = row;
    return { state, problem, hint, atMs, clockSkewMs, profiles };
  }

  /** Cameras with an ONVIF address that were never asked, for the start: their work may have been lost with us. */
  async unasked(): Promise<DeviceId[]> {
    const rows = await this.#deps.database
      .tables<SetupTables>()
      .selectFrom('position')
      .leftJoin('camera_setup', 'camera_setup.device', 'position.id')
      .select('position.id')
      .where('position.onvif', 'is not', null)
      .where('position.state', '!=', 'retired')
      .where((eb) => eb.or([eb('camera_setup.state', 'is', null), eb('camera_setup.state', '!=', 'done')]))
      .execute();
    return rows.map(({ id }) => id);
  }

  async #row(id: DeviceId) {
    const db = this.#deps.database.tables<SetupTables>();
    return await db.selectFrom('camera_setup').selectAll().where('device', '=', id).executeTakeFirst();
  }

  async #keep(
    tx: Tables,
    { id, access, attempt, found }: { id: DeviceId; access: OnvifAccess; attempt: string; found: CameraInspection },
  ) {
    const db = tx.tables<SetupTables>();
    const atMs = this.#deps.clock.nowMs();
    const position = db.selectFrom('position').select(['onvif', 'stream']).where('id', '=', id);
    const now = await position.where('state', '!=', 'retired').forUpdate().executeTakeFirst();
    // Changed while it was asked: what it said belongs to another camera, and the change has asked for a new round.
    if (!now?.onvif || accessHash(openOnvif(this.#deps.vault, id, now.onvif)) !== attempt) return null;
    const before = await findDevice(tx, COUNTRY, id);
    if (!before) return null;
    const verdict = await this.#deps.units.judge(tx, id, found);
    if (!verdict?.same) return verdict;
    const { maker, model, firmware } = found;
    // What it is known by stays known when it does not tell: somebody may have read it off the label.
    const marks = Object.entries({ serial: found.serial, mac: found.mac, endpoint: found.endpoint });
    const told = Object.fromEntries(marks.filter(([, mark]) => mark !== null));
    const unit = db.selectFrom('assignment').select('unit_id').where('position_id', '=', id).where('to_ms', 'is', null);
    await db
      .updateTable('unit')
      .set({ maker, model, firmware, ...told })
      .where('id', '=', unit)
      .execute();
    const stream = this.#streamOf(id, access, found);
    await db
      .updateTable('position')
      .set({ stream: jsonb(stream) })
      .where('id', '=', id)
      .execute();
    const seen = { ...(await findDevice(tx, COUNTRY, id)), ...shownAddresses({ stream, onvif: null }) };
    const seenBefore = { ...before, ...shownAddresses({ stream: now.stream, onvif: null }) };
    // An edit that was begun before must not be refused for an introduction that told nothing new.
    if (!isDeepStrictEqual(seen, seenBefore)) {
      const raised = { version: before.version + 1, updated_at_ms: atMs };
      await db.updateTable('position').set(raised).where('id', '=', id).execute();
    }
    await this.#write(tx, {
      device: id,
      attempt,
      state: 'done',
      problem: null,
      hint: null,
      at_ms: atMs,
      clock_skew_ms: found.clockSkewMs === null ? null : Math.round(found.clockSkewMs),
      profiles: JSON.stringify(found.profiles),
      snapshot_url: found.snapshotUrl,
    });
    const after = await findDevice(tx, COUNTRY, id);
    const subject = `device/${id}`;
    const { jurisdiction } = before;
    await recordAudit(tx, { caller: SYSTEM, action: 'device.introduced', subject, jurisdiction, before, after, atMs });
    return verdict;
  }

  /** The camera's own streams, with the login it was asked with. */
  #streamOf(id: DeviceId, { username, password }: OnvifAccess, found: CameraInspection): StoredStream {
    const login = this.#deps.vault.seal(JSON.stringify({ username, password }), `stream/${id}`);
    return {
      main: { url: found.mainStreamUrl, login },
      sub: found.subStreamUrl === null ? null : { url: found.subStreamUrl, login },
    };
  }

  async #fail(id: DeviceId, attempt: string, error: unknown): Promise<void> {
    const problem = error instanceof OnvifError ? error.problem : 'refused';
    const hint = error instanceof OnvifError ? error.hint : messageOf(error);
    const row = {
      device: id,
      attempt,
      state: 'failed' as const,
      problem,
      hint,
      at_ms: this.#deps.clock.nowMs(),
      clock_skew_ms: null,
      profiles: '[]',
      snapshot_url: null,
    };
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, INTRODUCTION, (tx) => this.#write(tx, row));
    this.#log.warn({ device: id, problem }, 'camera cannot be introduced yet');
  }

  async #write(tx: Tables, row: SetupTables['camera_setup']): Promise<void> {
    await tx
      .tables<SetupTables>()
      .insertInto('camera_setup')
      .values(row)
      .onConflict((conflict) => conflict.column('device').doUpdateSet(row))
      .execute();
  }
}

/** A camera was given another login: what it said when it was asked by the one before stays known of it. */
export async function sameCamera(
  tx: Tables,
  id: DeviceId,
  { before, after }: { before: OnvifAccess; after: OnvifAccess },
): Promise<void> {
  const setup = tx
    .tables<SetupTables>()
    .updateTable('camera_setup')
    .set({ attempt: accessHash(after) });
  await setup.where('device', '=', id).where('attempt', '=', accessHash(before)).execute();
}

function isNotOfTheCamera({ code }: CitywatchError): boolean {
  return code.startsWith('store.') || code === 'lease.lost';
}
