import { systemClock } from '../../../src/core/clock.ts';
import { UnitHistory } from '../../../src/devices/units/history.ts';
import { type UnitInput, unitInput } from '../../../src/devices/units/input.ts';
import { Units } from '../../../src/devices/units/units.ts';
import { quietObserver } from '../services/services.ts';
import type { OpenRegistry } from './registry.ts';

/** Units on a registry whose cameras nobody looks at. `restated` are the positions whose cameras are asked anew. */
export function openUnits(parts: OpenRegistry, clock = systemClock) {
  const restated: string[] = [];
  const { database, kinds, directory, hasher } = parts;
  const units = new Units({
    database,
    kinds,
    directory,
    hasher,
    clock,
    observer: quietObserver(),
    cameras: { accepted: () => {}, restated: (id) => void restated.push(id) },
  });
  return { units, history: new UnitHistory(database), restated };
}

/** A unit as its label says. */
export function unitOf(serial: string, over: Partial<UnitInput> = {}): UnitInput {
  return unitInput.parse({ serial, maker: 'Dahua', ...over });
}
