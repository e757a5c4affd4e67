import type { AlertParts } from '../../../../../src/api/alert-parts.ts';
import { HERE, requireHere } from '../../api-parts.ts';

const AT = '2026-01-01T00:00:00.000Z';

const SHIFT = {
  id: 'shift-1',
  jurisdiction: HERE,
  police: null,
  level: 'county' as const,
  people: ['li'],
  startsAt: AT,
  endsAt: AT,
  createdBy: 'admin',
  version: 1,
};

const HAND_OVER = {
  id: 'hand-over-1',
  fromShift: 'shift-1',
  toShift: 'shift-2',
  jurisdiction: HERE,
  police: null,
  note: 'quiet',
  open: 0,
  givenBy: 'li',
  givenAt: AT,
  takenBy: null,
  takenAt: null,
  version: 1,
  items: [],
  left: null,
};

/** Who has duty: one of each, of here. */
export function memoryDuty(): Pick<AlertParts, 'roster' | 'shifts' | 'handOvers'> {
  return {
    roster: { now: () => [], seen: () => {} },
    shifts: {
      create: async () => SHIFT,
      list: async () => [],
      remove: async (caller) => requireHere(caller),
    },
    handOvers: {
      give: async (caller) => {
        requireHere(caller);
        return HAND_OVER;
      },
      take: async (caller) => {
        requireHere(caller);
        return HAND_OVER;
      },
      list: async () => [],
      get: async (caller) => {
        requireHere(caller);
        return HAND_OVER;
      },
    },
  };
}
