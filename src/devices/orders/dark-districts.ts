import { districtOf } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { faultOf, type HealthPort } from './occasions.ts';

export interface DarkDistrictsDeps {
  health: HealthPort;
  /** Where a device stands; null for one that does not. */
  jurisdictionOf(id: DeviceId): string | null;
  /** Whether somebody works at it, or at what it hangs on. */
  isMaintained(id: DeviceId): boolean;
}

/** So many of one district that go offline together, and hang on nothing in common, have one cause. */
const TOGETHER_MIN = 20;
/** Those that went offline further apart did so by themselves. */
const TOGETHER_MS = 300_000;

/** Who is offline and explained by nothing above, so that a district whose line is cut gets one order. */
export class DarkDistricts {
  readonly #deps: DarkDistrictsDeps;
  readonly #dark = new Set<DeviceId>();

  constructor(deps: DarkDistrictsDeps) {
    this.#deps = deps;
  }

  add(id: DeviceId): void {
    this.#dark.add(id);
  }

  remove(id: DeviceId): void {
    this.#dark.delete(id);
  }

  /** All that went offline with this one, itself among them, the first of them first; itself alone where few did. */
  with(id: DeviceId): DeviceId[] {
    const own = this.#sinceOf(id);
    if (own === null) return [id];
    const together = [...this.#dark].flatMap((other) => {
      const it = this.#sinceOf(other);
      const isWith = it?.district === own.district && Math.abs(it.sinceMs - own.sinceMs) <= TOGETHER_MS;
      return it && isWith && !this.#deps.isMaintained(other) ? [{ other, sinceMs: it.sinceMs }] : [];
    });
    if (together.length < TOGETHER_MIN) return [id];
    together.sort((a, b) => a.sinceMs - b.sinceMs || (a.other < b.other ? -1 : 1));
    return together.map(({ other }) => other);
  }

  /** Null for a device that is there, and for one whose darkness something above explains. */
  #sinceOf(id: DeviceId): { district: string; sinceMs: number } | null {
    const { health, jurisdictionOf } = this.#deps;
    const found = health.of(id);
    const fault = faultOf(found);
    const jurisdiction = jurisdictionOf(id);
    if (fault?.kind !== 'offline' || found?.because || fault.sinceMs === null || jurisdiction === null) return null;
    return { district: districtOf(jurisdiction), sinceMs: fault.sinceMs };
  }
}
