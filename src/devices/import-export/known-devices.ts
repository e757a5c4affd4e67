import type { Scope } from '../../core/jurisdiction.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import {
  type OnvifAccess,
  openOnvif,
  openStream,
  type StoredOnvif,
  type StoredStream,
  type StreamSource,
} from '../registry/connections.ts';
import { findDevices } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** A device that a row names, with how it is reached. Holds passwords in clear: it is told to nobody. */
export interface KnownDevice {
  device: Device;
  stream: { stored: StoredStream; open: { main: StreamSource; sub: StreamSource | null } } | null;
  onvif: { stored: StoredOnvif; open: OnvifAccess } | null;
}

/** `foreign`: there is one, and the caller may not see it. */
export type Knowledge = ReadonlyMap<DeviceId, KnownDevice | 'foreign'>;

/** What is known of these ids to somebody who sees `scope`. */
export async function knownDevices(
  tx: Tables,
  { vault, scope }: { vault: Vault; scope: Scope },
  ids: readonly DeviceId[],
): Promise<Knowledge> {
  if (ids.length === 0) return new Map();
  const devices = new Map((await findDevices(tx, scope, ids)).map((device) => [device.id, device]));
  const rows = await tx
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'stream', 'onvif'])
    .where('id', 'in', ids)
    .execute();
  const known = new Map<DeviceId, KnownDevice | 'foreign'>();
  for (const { id, stream, onvif } of rows) {
    const device = devices.get(id);
    known.set(id, device ? { device, ...opened(vault, id, { stream, onvif }) } : 'foreign');
  }
  return known;
}

function opened(
  vault: Vault,
  id: DeviceId,
  { stream, onvif }: Pick<RegistryTables['position'], 'stream' | 'onvif'>,
): Omit<KnownDevice, 'device'> {
  const sub = stream?.sub ? openStream(vault, id, stream.sub) : null;
  return {
    stream: stream && { stored: stream, open: { main: openStream(vault, id, stream.main), sub } },
    onvif: onvif && { stored: onvif, open: openOnvif(vault, id, onvif) },
  };
}
