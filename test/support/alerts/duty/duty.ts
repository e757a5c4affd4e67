import type { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import { HandOvers } from '../../../../src/alerts/duty/hand-overs.ts';
import { Roster } from '../../../../src/alerts/duty/roster.ts';
import { Shifts, type ShiftsDeps } from '../../../../src/alerts/duty/shifts.ts';
import type { Clock } from '../../../../src/core/clock.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { NO_ZONES } from '../../access/tree.ts';

/** Whoever is asked for is there, but for `nobody`. Their ids are their user names with `id-` before. */
export const anybody: ShiftsDeps['personOnDuty'] = async (_, username) =>
  username === 'nobody' ? null : { id: `id-${username}`, username };

/** A roster of an area without zones, that nobody rings for: work that is due is looked for. */
export function rosterOn(database: Database, clock: Clock): Roster {
  const failed = (error: unknown): void => {
    throw error;
  };
  return new Roster({ database: database as Database<'alerts'>, clock, trees: NO_ZONES, ring: () => {}, failed });
}

interface DutyDesk {
  database: Database;
  clock: Clock;
  actions: Pick<AlertActions, 'do'>;
}

/** Rosters and hand-overs on a desk's database. */
export function openDuty({ database, clock, actions }: DutyDesk, roster = rosterOn(database, clock)) {
  return {
    roster,
    shifts: new Shifts({ database, clock, personOnDuty: anybody, changed: () => roster.load() }),
    handOvers: new HandOvers({ database, clock, trees: NO_ZONES, actions }),
  };
}
