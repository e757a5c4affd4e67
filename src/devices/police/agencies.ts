import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import { noteChange } from '../../platform/follow/changes.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Directory } from '../registry/directory.ts';
import { type Corner, polygonText } from '../search/area.ts';
import type { AgencyInput } from './input.ts';
import type { Agencies } from './police-tree.ts';
import { agencies, type Level, type PoliceAgency, type PoliceTables } from './stored.ts';

/** With how many positions there and below it the caller may see, retired ones left out. */
export interface CountedAgency extends PoliceAgency {
  positions: number;
}

export interface PoliceDeps {
  database: Tables & Pick<Database, 'transaction'>;
  clock: Clock;
  jurisdictions: { exists(code: Jurisdiction): boolean };
  /** Holds them in memory; read again after every edit. */
  tree: Agencies;
  directory: Pick<Directory, 'counts'>;
  /** Takes over whose devices these are now. */
  changed(ids: readonly DeviceId[]): Promise<void>;
}

/** What may stand above an agency. */
const ABOVE: Record<Level, Level | null> = { city: null, county: 'city', station: 'county' };
/** As many as a city with its counties and stations has, many times over. */
const AGENCIES_MAX = 20_000;

/** The police tree: which station is responsible where. It says of devices whose they are. */
export class PoliceAgencies {
  readonly #deps: PoliceDeps;

  constructor(deps: PoliceDeps) {
    this.#deps = deps;
  }

  /** Those of the caller's area and above it, a page in order of code. */
  list(
    caller: Caller,
    { limit, after = '' }: { limit: number; after?: string },
  ): { items: CountedAgency[]; next: string | null } {
    const { tree, directory } = this.#deps;
    const rest = tree.list(caller).filter(({ code }) => code > after);
    const totals = new Map<string, number>();
    for (const { police, count } of directory.counts(caller)) {
      for (const code of tree.lineOf(police ?? '')) totals.set(code, (totals.get(code) ?? 0) + count);
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
      const isSeen = above !== undefined && this.#deps.tree.isSeen(caller, above.code);
      if (parent !== null && (!isSeen || above.level !== ABOVE[level])) {
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
    const { database, clock, tree, changed } = this.#deps;
    const { action, agency, after } = said;
    const moved = await database.transaction(async (tx) => {
      await sql`lock table police_agency in share row exclusive mode`.execute(tx.tables());
      await edit(tx);
      await noteChange(tx, 'police');
      const ids = await findPolice(tx);
      const { code, jurisdiction } = agency;
      await recordAudit(tx, { caller, action, subject: `police/${code}`, jurisdiction, after, atMs: clock.nowMs() });
      return ids;
    });
    await tree.load(database);
    await changed(moved);
  }

  /**
   * Gives positions to the station around them that were registered or moved in the very moment in which its bounds
   * were drawn: no edit waits for another one here.
   */
  async tidy(): Promise<void> {
    await this.#deps.changed(await findPolice(this.#deps.database));
  }
}

/** Brings every position up to the bounds of stations as they are now; resolves with those that are changed by it. */
async function findPolice(tables: Tables): Promise<DeviceId[]> {
  const { rows } = await sql<{ id: DeviceId }>`
    update position set police_found = police_at(point(lon, lat))
    where police_found is distinct from police_at(point(lon, lat)) returning id`.execute(tables.tables());
  return rows.map(({ id }) => id);
}

function drawn(bounds: Corner[] | null): RawBuilder<string> | null {
  return bounds && sql`${polygonText(bounds)}::polygon`;
}
