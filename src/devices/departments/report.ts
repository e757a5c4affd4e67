import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { OwnerCount } from '../search/counting.ts';
import type { Department, Departments } from './departments.ts';

export interface DepartmentReportDeps {
  departments: Pick<Departments, 'named' | 'inForce'>;
  search: { owners(caller: Caller, filter: { jurisdiction?: Jurisdiction; kind?: string }): Promise<OwnerCount[]> };
}

/** What a department answers for on a day, however files call it. */
export interface DepartmentShare {
  /** Null: files name nobody, or somebody who is no department here. */
  department: Pick<Department, 'id' | 'name'> | null;
  positions: number;
  /** By what files call it, those of most positions first. */
  owners: { owner: string | null; positions: number }[];
}

export interface DepartmentFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  /** The day, such as 2018-04-16; today unless told. */
  on?: string;
}

/** Names of owners that are told of one department at most. */
const OWNERS_MAX = 100;

/** The positions that a caller may see, by the department that stands in the place of the one their files name. */
export class DepartmentReport {
  readonly #deps: DepartmentReportDeps;

  constructor(deps: DepartmentReportDeps) {
    this.#deps = deps;
  }

  /** In order of id, what nobody answers for last. Retired positions are left out. */
  async of(caller: Caller, { on, ...filter }: DepartmentFilter): Promise<DepartmentShare[]> {
    const { departments, search } = this.#deps;
    const shares = new Map<string, { department: Department | null; owners: Map<string | null, number> }>();
    for (const { owner, jurisdiction, count } of await search.owners(caller, filter)) {
      const named = owner === null ? null : departments.named(owner, jurisdiction);
      const department = named && departments.inForce(named, on);
      const share = shares.get(department?.id ?? '') ?? { department, owners: new Map() };
      share.owners.set(owner, (share.owners.get(owner) ?? 0) + count);
      shares.set(department?.id ?? '', share);
    }
    const ids = [...shares.keys()].filter((id) => id !== '').sort();
    return [...ids, ''].flatMap((id) => {
      const share = shares.get(id);
      return share ? [shown(share)] : [];
    });
  }
}

function shown({ department, owners }: { department: Department | null; owners: Map<string | null, number> }) {
  const all = [...owners].map(([owner, positions]) => ({ owner, positions }));
  return {
    department: department && { id: department.id, name: department.name },
    positions: all.reduce((sum, { positions }) => sum + positions, 0),
    owners: all.sort((a, b) => b.positions - a.positions).slice(0, OWNERS_MAX),
  };
}
