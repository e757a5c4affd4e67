import type { AlertActions } from '../../../alerts/desk/life/actions.ts';
import { HandOvers } from '../../../alerts/duty/hand-overs.ts';
import { Roster } from '../../../alerts/duty/roster.ts';
import { Shifts } from '../../../alerts/duty/shifts.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import { peopleOnDuty } from './people.ts';

/** Who is on duty, as alerts ask it. Starts nothing. */
export function composeRoster({ shares, clock, doorbell, observer }: Ground, { agencies }: Devices): Roster {
  return new Roster({
    database: shares.alerts,
    clock,
    trees: agencies,
    ring: (queue) => doorbell.ring(queue),
    failed: (error) => observer.log.warn({ part: 'duty', error: messageOf(error) }, 'will be looked at again'),
  });
}

/** The roster as people keep it, and what shifts hand to each other. */
export function composeDuty(
  { shares: { general: database }, clock, lifecycle }: Ground,
  { agencies, authority }: Devices,
  { roster, actions }: { roster: Roster; actions: Pick<AlertActions, 'do'> },
) {
  return {
    roster,
    shifts: new Shifts({
      database,
      clock,
      personOnDuty: peopleOnDuty({ trees: agencies, authority }),
      changed: () => roster.load(),
    }),
    handOvers: new HandOvers({ database, clock, trees: agencies, actions }),
    async startRoster(): Promise<void> {
      await roster.load();
      lifecycle.onStop('roster', roster.watch());
    },
  };
}
