import { covers, type Jurisdiction } from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { RIGHTS_OF, type Right } from './rights.ts';

/** The areas in which a caller has a right by a grant. */
export interface GrantedAreas {
  areasOf(caller: Caller, right: Right): Jurisdiction[];
}

/** The one place that decides what a caller may do (promise P7): every route, list, stream and event asks it. */
export class Authority {
  readonly #grants: GrantedAreas;

  constructor(grants: GrantedAreas) {
    this.#grants = grants;
  }

  /** Whether the caller has this right; with `subject`, whether it has it there, by its own area or a grant. */
  may(caller: Caller, right: Right, subject?: Jurisdiction): boolean {
    if (!RIGHTS_OF[caller.role].has(right)) return false;
    if (subject === undefined || covers(caller.jurisdiction, subject)) return true;
    return this.#grants.areasOf(caller, right).some((area) => covers(area, subject));
  }

  /**
   * The caller as the parts see it that serve a request for one of `rights`: with every area in which the first of them
   * holds that it has, and no other. Null for one that has none of them.
   */
  callerFor(caller: Caller, rights: readonly Right[]): Caller | null {
    const right = rights.find((one) => this.may(caller, one));
    if (right === undefined) return null;
    const granted = this.#grants.areasOf(caller, right);
    return granted.length === 0 ? caller : { ...caller, granted };
  }

  /** Whether this role may make somebody of that one: who gives must have every right, or the one to give others. */
  mayGive({ role: own }: Pick<Caller, 'role'>, role: Role): boolean {
    const mine = RIGHTS_OF[own];
    return mine.has('rights.give') || [...RIGHTS_OF[role]].every((right) => mine.has(right));
  }
}
