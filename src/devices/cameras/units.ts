import { isDeepStrictEqual } from 'node:util';
import { type Clock, deadline } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { internalMessage } from '../../core/internal-records.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../core/types.ts';
import { type Database, jsonb, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { CameraLabel } from '../onvif/identify.ts';
import { OnvifError } from '../onvif/problems.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import {
  type Comparison,
  compareUnits,
  type IdentityField,
  isBlank,
  toldBy,
  type UnitIdentity,
} from '../units/identity.ts';

/** What answers at a camera's address in the place of its unit. */
export interface ForeignUnit {
  sinceMs: number;
  differs: IdentityField[];
  found: UnitIdentity & { firmware: string | null };
}

export interface UnitTables extends RegistryTables {
  foreign_unit: {
    device: string;
    since_ms: number;
    differs: IdentityField[];
    found: ForeignUnit['found'];
  };
}

export interface CameraUnitsDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  observer: Observer;
  /** How to speak ONVIF with a camera; null for one that is never asked who it is. */
  access(id: DeviceId): Promise<OnvifAccess | null>;
  identify(target: OnvifAccess, known: UnitIdentity, signal: AbortSignal): Promise<CameraLabel>;
  identity(id: DeviceId): DeviceIdentity | undefined;
  /** Writes into the journal; rules judge it as any reading. */
  accept(message: NewMessage): Promise<unknown>;
}

/** Cameras that are asked at once; a district that comes back must not be asked all together. */
const AT_ONCE_MAX = 16;
const DEADLINE_MS = 5_000;
/** One that is another is not asked again sooner, however many want to see it. */
const FOREIGN_AGAIN_MS = 10_000;
/** One that answers but could not be asked is asked again by the watch. */
const FAILED_AGAIN_MS = 60_000;

/**
 * Knows whether what answers at a camera's address is the unit that is registered there. It is asked when it was
 * introduced and whenever a connection to it was lost: by the watch, by its events, or by a pull. Until it answers as
 * another it is believed: a camera whose ONVIF service fails goes on showing its picture.
 */
