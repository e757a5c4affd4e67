import { covers, type Jurisdiction } from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { RIGHTS_OF, type Right } from './rights.ts';

/** The one place that decides what a caller may do (promise P7): every route, list, stream and event asks it. */
export class Authority {
  /** Whether the caller has this right; with `subject`, whether it has it there. */
  may(caller: Caller, right: Right, subject?: Jurisdiction): boolean {
    if (!RIGHTS_OF[caller.role].has(right)) return false;
    return subject === undefined || covers(caller.jurisdiction, subject);
  }

  /** Whether this role may make somebody of that one: who gives must have every right, or the one to give others. */
  mayGive({ role: own }: Pick<Caller, 'role'>, role: Role): boolean {
    const mine = RIGHTS_OF[own];
    return mine.has('rights.give') || [...RIGHTS_OF[role]].every((right) => mine.has(right));
  }
}
