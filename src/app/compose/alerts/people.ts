import { personWho } from '../../../access/people.ts';
import type { PersonWhoSees } from '../../../alerts/desk/life/assignee.ts';
import type { ShiftsDeps } from '../../../alerts/duty/shifts.ts';

type Deps = Parameters<typeof personWho>[0];

/** To whom alerts can be given: who reads the desk on which they are. */
export function peopleWhoSee(deps: Deps): PersonWhoSees {
  return (tx, username, at) => {
    const right = at.desk === 'maintenance' ? 'faults.read' : 'alerts.read';
    return personWho(deps, tx, username, { right, at });
  };
}

/** Who can have duty: who handles alerts there. Anybody else would leave a desk that counts as manned. */
export function peopleOnDuty(deps: Deps): ShiftsDeps['personOnDuty'] {
  return (tx, username, at) => personWho(deps, tx, username, { right: 'alerts.handle', at });
}