export class CameraUnits {
  readonly #deps: CameraUnitsDeps;
  readonly #log: Logger;
  /** Cameras that said who they are and were not lost since. */
  readonly #confirmed = new Set<DeviceId>();
  readonly #foreign = new Map<DeviceId, ForeignUnit>();
  readonly #asking = new JoinedByKey<DeviceId>();
  readonly #askedAtMs = new Map<DeviceId, number>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(deps: CameraUnitsDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'camera-units' });
    const foreign = this.#foreign;
    new Gauge({
      name: 'citywatch_cameras_of_another_unit',
      help: 'Cameras at whose address another unit answers than the registered one; they show nothing.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(foreign.size);
      },
    });
  }

  /** Reads which cameras were found to be another before this start. */
  async load(): Promise<void> {
    const db = this.#deps.database.tables<UnitTables>();
    const rows = await db.selectFrom('foreign_unit').selectAll().execute();
    for (const { device, since_ms: sinceMs, differs, found } of rows)
      this.#foreign.set(device, { sinceMs, differs, found });
  }

  /** What answers in the place of the unit; null while nothing is known to. */
  foreign(id: DeviceId): ForeignUnit | null {
    return this.#foreign.get(id) ?? null;
  }

  /** Why nothing of a camera is shown, for whoever wants to see it; null while there is no reason. */
  withheld(id: DeviceId): string | null {
    const foreign = this.#foreign.get(id);
    if (!foreign) return null;
    return `Different: ${foreign.differs.join(', ')}. A technician can accept it by POST /devices/${id}/swap.`;
  }

  /** The connection to a camera was lost: whatever answers next is asked who it is. */
  lost(id: DeviceId): void {
    if (this.#confirmed.delete(id)) this.#askedAtMs.delete(id);
  }

  /** The watch looked whether a camera answers. */
  looked(id: DeviceId, answered: boolean): void {
    if (!answered) this.lost(id);
    else if (this.#sinceAskedMs(id) >= (this.#foreign.has(id) ? FOREIGN_AGAIN_MS : FAILED_AGAIN_MS))
      void this.#confirm(id);
  }

  /**
   * Asks a camera that was just reached who it is, unless it said so since it was last lost. Rejects with
   * {@link OnvifError} `other-unit` when it is another; takes at most some seconds.
   */
  async admit(id: DeviceId): Promise<void> {
    if (!this.#foreign.has(id) || this.#sinceAskedMs(id) >= FOREIGN_AGAIN_MS) await this.#confirm(id);
    if (this.#foreign.has(id)) throw new OnvifError('other-unit');
  }

  #sinceAskedMs(id: DeviceId): number {
    const askedAtMs = this.#askedAtMs.get(id);
    return askedAtMs === undefined ? Number.POSITIVE_INFINITY : this.#deps.clock.monotonicMs() - askedAtMs;
  }

  #confirm(id: DeviceId): Promise<void> {
    if (this.#confirmed.has(id)) return Promise.resolve();
    return this.#asking.run(id, () => {
      this.#askedAtMs.set(id, this.#deps.clock.monotonicMs());
      return this.#ask(id);
    });
  }

  /**
   * Compares what a camera said with the unit that is registered, in the transaction of whoever asked it, and keeps
   * the verdict. `told` is to be called once that is committed. Null for a device without a unit.
   */
  async judge(tx: Tables, id: DeviceId, found: CameraLabel): Promise<{ same: boolean; told(): void } | null> {
    const db = tx.tables<UnitTables>();
    const known = await knownUnit(tx, id);
    if (!known) return null;
    const { same, differs } = isBlank(known) ? await this.#first(tx, id, found) : compareUnits(known, found);
    if (same) {
      await this.#noteCertificate(tx, id, found.certificate);
      if (differs.length > 0) this.#log.warn({ device: id, differs }, 'a camera changed what it says of itself');
      await db.deleteFrom('foreign_unit').where('device', '=', id).execute();
      return { same, told: () => this.#toldSame(id) };
    }
    const { maker, model, serial, mac, endpoint, firmware } = found;
    const unit: ForeignUnit = {
      sinceMs: this.#foreign.get(id)?.sinceMs ?? this.#deps.clock.nowMs(),
      differs,
      found: { maker, model, serial, mac, endpoint, firmware },
    };
    const row = { since_ms: unit.sinceMs, differs: jsonb(differs), found: jsonb(unit.found) };
    await db
      .insertInto('foreign_unit')
      .values({ device: id, ...row })
      .onConflict((conflict) => conflict.column('device').doUpdateSet(row))
      .execute();
    return { same, told: () => this.#toldForeign(id, unit) };
  }

  /** What it shows over https may be renewed at any time; what it showed stays known while it is asked over http. */
  async #noteCertificate(tx: Tables, id: DeviceId, certificate: ShownCertificate | null): Promise<void> {
    if (certificate === null) return;
    const { fingerprint: cert_fingerprint, subject: cert_subject, notAfterMs: cert_not_after_ms } = certificate;
    const db = tx.tables<UnitTables>();
    const hanging = db.selectFrom('assignment').select('unit_id').where('position_id', '=', id);
    await db
      .updateTable('unit')
      .set({ cert_fingerprint, cert_subject, cert_not_after_ms })
      .where('id', '=', hanging.where('to_ms', 'is', null))
      .where('cert_fingerprint', 'is distinct from', cert_fingerprint)
      .execute();
  }

  /**
   * Where nothing was ever named, what answers first is the unit. Where one was taken down, a person says what hangs
   * there next: what answers may be the same one, with its plug still in.
   */
  async #first(tx: Tables, id: DeviceId, found: CameraLabel): Promise<Comparison> {
    const began = await tx
      .tables<UnitTables>()
      .selectFrom('assignment as now')
      .innerJoin('assignment as first', 'first.unit_id', 'now.unit_id')
      .select('first.how')
      .where('now.position_id', '=', id)
      .where('now.to_ms', 'is', null)
      .orderBy('first.from_ms')
      .limit(1)
      .executeTakeFirst();
    if (began?.how !== 'taken-down') return { same: true, differs: [] };
    return { same: false, differs: toldBy(found) };
  }

  /** A technician accepted what answers as the new unit. */
  accepted(id: DeviceId): void {
    this.#askedAtMs.delete(id);
    this.#toldSame(id);
  }

  /** The registry says by now that another unit stands there: what answers is asked anew, and judged by that. */
  restated(id: DeviceId): void {
    this.#confirmed.delete(id);
    this.#askedAtMs.delete(id);
    if (this.#foreign.delete(id)) this.#report(id, 0);
  }

  async #ask(id: DeviceId): Promise<void> {
    await this.#turn();
    const limit = deadline(this.#deps.clock, DEADLINE_MS);
    try {
      await orAborted(this.#askNow(id, limit.signal), limit.signal);
    } catch (error) {
      this.#log.info({ device: id, error: messageOf(error) }, 'a camera could not be asked who it is');
    } finally {
      limit.cancel();
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#underWay >= AT_ONCE_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay += 1;
  }

  async #askNow(id: DeviceId, signal: AbortSignal): Promise<void> {
    const { database, ownership, access, identify } = this.#deps;
    const [target, known] = await Promise.all([access(id), knownUnit(database, id)]);
    // One that was never introduced is asked by its introduction.
    if (!target || !known || isBlank(known)) return;
    const found = await identify(target, known, signal);
    // Changed while it was asked: what it said belongs to another address.
    if (!isDeepStrictEqual(await access(id), target)) return;
    const verdict = await ownership.transaction(database, 'which camera answers', (tx) => this.judge(tx, id, found));
    verdict?.told();
  }

  #toldSame(id: DeviceId): void {
    this.#confirmed.add(id);
    if (!this.#foreign.delete(id)) return;
    this.#log.info({ device: id }, 'the registered camera answers again');
    this.#report(id, 0);
  }

  #toldForeign(id: DeviceId, unit: ForeignUnit): void {
    this.#confirmed.delete(id);
    const isNew = !this.#foreign.has(id);
    this.#foreign.set(id, unit);
    if (!isNew) return;
    this.#log.warn({ device: id, differs: unit.differs }, 'another camera answers than the one that is registered');
    this.#report(id, 1);
  }

  #report(id: DeviceId, other_unit: 0 | 1): void {
    const device = this.#deps.identity(id);
    if (!device) return;
    const at = { device, receivedAtMs: this.#deps.clock.nowMs() };
    const message = internalMessage('cameraUnits', { values: { other_unit } }, at);
    this.#deps.accept(message).catch((error: unknown) => {
      this.#log.warn({ device: id, error: messageOf(error) }, 'that another camera answers could not be written down');
    });
  }
}

/** What is known of the unit that hangs at a position; null where none does. */
export async function knownUnit(tables: Tables, id: DeviceId): Promise<UnitIdentity | null> {
  const row = await tables
    .tables<UnitTables>()
    .selectFrom('assignment')
    .innerJoin('unit', 'unit.id', 'assignment.unit_id')
    .select(['unit.maker', 'unit.model', 'unit.serial', 'unit.mac', 'unit.endpoint'])
    .where('assignment.position_id', '=', id)
    .where('assignment.to_ms', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}
