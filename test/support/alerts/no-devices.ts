import type { SilencedDevices } from '../../../src/alerts/silences/silence.ts';

/** No device hangs on another, and nobody lists them; the kind of each stands before the first dash of its id. */
export const NO_DEVICES: SilencedDevices = {
  kindOf: (device) => device.split('-', 1)[0] ?? null,
  isAt: (device, top) => device === top,
  among: (_kind, top) => (top === null ? [] : [top]),
};

/** The same, with these listed. */
export function listedDevices(ids: readonly string[]): SilencedDevices {
  const isMeant = (id: string, kind: string | null, top: string | null): boolean =>
    (kind === null || NO_DEVICES.kindOf(id) === kind) && (top === null || id === top);
  return { ...NO_DEVICES, among: (kind, top) => ids.filter((id) => isMeant(id, kind, top)) };
}
