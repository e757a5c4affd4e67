import { CitywatchError, invalid } from '../../../core/errors.ts';
import type { Jurisdiction, Place } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../../platform/database/database.ts';
import { type AccessRegister, incidentMissing } from '../../../platform/records/access-register.ts';
import { forCaller } from '../../desk/log/audience.ts';
import type { AlertQueries } from '../../desk/queries.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import { isShownTo } from '../evidence.ts';
import type { EvidenceLooks } from '../looks.ts';
import { readingsSpan } from './contents.ts';
import type { BundledSight, BundleExportsPort, BundleRights } from './ports.ts';

export interface AlertBundlesDeps<Made> {
  database: Database;
  queries: Pick<AlertQueries, 'row'>;
  exports: BundleExportsPort<Made>;
  rights: Omit<BundleRights, 'now'>;
  looks: Pick<EvidenceLooks, 'add'>;
  register: Pick<AccessRegister, 'add'>;
}

/** How somebody wants a bundle, and why. */
export interface BundleInput {
  plates: 'masked' | 'whole';
  purpose: string;
  case: string | null;
}

/** A bundle that somebody wants to take away. */
export interface BundleTaken {
  id: string;
  purpose: string;
  case: string | null;
  bundle: { alert: string; jurisdiction: Jurisdiction; plates: 'masked' | 'whole'; sights: readonly BundledSight[] };
}

/** Signed bundles of what belongs to an alert: who may ask for one and take it, and what is registered then. */
export class AlertBundles<Made> {
  readonly #deps: AlertBundlesDeps<Made>;

  constructor(deps: AlertBundlesDeps<Made>) {
    this.#deps = deps;
  }

  /**
   * Asks for a bundle. Errors: `not-found` for an alert that is not the caller's to see, `auth.forbidden` for whole
   * plates without the right or a permit, `request.invalid` for whole plates without a case, `look.incident-missing`,
   * and those of the exports.
   */
  async ask(caller: Caller, id: string, { plates, purpose, case: named }: BundleInput): Promise<Made> {
    const { rights, exports } = this.#deps;
    const alert = await this.#alert(caller, id);
    if (plates === 'whole') {
      this.#requirePlates(caller, alert);
      if (named === null) throw invalid('case', 'is missing: plates stand whole only for a case');
    }
    const isOfIncident = alert.evidence.some(({ camera }) => camera !== null && rights.needsIncident(camera));
    if (isOfIncident && named === null) throw incidentMissing();
    const { jurisdiction } = alert;
    return await exports.ask(caller, {
      alert: alert.id,
      jurisdiction,
      plates,
      ...readingsSpan(alert),
      purpose,
      case: named,
    });
  }

  /** Those of these alerts that the caller may see. */
  async seen(caller: Caller, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const all = this.#deps.database.tables<AlertTables>().selectFrom('alert').select('id');
    const query = all.where(sql<boolean>`id = any (${[...ids]}::uuid[])`).where(forCaller(caller));
    const rows = await withinJurisdiction(query, 'jurisdiction', caller, 'police').execute();
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Whether the caller may have all that is in a bundle: resolves with what registers the looks. Errors: `not-found`
   * where the alert, or a picture of it, is not theirs to see; `auth.forbidden` for pictures or plates.
   */
  async taking(caller: Caller, taken: BundleTaken): Promise<() => Promise<void>> {
    const { rights } = this.#deps;
    const { plates, sights } = taken.bundle;
    const alert = await this.#alert(caller, taken.bundle.alert);
    if (plates === 'whole') this.#requirePlates(caller, alert);
    if (sights.length > 0 && !rights.mayLook(caller)) throw new CitywatchError('auth.forbidden');
    if (!sights.every((sight) => isShownTo(caller, sight))) {
      throw new CitywatchError('not-found', { detail: 'A picture of it was taken in another district.' });
    }
    return () => this.#register(caller, alert, taken);
  }

  /** A row for each camera, one for plates, and one where it has neither. */
  async #register(viewer: Caller, alert: AlertRow, { id, purpose, case: named, bundle }: BundleTaken): Promise<void> {
    const { looks, register } = this.#deps;
    const asked = { alert: alert.id, bundle: id };
    const cameras = new Set(bundle.sights.map(({ camera }) => camera));
    for (const camera of cameras) await looks.add({ caller: viewer, camera, purpose, alert: alert.id, case: named });
    if (bundle.plates === 'masked' && cameras.size > 0) return;
    const act = bundle.plates === 'whole' ? 'plates' : 'evidence';
    const { jurisdiction } = alert;
    const device = deviceIn(alert.device);
    await register.add({ viewer, act, device, jurisdiction, purpose, case: named ?? alert.id, asked });
  }

  async #alert(caller: Caller, id: string): Promise<AlertRow> {
    const alert = await this.#deps.queries.row(caller, id);
    if (!this.#deps.rights.mayRead(caller, alert)) throw new CitywatchError('not-found');
    return alert;
  }

  #requirePlates(caller: Caller, place: Place): void {
    if (this.#deps.rights.maySeePlates(caller, place)) return;
    const detail = 'It shows plates whole: that takes the right alerts.plates, or a permit.';
    throw new CitywatchError('auth.forbidden', { detail });
  }
}
