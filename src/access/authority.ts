import {
  type Area,
  covers,
  type Jurisdiction,
  limitedArea,
  type Place,
  type PoliceTree,
  type Tree,
} from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { LOOKS, OF_AN_AGENCY, RIGHTS_OF, RIGHTS_OF_THREE, type Right } from './rights.ts';

/** The areas in which a caller has a right by a grant. */
export interface GrantedAreas {
  areasOf(caller: Caller, right: Right): GrantedArea[];
}

/** An area, or of it only what belongs to a police agency and to those below it. */
export type GrantedArea = Place;

/** The one place that decides what a caller may do (promise P7): every route, list, stream and event asks it. */
export class Authority {
  readonly #grants: GrantedAreas;
  readonly #tree: Tree & PoliceTree;
  readonly #isSeparated: boolean;
  readonly #rightsOf: typeof RIGHTS_OF;

  /** `separated`: system, security and audit administrator are three people (三员分立). */
  constructor(grants: GrantedAreas, tree: Tree & PoliceTree, { separated = false } = {}) {
    this.#grants = grants;
    this.#tree = tree;
    this.#isSeparated = separated;
    this.#rightsOf = separated ? RIGHTS_OF_THREE : RIGHTS_OF;
  }

  /**
   * Whether the caller has this right; with `subject`, whether it has it there, by its own area or a grant. Who is
   * limited to a police agency has of the rights of the role those that are of single devices and their alerts.
   */
  may(caller: Caller, right: Right, subject?: Jurisdiction | Place): boolean {
    if (!this.#rightsOf[caller.role].has(right)) return false;
    if (caller.police != null && !OF_AN_AGENCY.has(right)) return false;
    if (subject === undefined || covers(this.#areaOf(caller), subject)) return true;
    return this.#granted(caller, right).some((area) => covers(area, subject));
  }

  /**
   * The caller as the parts see it that serve a request for one of `rights`: with all that belongs to its area, and
   * with every area in which the first of them holds that it has, and no other. Null for one that has none of them.
   */
  callerFor(caller: Caller, rights: readonly Right[]): Caller | null {
    const right = rights.find((one) => this.may(caller, one));
    if (right === undefined) return null;
    const granted = this.#granted(caller, right);
    const { members, police } = this.#areaOf(caller);
    return {
      ...caller,
      ...(members.length > 0 && { members }),
      ...(police && { agencies: police.agencies }),
      ...(granted.length > 0 && { granted }),
      ...(this.may(caller, 'watchlists.confirm') && { confirms: true }),
    };
  }

  #areaOf({ jurisdiction, police = null }: Place): Area {
    return limitedArea(this.#tree, jurisdiction, police);
  }

  #granted(caller: Caller, right: Right): Area[] {
    return this.#grants.areasOf(caller, right).map((granted) => this.#areaOf(granted));
  }

  /** Whether this role may make somebody of that one: who gives must have every right, or the one to give others. */
  mayGive({ role: own }: Pick<Caller, 'role'>, role: Role): boolean {
    const mine = this.#rightsOf[own];
    return mine.has('rights.give') || [...this.#rightsOf[role]].every((right) => mine.has(right));
  }

  /**
   * Whether the caller may have a token of this role in hand: where the three administrators are separated, nobody who
   * gives rights gets by a token of their own making what they do not have themselves.
   */
  mayHold({ role: own }: Pick<Caller, 'role'>, role: Role): boolean {
    if (!this.#isSeparated) return true;
    return [...this.#rightsOf[role]].every((right) => this.#rightsOf[own].has(right) || !LOOKS.includes(right));
  }

  /**
   * Whether people who are given a password need a word of another administrator before they use it: where the
   * administrators are separated, whoever makes people would else be able to be any of them.
   */
  get vouches(): boolean {
    return this.#isSeparated;
  }

  /** Whether the caller may change the rights of this person: where the administrators are separated, not their own. */
  mayChange(caller: Pick<Caller, 'id'>, person: string): boolean {
    return !this.#isSeparated || caller.id !== person;
  }
}
