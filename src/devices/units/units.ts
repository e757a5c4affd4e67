import { CitywatchError } from '../../core/errors.ts';
import { COUNTRY, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import type { CameraUnits, UnitTables } from '../cameras/units.ts';
import { type ChangedDevice, DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { Hanging } from '../registry/tables.ts';
import { hungElsewhere, unitBefore } from './history.ts';
import { isBlank } from './identity.ts';
import type { SwapInput, UnhangInput } from './input.ts';
import {
  hangingAt,
  insertUnit,
  type KnownUnit,
  knownUnits,
  lockPlace,
  lockUnits,
  nobodysHash,
  type Place,
  printed,
  raiseVersion,
  rehang,
  relabelled,
  requireHanging,
  type UnitLabel,
  whereHanging,
} from './places.ts';

export interface UnitsDeps extends DirectorySyncDeps {
  hasher: SecretHasher;
  /** Told after the commit. */
  cameras: Pick<CameraUnits, 'accepted' | 'restated'>;
}

interface StepTables extends UnitTables {
  camera_setup: { device: string };
}

interface Step {
  caller: Caller;
  id: DeviceId;
  how: Hanging;
  reason: string | null;
}

/** The unit that is to hang there. */
interface Coming {
  unitId: string;
  /** Rows that stand for the same unit; those at retired positions are freed. */
  known: readonly KnownUnit[];
  /** Replaces what its secret was. */
  secretHash?: Buffer;
}

/** The unit that is to hang where none was named. */
export interface Assigning {
  unit: UnitLabel;
  reason: string | null;
}

export type WithSecret = { device: Device; secret: string };

const ACTIONS = {
  registered: 'device.create',
  assigned: 'device.assign',
  swapped: 'device.swap',
  'taken-down': 'device.take-down',
  undone: 'device.undo-unit',
} as const satisfies Record<Hanging, string>;

const NO_LABEL: UnitLabel = { serial: null, mac: null, endpoint: null, maker: null, model: null, firmware: null };

/**
 * Which unit of hardware hangs at which position. A position always has one unit (one of which nothing is known, where
 * none was named), a unit hangs at one position at a time, and what was is never rewritten. Telemetry, alerts and
 * video belong to the position and do not notice. Each step is one transaction with its audit row, and raises the
 * version of the position. All fail with `not-found` and with `conflict.state` for a retired device.
 */
export class Units {
  readonly #deps: UnitsDeps;
  readonly #sync: DirectorySync;

  constructor(deps: UnitsDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Hangs a unit where none was named yet; it gets the secret that the position was given. Fails with
   * `conflict.state` where one hangs there, or where this one hangs elsewhere.
   */
  async assign(caller: Caller, id: DeviceId, { unit, reason }: Assigning): Promise<Device> {
    return await this.#step({ caller, id, how: 'assigned', reason }, async (tx, place) => {
      if (!isBlank(place.unit)) {
        const detail = `${printed(place.unit)} hangs here; swap it (POST /api/v1/devices/${id}/swap).`;
        throw new CitywatchError('conflict.state', { detail });
      }
      return this.#named(tx, caller, { place, label: unit, secretHash: place.secretHash });
    });
  }

  /**
   * Ends the time of the unit that hangs there and begins that of another, with a secret of its own, which is answered
   * this once; the old unit's stops working. Fails with `conflict.state` where by now another one hangs there than the
   * caller saw, or where the new one hangs elsewhere.
   */
  async swap(caller: Caller, id: DeviceId, { unit, replaces, reason }: SwapInput): Promise<WithSecret> {
    const secret = newSecret();
    const device = await this.#step({ caller, id, how: 'swapped', reason }, (tx, place) => {
      requireHanging(place, replaces);
      const secretHash = this.#deps.hasher.hash(secret);
      return this.#named(tx, caller, { place, label: unit, secretHash });
    });
    return { device, secret };
  }

  /** Leaves the position without a unit. `secret`, answered this once, is for the unit that will hang there next. */
  async takeDown(caller: Caller, id: DeviceId, { replaces, reason }: UnhangInput): Promise<WithSecret> {
    const secret = newSecret();
    const device = await this.#step({ caller, id, how: 'taken-down', reason }, async (tx, place) => {
      requireHanging(place, replaces);
      if (isBlank(place.unit)) throw new CitywatchError('conflict.state', { detail: 'No unit is named here.' });
      const secretHash = this.#deps.hasher.hash(secret);
      const atMs = this.#deps.clock.nowMs();
      return { unitId: await insertUnit(tx, { label: NO_LABEL, secretHash, atMs }), known: [] };
    });
    return { device, secret };
  }

  /**
   * Takes back the step that hung up what hangs there now: the unit before it hangs there again, with the secret it
   * had here. The step stays in the history, and is followed by its undoing. Fails with `conflict.state` where nothing
   * can be undone, or where the unit before hangs elsewhere by now, or did since.
   */
  async undo(caller: Caller, id: DeviceId, { replaces, reason }: UnhangInput): Promise<Device> {
    return await this.#step({ caller, id, how: 'undone', reason }, async (tx, place) => {
      requireHanging(place, replaces);
      const before = place.how === 'registered' || place.how === 'undone' ? null : await unitBefore(tx, place);
      if (!before) {
        const detail = 'There is nothing to undo: what hangs here was not hung up by a step that can be taken back.';
        throw new CitywatchError('conflict.state', { detail });
      }
      const known = await knownUnits(tx, before.label, before.id);
      const where = whereHanging(caller, place, known);
      // What was issued for it at another place must open no door here.
      const since = 'hung elsewhere since; swap it in, which gives it a secret of this place';
      const reason = where ?? ((await hungElsewhere(tx, place, before.id)) ? since : null);
      if (reason !== null) {
        const detail = `${printed(before.label)}, which hung here before, ${reason}.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      // A unit that was assigned has the secret of the position, which may have been changed since.
      const ofPlace = place.how === 'assigned' ? { secretHash: place.secretHash } : {};
      return { unitId: before.id, known, ...ofPlace };
    });
  }

  /**
   * Swaps the unit of a camera for what answers at its address. `serial` is the serial number that the caller saw;
   * null where the unit tells none. Fails with `conflict.state` where nothing else answers, another serial by now, or
   * a unit that hangs elsewhere. The camera is introduced anew afterwards, because the registry was changed.
   */
  async accept(caller: Caller, id: DeviceId, serial: string | null): Promise<WithSecret> {
    const secret = newSecret();
    const reason = 'accepted what answers at its address';
    const device = await this.#step({ caller, id, how: 'swapped', reason }, async (tx, place) => {
      const found = tx.tables<StepTables>().selectFrom('foreign_unit').select('found').where('device', '=', id);
      const foreign = await found.executeTakeFirst();
      if (!foreign) throw new CitywatchError('conflict.state', { detail: 'No other unit answers at its address.' });
      const label = { ...foreign.found, serial: foreign.found.serial || null };
      if (label.serial !== serial) {
        throw new CitywatchError('conflict.state', { detail: 'By now a unit with another serial number answers.' });
      }
      return this.#named(tx, caller, { place, label, secretHash: this.#deps.hasher.hash(secret) });
    });
    this.#deps.cameras.accepted(id);
    return { device, secret };
  }

  /** The unit of this label: known from an earlier place, where it hangs no longer, or new. */
  async #named(
    tx: Tables,
    caller: Caller,
    { place, label, secretHash }: { place: Place; label: UnitLabel; secretHash: Buffer },
  ): Promise<Coming> {
    const known = await knownUnits(tx, label);
    const message = whereHanging(caller, place, known);
    if (message !== null) throw new CitywatchError('conflict.state', { issues: [{ path: 'unit', message }] });
    const [same] = known;
    if (!same) return { unitId: await insertUnit(tx, { label, secretHash, atMs: this.#deps.clock.nowMs() }), known };
    const said = relabelled(same, label);
    await tx.tables<StepTables>().updateTable('unit').set(said).where('id', '=', same.id).execute();
    return { unitId: same.id, known, secretHash };
  }

  async #step(step: Step, choose: (tx: Tables, place: Place) => Promise<Coming>): Promise<Device> {
    const { caller, id, how, reason } = step;
    // A retired position whose unit comes here changes too; it is let in at no door, whatever is known of its secret.
    const device = await this.#sync.commitAll([id], async (tx) => {
      await lockUnits(tx);
      const place = await lockPlace(tx, ownArea(caller), id);
      const before = await findDevice(tx, ownArea(caller), id);
      const { unitId, known, secretHash } = await choose(tx, place);
      const freed = await this.#free(tx, caller, known);
      const db = tx.tables<StepTables>();
      if (secretHash) await db.updateTable('unit').set({ secret_hash: secretHash }).where('id', '=', unitId).execute();
      const nowMs = this.#deps.clock.nowMs();
      await rehang(tx, place, { unitId, how, reason, byName: caller.name, nowMs });
      // What was known of the old unit's streams, and of what answers in its place, says nothing of the new one.
      await db.deleteFrom('camera_setup').where('device', '=', id).execute();
      await db.deleteFrom('foreign_unit').where('device', '=', id).execute();
      const after = await raiseVersion(tx, place, { nowMs, scope: ownArea(caller) });
      const { jurisdiction } = place;
      await recordAudit(tx, {
        caller,
        action: ACTIONS[how],
        subject: `device/${id}`,
        jurisdiction,
        before,
        atMs: nowMs,
        after: { ...after, reason },
      });
      return { changed: [{ device: after }, ...freed], result: after };
    });
    this.#deps.cameras.restated(id);
    return device;
  }

  /** Takes units down from retired positions: what was given up there may hang elsewhere. */
  async #free(tx: Tables, caller: Caller, known: readonly KnownUnit[]): Promise<ChangedDevice[]> {
    const changed: ChangedDevice[] = [];
    for (const { position } of known) {
      if (position === null) continue;
      const nowMs = this.#deps.clock.nowMs();
      const place = await this.#retired(tx, position);
      const before = await findDevice(tx, COUNTRY, position);
      const unitId = await insertUnit(tx, { label: NO_LABEL, secretHash: nobodysHash(), atMs: nowMs });
      const reason = 'hung up elsewhere';
      await rehang(tx, place, { unitId, how: 'taken-down', reason, byName: caller.name, nowMs });
      const after = await raiseVersion(tx, place, { nowMs, scope: COUNTRY });
      await recordAudit(tx, {
        caller,
        action: ACTIONS['taken-down'],
        subject: `device/${position}`,
        before,
        atMs: nowMs,
        jurisdiction: after.jurisdiction,
        after: { ...after, reason },
      });
      changed.push({ device: after });
    }
    return changed;
  }

  async #retired(tx: Tables, id: DeviceId) {
    const db = tx.tables<StepTables>();
    const row = db.selectFrom('position').select('version').where('id', '=', id).forUpdate();
    return { id, ...(await row.executeTakeFirstOrThrow()), ...(await hangingAt(tx, id)) };
  }
}
