import { CitywatchError, messageOf } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { Logger } from '../../core/observe.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Look } from '../../platform/records/access-register.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import type { Preset, Velocity } from '../onvif/services/ptz.ts';
import type { PtzDriver } from './driver.ts';
import { type HeadsDeps, PtzHeads } from './heads.ts';
import { type Holder, type Mover, PtzLock, type TakenOver } from './lock.ts';
import type { PtzTables } from './tables.ts';

export const PTZ_HOME_QUEUE = 'ptz-home';

export interface PtzDeps extends Omit<HeadsDeps, 'failed'> {
  database: Database;
  log: Logger;
  register: { add(look: Look): Promise<void> };
  /** Which of two who move the same camera goes before: the higher one. */
  rank(caller: Caller): number;
}

/** Why somebody moves a camera, for the access register. */
export type Reason = Pick<Look, 'purpose' | 'case'>;

export interface PtzSettings {
  /** Token of the preset to which the head returns; null where it stays. */
  home: string | null;
  /** When nobody has moved it for so long. */
  idleS: number;
  /** Full speed, as a part of the camera's own: above 0 to 1. */
  maxSpeed: number;
}

export interface PtzStatus extends PtzSettings {
  holder: Holder | null;
  /** Who took the camera over from the caller, and has it now. */
  takenOver: TakenOver | null;
}

interface Place {
  lock: PtzLock;
  /** Resolves once the register knows of the holder. */
  registered: Promise<void>;
  movedAtMs: number;
  driver: PtzDriver | null;
}

const DEFAULTS: PtzSettings = { home: null, idleS: 120, maxSpeed: 1 };
const PLACES_MAX = 2_000;
const PRESET_MS = 3_000;
const HOME_AGAIN_MS = 60_000;

/**
 * Moves cameras. Rights are decided before: whoever asks may see the device. Errors of all that speaks to a camera:
 * `conflict.state` where somebody of the same or a higher rank has it, or it has no head that moves; `outbound.failed`.
 */
export class Ptz {
  readonly #deps: PtzDeps;
  readonly #heads: PtzHeads;
  readonly #places = new BoundedMap<DeviceId, Place>(PLACES_MAX);

  constructor(deps: PtzDeps) {
    this.#deps = deps;
    const failed = (device: DeviceId, error: unknown): void =>
      deps.log.warn({ part: 'ptz', device, error: messageOf(error) }, 'a camera did not take the order to stop');
    this.#heads = new PtzHeads({ ...deps, failed });
  }

  async status(caller: Caller, { id }: DeviceIdentity): Promise<PtzStatus> {
    const { lock } = this.#place(id);
    const nowMs = this.#deps.clock.nowMs();
    const takenOver = lock.takenFrom(keyOf(caller), nowMs);
    return { ...(await this.settings(id)), holder: lock.holder(nowMs), takenOver };
  }

  /** Moves until {@link stop}, or until nobody says so again for a moment (`DEADMAN_MS`). */
  async move(caller: Caller, device: DeviceIdentity, velocity: Velocity, reason: Reason): Promise<void> {
    const { maxSpeed } = await this.settings(device.id);
    const driver = await this.#taken(caller, device, reason);
    const { pan, tilt, zoom } = velocity;
    await driver.move({ pan: pan * maxSpeed, tilt: tilt * maxSpeed, zoom: zoom * maxSpeed });
  }

  async stop(caller: Caller, device: DeviceIdentity, reason: Reason): Promise<void> {
    const driver = await this.#taken(caller, device, reason);
    await driver.stop();
  }

