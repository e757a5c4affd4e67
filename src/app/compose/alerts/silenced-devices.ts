import type { SilencedDevices } from '../../../alerts/silences/silence.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { Directory } from '../../../devices/registry/directory.ts';

/** What silences ask of the directory in memory. */
export function silencedDevices(directory: Pick<Directory, 'get' | 'ids'>): SilencedDevices {
  const kindOf = (id: DeviceId): string | null => directory.get(id)?.identity.kind ?? null;
  const isAt = (device: DeviceId, top: DeviceId): boolean => {
    const seen = new Set<DeviceId>();
    for (let at: DeviceId | null = device; at !== null && !seen.has(at); at = directory.get(at)?.parent ?? null) {
      if (at === top) return true;
      seen.add(at);
    }
    return false;
  };
  return {
    kindOf,
    isAt,
    among: (kind, top) =>
      directory.ids().filter((id) => (kind === null || kindOf(id) === kind) && (top === null || isAt(id, top))),
  };
}
