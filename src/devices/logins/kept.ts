import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { openOnvif } from '../registry/connections.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { LoginDoors } from './camera-doors.ts';
import { changeLogin, formerLogins, lockPosition } from './store.ts';
import type { LoginTables } from './tables.ts';

export interface KeptLoginsDeps extends DirectorySyncDeps {
  database: Database;
  clock: Clock;
  vault: Vault;
  doors: Pick<LoginDoors, 'enter'>;
}

/** A login that a device had, without the login. */
export interface KeptLogin {
  id: number;
  keptMs: number;
  triedMs: number | null;
}

/** What came of one. */
export interface Recovered {
  state: 'right' | 'refused' | 'not-tried';
  /** Why it could not be tried; null where it was. */
  problem: string | null;
}

/** The last logins of devices, for an administrator who has lost the one that is right. */
export class KeptLogins {
  readonly #deps: KeptLoginsDeps;
  readonly #sync: DirectorySync;

  constructor(deps: KeptLoginsDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /** Newest first. The caller's right to see the device is checked before. */
  async list(device: DeviceId): Promise<KeptLogin[]> {
    const kept = this.#deps.database.tables<LoginTables>().selectFrom('kept_login').selectAll();
    const rows = await kept.where('device', '=', device).orderBy('id', 'desc').execute();
    return rows.map(({ id, kept_ms: keptMs, tried_ms: triedMs }) => ({ id, keptMs, triedMs }));
  }

  /**
   * Tries one of them at the camera, once for good; where it is right it is the device's login again. Errors:
   * `not-found`, `conflict.state` where it was tried before, or the login is being changed.
   */
  async recover(caller: Caller, device: DeviceId, kept: number): Promise<Recovered> {
    const { database, clock, vault, doors } = this.#deps;
    const { login, access } = await database.transaction((tx) => this.#take(tx, caller, { device, kept }));
    const heard = await doors.enter({ ...access, ...login }, null);
    if (heard.type === 'refused') return { state: 'refused', problem: null };
    if (heard.type !== 'let-in') {
      // Nothing came that says anything of it: it may be tried another time.
      const untried = database.tables<LoginTables>().updateTable('kept_login').set({ tried_ms: null });
      await untried.where('id', '=', kept).execute();
      return { state: 'not-tried', problem: heard.type === 'away' ? heard.problem : 'no-password' };
    }
    const old = { username: access.username, password: access.password };
    await this.#sync.commitAll([device], async (tx) => {
      const position = await lockPosition(tx, device);
      if (!position || position.login_held_ms !== null) throw beingChanged();
      const atMs = clock.nowMs();
      const logins = { old, new: login, former: await formerLogins(tx, vault, device) };
      await changeLogin(tx, vault, { position, logins, change: { onvif: true, stream: true }, atMs });
      const { jurisdiction } = position;
      const subject = `device/${device}`;
      await recordAudit(tx, { caller, action: 'login.recovered', subject, jurisdiction, after: { kept }, atMs });
      const found = await findDevice(tx, ownArea(caller), device);
      return { changed: found ? [{ device: found }] : [], result: undefined };
    });
    return { state: 'right', problem: null };
  }

  /** Marks it as tried, before it is sent: that it was must not be forgotten. */
  async #take(tx: Tables, caller: Caller, { device, kept }: { device: DeviceId; kept: number }) {
    const { clock, vault } = this.#deps;
    const locked = tx.tables<RegistryTables>().selectFrom('position').selectAll().where('id', '=', device).forUpdate();
    const position = await withinJurisdiction(locked, 'jurisdiction', ownArea(caller)).executeTakeFirst();
    const db = tx.tables<LoginTables>();
    const rows = db.selectFrom('kept_login').selectAll().where('device', '=', device).where('id', '=', kept);
    const row = await rows.forUpdate().executeTakeFirst();
    if (!position || !row) throw new CitywatchError('not-found');
    const running = db.selectFrom('login_rotation').select('id').where('device', '=', device);
    if (await running.where('ended_ms', 'is', null).executeTakeFirst()) throw beingChanged();
    if (row.tried_ms !== null) {
      const detail = 'This login was tried before, and is sent to no camera twice.';
      throw new CitywatchError('conflict.state', { detail });
    }
    if (position.state === 'retired' || !position.onvif) {
      throw new CitywatchError('conflict.state', { detail: 'The device has no ONVIF address, or is retired.' });
    }
    const atMs = clock.nowMs();
    await db.updateTable('kept_login').set({ tried_ms: atMs }).where('id', '=', kept).execute();
    const { jurisdiction } = position;
    const subject = `device/${device}`;
    await recordAudit(tx, { caller, action: 'login.recover', subject, jurisdiction, after: { kept }, atMs });
    const login = JSON.parse(vault.open(row.login, `kept/${device}`)) as Login;
    return { login, access: openOnvif(vault, device, position.onvif) };
  }
}

function beingChanged(): CitywatchError {
  return new CitywatchError('conflict.state', { detail: 'Its login is being changed; wait until that is over.' });
}