  /** Gives the camera free before its time, stopped. Does nothing for who does not have it. */
  async release(caller: Caller, { id }: DeviceIdentity): Promise<void> {
    const place = this.#place(id);
    const holder = place.lock.holder(this.#deps.clock.nowMs());
    if (holder?.key !== keyOf(caller)) return;
    if (place.driver?.isMoving) await place.driver.stop();
    place.lock.leave(holder.key);
  }

  async goto(caller: Caller, device: DeviceIdentity, preset: string, reason: Reason): Promise<void> {
    const driver = await this.#taken(caller, device, reason);
    await driver.goto(preset);
  }

  async presets({ id }: DeviceIdentity): Promise<Preset[]> {
    const { head } = await this.#heads.get(id);
    return await head.presets({ deadlineMs: PRESET_MS });
  }

  /** Keeps where the head stands; its row in the audit trail is there before the camera is asked. */
  async keepPreset(caller: Caller, device: DeviceIdentity, name: string, reason: Reason): Promise<Preset> {
    await this.#taken(caller, device, reason);
    const { database, clock } = this.#deps;
    const { id, jurisdiction } = device;
    const [subject, atMs] = [`device/${id}`, clock.nowMs()];
    await recordAudit(database, { caller, action: 'ptz.preset', subject, jurisdiction, after: { name }, atMs });
    const { head } = await this.#heads.get(id);
    return { token: await head.keep(name, { deadlineMs: PRESET_MS }), name };
  }

  async settings(id: DeviceId): Promise<PtzSettings> {
    const all = this.#deps.database.tables<PtzTables>().selectFrom('ptz_setting').selectAll();
    const row = await all.where('device', '=', id).executeTakeFirst();
    return row ? { home: row.home, idleS: row.idle_s, maxSpeed: row.max_speed } : DEFAULTS;
  }

  async set(caller: Caller, { id, jurisdiction }: DeviceIdentity, settings: PtzSettings): Promise<void> {
    const { database, clock } = this.#deps;
    const before = await this.settings(id);
    const row = { home: settings.home, idle_s: settings.idleS, max_speed: settings.maxSpeed };
    await database.transaction(async (tx) => {
      const insert = tx
        .tables<PtzTables>()
        .insertInto('ptz_setting')
        .values({ device: id, ...row });
      await insert.onConflict((conflict) => conflict.column('device').doUpdateSet(row)).execute();
      await recordAudit(tx, {
        caller,
        action: 'ptz.settings',
        subject: `device/${id}`,
        jurisdiction,
        before,
        after: settings,
        atMs: clock.nowMs(),
      });
    });
  }

  /** Handler of the queue `ptz-home`; the key is the device's id. */
  async handle(id: DeviceId): Promise<WorkResult> {
    const { clock, log } = this.#deps;
    const { home, idleS } = await this.settings(id);
    if (home === null) return DONE;
    const place = this.#place(id);
    const nowMs = clock.nowMs();
    const dueMs = Math.max(place.movedAtMs + idleS * 1_000, place.lock.holder(nowMs)?.untilMs ?? 0);
    if (dueMs > nowMs) return { again: { atMs: dueMs } };
    try {
      const { driver } = await this.#heads.get(id);
      await driver.goto(home);
      return DONE;
    } catch (error) {
      if (!(error instanceof CitywatchError) || error.code === 'conflict.state') return DONE;
      log.info({ part: 'ptz', device: id, error: error.message }, 'a camera is not back at its home yet');
      return { again: { atMs: nowMs + HOME_AGAIN_MS } };
    }
  }

  /** Stops every head that moves. */
  close(): Promise<void> {
    return this.#heads.stop();
  }

  /** The head, for who may move it now. The register knows of it before the first order. */
  async #taken(caller: Caller, device: DeviceIdentity, reason: Reason): Promise<PtzDriver> {
    const { clock, rank } = this.#deps;
    const place = this.#place(device.id);
    const mover: Mover = { key: keyOf(caller), name: caller.name, rank: rank(caller) };
    const { driver } = await this.#heads.get(device.id);
    place.driver = driver;
    const isNew = place.lock.take(mover, clock.nowMs());
    place.movedAtMs = clock.nowMs();
    if (isNew) {
      place.registered = this.#noted(caller, device, reason).catch((error: unknown) => {
        place.lock.leave(mover.key);
        throw error;
      });
    }
    await place.registered;
    // Somebody of a higher rank may have come meanwhile.
    place.lock.take(mover, clock.nowMs());
    return driver;
  }

  async #noted(caller: Caller, { id, jurisdiction }: DeviceIdentity, reason: Reason): Promise<void> {
    const { register, database, clock } = this.#deps;
    const viewer = { type: caller.type, id: caller.id, name: caller.name };
    await register.add({ viewer, act: 'ptz', device: id, jurisdiction, ...reason });
    const { home, idleS } = await this.settings(id);
    if (home === null) return;
    await enqueueWork(database, clock, [{ queue: PTZ_HOME_QUEUE, key: id, dueAtMs: clock.nowMs() + idleS * 1_000 }]);
  }

  #place(id: DeviceId): Place {
    const known = this.#places.get(id);
    if (known) return known;
    const place: Place = { lock: new PtzLock(), registered: Promise.resolve(), movedAtMs: 0, driver: null };
    this.#places.set(id, place);
    return place;
  }
}

function keyOf({ type, id }: Caller): string {
  return `${type}:${id}`;
}
