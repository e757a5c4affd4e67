import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { kinds } from '../overview.ts';
import { noticeEnd } from '../session.ts';
import { pause } from '../ticker.ts';
import type { Camera, Device } from '../types.ts';
import { dutyFocus } from './focus.ts';

/** Who goes through the list by keys does not open cameras at each row. */
const STAYS_MS = 500;

export interface Seeing {
  /** Name of what they look at. */
  name: string;
  cameras: readonly Camera[];
}

/** The cameras that see what somebody looks at, as many as fit; null where nobody looks, or none sees it. */
export function useSeeing(most: number): Seeing | null {
  const focus = dutyFocus.value;
  const device = focus && focus.by !== 'wall' ? focus.device : null;
  const [seeing, setSeeing] = useState<Seeing | null>(null);
  useEffect(() => {
    if (focus?.by === 'wall') return;
    if (device === null) {
      setSeeing(null);
      return;
    }
    const stop = new AbortController();
    void pause(STAYS_MS, stop.signal)
      .then(() => find(device, most, stop.signal))
      .then(setSeeing)
      .catch((error) => {
        if (!stop.signal.aborted) noticeEnd(error);
      });
    return () => stop.abort();
  }, [device]);
  return device === null && focus === null ? null : seeing;
}

async function find(id: string, most: number, signal: AbortSignal): Promise<Seeing | null> {
  const read = (one: string) => get<Device>(`/devices/${encodeURIComponent(one)}`, signal);
  const device = await read(id);
  const isCamera = kinds.value.get(device.kind)?.stream === true;
  const ids = [...new Set(isCamera ? [device.id, ...device.cameras] : device.cameras)].slice(0, most);
  const found = await Promise.all(ids.map((one) => read(one).catch(() => null)));
  const cameras = found.flatMap((one) => (one ? [{ id: one.id, name: one.name }] : []));
  return cameras.length > 0 ? { name: device.name, cameras } : null;
}
