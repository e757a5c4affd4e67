import { isDeepStrictEqual } from 'node:util';
import type { DeviceId } from '../../core/types.ts';
import { jsonb, type Tables } from '../../platform/database/database.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { sameCamera } from '../cameras/setup.ts';
import { type OnvifAccess, openOnvif, openStream, type StoredStream, type StoredUrl } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { newUsername, type RegistryChange } from './steps.ts';
import type { LoginTables, RotationRow } from './tables.ts';

/** Both logins of a rotation, in clear: for who speaks with the camera. */
export interface BothLogins {
  old: Login;
  new: Login;
  /** Those it had before, as far as they are kept. */
  former: readonly Login[];
}

/** What a sealed text of a rotation belongs to. */
export function ownerOf(id: string): string {
  return `login-rotation/${id}`;
}

export function bothLogins(
  vault: Vault,
  { id, plan, old_login, new_password, state }: RotationRow,
): Pick<BothLogins, 'old' | 'new'> {
  const way = 'way' in state ? state.way : 'set';
  return {
    old: JSON.parse(vault.open(old_login, ownerOf(id))) as Login,
    new: { username: newUsername(way, plan), password: vault.open(new_password, ownerOf(id)) },
  };
}

/** What is kept of the logins of a device. */
export async function formerLogins(tables: Tables, vault: Vault, device: DeviceId): Promise<Login[]> {
  const kept = tables.tables<LoginTables>().selectFrom('kept_login').select('login').where('device', '=', device);
  return (await kept.execute()).map(({ login }) => JSON.parse(vault.open(login, `kept/${device}`)) as Login);
}

/** Whether a login is the device's own, of now or of before; the video may have one of another account. */
export function isOwnLogin(login: Login | null, { old, former }: BothLogins): boolean {
  return login !== null && [old, ...former].some((one) => isDeepStrictEqual(one, login));
}

type Position = RegistryTables['position'];

/** Locks a position; undefined where it is gone or retired. */
export async function lockPosition(tx: Tables, id: DeviceId): Promise<Position | undefined> {
  const position = tx.tables<RegistryTables>().selectFrom('position').selectAll().where('id', '=', id);
  return await position.where('state', '!=', 'retired').forUpdate().executeTakeFirst();
}

/** Whether a position is still reached by the login that a rotation began with, or has given it. */
export function isReachedBy(vault: Vault, position: Position | undefined, logins: BothLogins): boolean {
  if (!position?.onvif) return false;
  const { username, password } = openOnvif(vault, position.id, position.onvif);
  return [logins.old, logins.new].some((login) => isDeepStrictEqual(login, { username, password }));
}

/** Changes a locked position, and raises its version so that all who log in there are told. */
export async function changeLogin(
  tx: Tables,
  vault: Vault,
  { position, logins, change, atMs }: { position: Position; logins: BothLogins; change: RegistryChange; atMs: number },
): Promise<void> {
  const { id, onvif, stream } = position;
  const db = tx.tables<RegistryTables>();
  const set: Record<string, unknown> = { version: position.version + 1, updated_at_ms: atMs };
  if (change.held !== undefined) set.login_held_ms = change.held ? atMs : null;
  if (change.onvif && onvif) {
    const { username, password } = logins.new;
    set.onvif = jsonb({ ...onvif, username, password: vault.seal(password, `onvif/${id}`) });
    // It is the same camera: it need not be asked once more who it is, and what is known of its streams stays.
    const access = (login: Login): OnvifAccess => ({ ...onvif, ...login });
    await sameCamera(tx, id, { before: access(logins.old), after: access(logins.new) });
  }
  if (change.stream && stream) set.stream = jsonb(streamWith(vault, id, { stream, logins }));
  await db.updateTable('position').set(set).where('id', '=', id).execute();
}

/** The streams of a camera, with the new login where one of its own stood; a login of another account stays. */
function streamWith(
  vault: Vault,
  id: DeviceId,
  { stream, logins }: { stream: StoredStream; logins: BothLogins },
): StoredStream {
  const changed = (stored: StoredUrl): StoredUrl => {
    const { login } = openStream(vault, id, stored);
    if (!isOwnLogin(login, logins)) return stored;
    return { url: stored.url, login: vault.seal(JSON.stringify(logins.new), `stream/${id}`) };
  };
  return { main: changed(stream.main), sub: stream.sub && changed(stream.sub) };
}
