import { invalid } from '../../core/errors.ts';
import { covers, limitedArea, ownArea, type Place, type PoliceTree, type Tree } from '../../core/jurisdiction.ts';
import type { Caller, Role } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Authority } from '../authority.ts';
import type { Right } from '../rights.ts';
import type { AccessTables } from '../tables.ts';

/** Somebody who can be given something to do. */
export interface Colleague {
  id: string;
  username: string;
  name: string;
  role: Role;
  jurisdiction: string;
}

/** What somebody is called. */
export type Named = Pick<Colleague, 'id' | 'username' | 'name'>;

export interface ColleaguesDeps {
  database: Database;
  trees: Tree & PoliceTree;
  authority: Pick<Authority, 'may'>;
}

/** People who can log in, of a whole country: read at once, because who sees a place is no question for SQL. */
const PEOPLE_MAX = 20_000;
const LISTED_MAX = 500;
/** Of a large city; the others are shown by their user names. */
const NAMED_MAX = 5_000;

/** Who sees a place and may do something there: for whoever gives work to others, or names those who may know of it. */
export class Colleagues {
  readonly #deps: ColleaguesDeps;

  constructor(deps: ColleaguesDeps) {
    this.#deps = deps;
  }

  /**
   * People who see `place` and have `right` there, 500 at most: those of the nearest area first, of these by name; for
   * somebody who is limited to an agency of the police, people of agencies alone.
   * Errors: `request.invalid` for a place beyond the caller's area.
   */
  async list(caller: Caller, place: Place, right: Right): Promise<Colleague[]> {
    const { database, trees, authority } = this.#deps;
    if (!covers(ownArea(caller), place)) {
      throw invalid('jurisdiction', `lies outside your area ${caller.jurisdiction}`);
    }
    const people = await peopleFor(database, caller).where('disabled_at_ms', 'is', null).execute();
    return people
      .filter((one) => covers(limitedArea(trees, one.jurisdiction, one.police), place))
      .filter((one) => authority.may({ type: 'person', purpose: null, ...one }, right, place))
      .sort((a, b) => narrowness(b) - narrowness(a) || a.name.localeCompare(b.name, 'zh-CN'))
      .slice(0, LISTED_MAX)
      .map(({ police: _, ...one }) => one);
  }

  /**
   * What people are called who see something that the caller sees, 5,000 at most, in order of their user names: also
   * those who cannot log in any more, whose deeds stay.
   */
  async names(caller: Caller): Promise<Named[]> {
    const { database, trees } = this.#deps;
    const own = ownArea(caller);
    const place = { jurisdiction: caller.jurisdiction, police: caller.police ?? null };
    const people = await peopleFor(database, caller).execute();
    return people
      .filter((one) => covers(own, one) || covers(limitedArea(trees, one.jurisdiction, one.police), place))
      .slice(0, NAMED_MAX)
      .map(({ id, username, name }) => ({ id, username, name }));
  }
}

/** Everybody whom somebody may be told of: of those who are limited to an agency of the police, people of agencies. */
function peopleFor(database: Database, { police = null }: Caller) {
  const people = database
    .tables<AccessTables>()
    .selectFrom('person')
    .select(['id', 'username', 'name', 'role', 'jurisdiction', 'police'])
    .orderBy('username')
    .limit(PEOPLE_MAX);
  return police === null ? people : people.where('police', 'is not', null);
}

/** How small an area is: codes of small ones end with fewer zeros. */
function narrowness({ jurisdiction, police }: { jurisdiction: string; police: string | null }): number {
  return jurisdiction.replace(/0+$/, '').length * 2 + (police === null ? 0 : 1);
}
