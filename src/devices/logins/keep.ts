import { MINUTE_MS } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { isHeld, openOnvif } from '../registry/connections.ts';
import type { DevicePatch } from '../registry/input.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { LoginTables } from './tables.ts';

/** Logins that are kept of a device. */
const KEPT_MAX = 5;
/** A change of a login takes some seconds; one that takes longer waits for a camera that does not answer. */
const HELD_MS = 2 * MINUTE_MS;

/** Puts logins among those that are kept of a device, the newest last; the oldest of all go away. */
export async function keepLogins(
  tx: Tables,
  vault: Vault,
  { device, logins, atMs }: { device: DeviceId; logins: readonly Login[]; atMs: number },
): Promise<void> {
  const db = tx.tables<LoginTables>();
  for (const login of logins) {
    const sealed = vault.seal(JSON.stringify(login), `kept/${device}`);
    await db.insertInto('kept_login').values({ device, login: sealed, kept_ms: atMs, tried_ms: null }).execute();
  }
  const newest = db.selectFrom('kept_login').select('id').where('device', '=', device).orderBy('id', 'desc');
  await db
    .deleteFrom('kept_login')
    .where('device', '=', device)
    .where('id', 'not in', newest.limit(KEPT_MAX))
    .execute();
}

interface Typed {
  patch: Pick<DevicePatch, 'onvif' | 'stream'>;
  /** As it is, and locked. */
  current: RegistryTables['position'];
  atMs: number;
}

/**
 * Somebody types a login. Errors: `conflict.state` while it is being changed, unless the camera does not answer any
 * more. The one before is kept, should an old spreadsheet bring back one that the camera takes no longer.
 */
export async function typeLogin(tx: Tables, vault: Vault, { patch, current, atMs }: Typed): Promise<void> {
  const { onvif, stream } = patch;
  const heldMs = current.login_held_ms;
  if ((onvif !== undefined || stream !== undefined) && heldMs !== null && atMs - heldMs < HELD_MS) throw isHeld();
  if (onvif === undefined || !current.onvif) return;
  const { username, password } = openOnvif(vault, current.id, current.onvif);
  if (onvif?.username === username && onvif.password === password) return;
  await keepLogins(tx, vault, { device: current.id, logins: [{ username, password }], atMs });
}
