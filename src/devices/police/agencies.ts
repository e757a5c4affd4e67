import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea, type Tree } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type RawBuilder,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { type Corner, polygonText } from '../search/area.ts';
import type { AgencyInput, POLICE_LEVELS } from './input.ts';

type Level = (typeof POLICE_LEVELS)[number];

/** A police agency as it is listed. */
export interface PoliceAgency {
  code: string;
  name: string;
  level: Level;
  parent: string | null;
  jurisdiction: Jurisdiction;
  /** Whether somebody has drawn where the station is responsible. */
  hasBounds: boolean;
}

/** With how many positions there and below it the caller may see, retired ones left out. */
export interface CountedAgency extends PoliceAgency {
  positions: number;
}

export interface PoliceDeps {
  database: Tables & Pick<Database, 'transaction'>;
  clock: Clock;
  jurisdictions: Tree & { exists(code: Jurisdiction): boolean };
}

/** Table of migration 0243; what each column means stands there. */
export interface PoliceTables {
  police_agency: Omit<PoliceAgency, 'hasBounds'> & { bounds: RawBuilder<string> | null };
}

/** What may stand above an agency. */
const ABOVE: Record<Level, Level | null> = { city: null, county: 'city', station: 'county' };
/** As many as a city with its counties and stations has, many times over. */
const AGENCIES_MAX = 20_000;

/** The police tree: which station is responsible where. It says of devices whose they are, and opens nothing. */
export class PoliceAgencies {
  readonly #deps: PoliceDeps;

  constructor(deps: PoliceDeps) {
    this.#deps = deps;
  }

  /** Those of the caller's area and above it, a page in order of code. */
  async list(
    caller: Caller,
    { limit, after = '' }: { limit: number; after?: string },
  ): Promise<{ items: CountedAgency[]; next: string | null }> {
    const { database } = this.#deps;
    const all = (await agencies(database)).filter((one) => this.#isSeen(caller, one));
    const rest = all.filter(({ code }) => code > after);
    const counts = await this.#counts(caller);
    const parents = new Map(all.map(({ code, parent }) => [code, parent]));
    const totals = new Map<string, number>();
    for (const [station, count] of counts) {
      for (let code: string | null = station; code !== null; code = parents.get(code) ?? null) {
        totals.set(code, (totals.get(code) ?? 0) + count);
      }
    }
    const items = rest.slice(0, limit).map((one) => ({ ...one, positions: totals.get(one.code) ?? 0 }));
    return { items, next: rest.length > limit ? items.at(-1)!.code : null };
  }

  /**
   * Adds one of the caller's area. Errors: `request.invalid`, alike for what is not there and what is not the caller's;
   * `conflict.exists`.
   */
  async add(caller: Caller, { bounds, ...input }: AgencyInput): Promise<PoliceAgency> {
    const { jurisdictions } = this.#deps;
    const { code, level, parent, jurisdiction } = input;
    if (!covers(ownArea(caller), jurisdiction) || !jurisdictions.exists(jurisdiction)) {
      throw invalid('jurisdiction', 'is no code within your jurisdiction: see GET /jurisdictions');
    }
    const added: PoliceAgency = { ...input, hasBounds: bounds !== null };
    await this.#change(caller, { action: 'police.add', agency: added, after: { ...input, bounds } }, async (tx) => {
      const known = await agencies(tx);
      if (known.length >= AGENCIES_MAX) {
        throw new CitywatchError('conflict.state', { detail: `There are ${AGENCIES_MAX} agencies, the most.` });
      }
      const above = known.find((one) => one.code === parent);
      if (parent !== null && (!above || above.level !== ABOVE[level] || !this.#isSeen(caller, above))) {
        throw invalid('parent', `is no agency of a ${ABOVE[level]} that you may see: see GET /police/agencies`);
      }
      if (known.some((one) => one.code === code)) throw new CitywatchError('conflict.exists');
      const values = { ...input, bounds: drawn(bounds) };
      await tx.tables<PoliceTables>().insertInto('police_agency').values(values).execute();
    });
    return added;
  }

  /** Draws where a station is responsible, and gives it the positions there. Errors: `not-found`, `request.invalid`. */
  async setBounds(caller: Caller, code: string, bounds: Corner[] | null): Promise<PoliceAgency> {
    const { database } = this.#deps;
    const found = (await agencies(database)).find((one) => one.code === code);
    if (!found || !covers(ownArea(caller), found.jurisdiction)) throw new CitywatchError('not-found');
    if (found.level !== 'station') throw invalid('bounds', 'are those of stations; what stands above has theirs');
    const agency = { ...found, hasBounds: bounds !== null };
    await this.#change(caller, { action: 'police.bounds', agency, after: { bounds } }, async (tx) => {
      const all = tx
        .tables<PoliceTables>()
        .updateTable('police_agency')
        .set({ bounds: drawn(bounds) });
      await all.where('code', '=', code).execute();
    });
    return agency;
  }

  /** One after the other: what positions are given goes by the bounds of all stations. */
  async #change(
    caller: Caller,
    said: { action: string; agency: PoliceAgency; after: unknown },
    edit: (tx: Tables) => Promise<void>,
  ): Promise<void> {
    const { database, clock } = this.#deps;
    const { action, agency, after } = said;
    await database.transaction(async (tx) => {
      await sql`lock table police_agency in share row exclusive mode`.execute(tx.tables());
      await edit(tx);
      await findPolice(tx);
      const { code, jurisdiction } = agency;
      await recordAudit(tx, { caller, action, subject: `police/${code}`, jurisdiction, after, atMs: clock.nowMs() });
    });
  }

  /**
   * Gives positions to the station around them that were registered or moved in the very moment in which its bounds
   * were drawn: no edit waits for another one here.
   */
  async tidy(): Promise<void> {
    await findPolice(this.#deps.database);
  }

  async #counts(caller: Caller): Promise<Map<string, number>> {
    const all = this.#deps.database.tables<RegistryTables>().selectFrom('position').where('state', '<>', 'retired');
    const rows = await withinJurisdiction(all.where('police', 'is not', null), 'jurisdiction', caller)
      .select(['police', sql<number>`count(*)::int`.as('count')])
      .groupBy('police')
      .execute();
    return new Map(rows.map(({ police, count }) => [police!, count]));
  }

  #isSeen(caller: Caller, { jurisdiction }: PoliceAgency): boolean {
    return covers(caller, jurisdiction) || covers(this.#deps.jurisdictions.area(jurisdiction), caller.jurisdiction);
  }
}

/** All there are, in order of code. */
export async function agencies(tables: Tables): Promise<PoliceAgency[]> {
  return tables
    .tables<PoliceTables>()
    .selectFrom('police_agency')
    .select(['code', 'name', 'level', 'parent', 'jurisdiction', sql<boolean>`bounds is not null`.as('hasBounds')])
    .orderBy('code')
    .execute();
}

/** Brings every position up to the bounds of stations as they are now. */
async function findPolice(tables: Tables): Promise<void> {
  await sql`
    update position set police_found = police_at(point(lon, lat))
    where police_found is distinct from police_at(point(lon, lat))`.execute(tables.tables());
}

function drawn(bounds: Corner[] | null): RawBuilder<string> | null {
  return bounds && sql`${polygonText(bounds)}::polygon`;
}
