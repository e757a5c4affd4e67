import { type Clock, chinaDayAt, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import { noteChange } from '../../platform/follow/changes.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Directory } from '../registry/directory.ts';
import { type Corner, polygonText } from '../search/area.ts';
import type { AgencyEnd, AgencyInput } from './input.ts';
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
  async add(caller: Caller, { bounds, replaces, ...input }: AgencyInput): Promise<PoliceAgency> {
    const { jurisdictions } = this.#deps;
    const { code, level, parent, jurisdiction, validFrom } = input;
    if (!covers(ownArea(caller), jurisdiction) || !jurisdictions.exists(jurisdiction)) {
      throw invalid('jurisdiction', 'is no code within your jurisdiction: see GET /jurisdictions');
    }
    const added: PoliceAgency = { ...input, validTo: null, successor: null, hasBounds: bounds !== null };
    await this.#change(
      caller,
      { action: 'police.add', agency: added, after: { ...input, replaces, bounds } },
      async (tx) => {
        const known = await agencies(tx);
        if (known.length >= AGENCIES_MAX) {
          throw new CitywatchError('conflict.state', { detail: `There are ${AGENCIES_MAX} agencies, the most.` });
        }
        const above = known.find((one) => one.code === parent);
        const isSeen = above !== undefined && this.#deps.tree.isSeen(caller, above.code);
        if (parent !== null && (!isSeen || above.level !== ABOVE[level] || above.validTo !== null)) {
          throw invalid('parent', `is no agency of a ${ABOVE[level]} that you may see: see GET /police/agencies`);
        }
        if (known.some((one) => one.code === code)) throw new CitywatchError('conflict.exists');
        const { name } = input;
        const values = { code, name, level, parent, jurisdiction, bounds: drawn(bounds) };
        await tx.tables<PoliceTables>().insertInto('police_agency').values(values).execute();
        if (validFrom !== null) await setDays(tx, code, { valid_from: validFrom });
        for (const [place, old] of replaces.entries()) {
          const found = known.find((one) => one.code === old);
          checkReplaced(caller, found, { path: `replaces.${place}`, added });
          await setDays(tx, old, { valid_to: validFrom, successor: code });
        }
      },
    );
    return added;
  }

  /** The agency and those below it, or that it followed; none where there is no such agency. */
  below(code: string): readonly string[] {
    return this.#deps.tree.below(code);
  }

  /** Errors: `not-found`, also for what is not the caller's. */
  async rename(caller: Caller, code: string, name: string): Promise<PoliceAgency> {
    const agency = { ...this.#own(caller, code), name };
    await this.#change(caller, { action: 'police.name', agency, after: { name } }, async (tx) => {
      await tx.tables<PoliceTables>().updateTable('police_agency').set({ name }).where('code', '=', code).execute();
    });
    return agency;
  }

  /**
   * Ends an agency: from that day on its points belong to its successor, and to none where it has none. Errors:
   * `not-found`; `conflict.state` where it has an end, or something stands below it; `request.invalid`.
   */
  async end(caller: Caller, code: string, { on, successor }: AgencyEnd): Promise<PoliceAgency> {
    const agency = { ...this.#own(caller, code), validTo: on, successor };
    await this.#change(caller, { action: 'police.end', agency, after: { on, successor } }, async (tx) => {
      const known = await agencies(tx);
      const next = known.find((one) => one.code === successor);
      const below = known.find(({ parent, validTo }) => parent === code && validTo === null);
      if (below)
        throw new CitywatchError('conflict.state', { detail: `End ${below.code} first, which stands below it.` });
      const before = known.find((one) => one.code === code);
      if (successor !== null && !next) throw invalid('successor', 'is no agency of yours: see GET /police/agencies');
      checkReplaced(caller, before, { path: 'successor', added: next ?? null });
      const firstDay = before?.validFrom ?? null;
      if (firstDay !== null && on <= firstDay) throw invalid('on', `must be later than ${firstDay}, its first day`);
      await setDays(tx, code, { valid_to: on, successor });
    });
    return agency;
  }

  #own(caller: Caller, code: string): PoliceAgency {
    const found = this.#deps.tree.get(code);
    if (!found || !covers(ownArea(caller), found.jurisdiction)) throw new CitywatchError('not-found');
    return found;
  }

  /** Draws where a station is responsible, and gives it the positions there. Errors: `not-found`, `request.invalid`. */
  async setBounds(caller: Caller, code: string, bounds: Corner[] | null): Promise<PoliceAgency> {
    const found = this.#own(caller, code);
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
   * were drawn: no edit waits for another one here. Gives those of agencies that have ended by now to what followed.
   */
  async tidy(): Promise<void> {
    const { database, clock, changed } = this.#deps;
    const nowMs = clock.nowMs();
    const ended = sql`select code from police_agency_days where valid_to <= ${chinaDayAt(nowMs)}`;
    const some = sql<boolean>`(updated_at_ms > ${nowMs - DAY_MS} or police in (${ended}))`;
    await changed(await findPolice(database, some));
  }
}

async function setDays(
  tx: Tables,
  code: string,
  days: Partial<Omit<PoliceTables['police_agency_days'], 'code'>>,
): Promise<void> {
  const all = tx.tables<PoliceTables>().insertInto('police_agency_days');
  const row = all.values({ code, valid_from: null, valid_to: null, successor: null, ...days });
  await row.onConflict((conflict) => conflict.column('code').doUpdateSet(days)).execute();
}

/** Whether it may end, and `added` stand in its place; null where nothing does. */
function checkReplaced(
  caller: Caller,
  old: PoliceAgency | undefined,
  { path, added }: { path: string; added: PoliceAgency | null },
): void {
  if (old && old.validTo !== null) {
    throw new CitywatchError('conflict.state', { detail: `${old.code} ends on ${old.validTo}.` });
  }
  const isOwn = old && [old, added ?? old].every(({ jurisdiction }) => covers(ownArea(caller), jurisdiction));
  const isAlike = added === null || (added.level === old?.level && added.code !== old.code && added.validTo === null);
  if (!isOwn || !isAlike)
    throw invalid(path, 'is no agency of yours of this level that goes on: see GET /police/agencies');
}

/** Brings positions up to the bounds of stations as they are now; resolves with those that are changed by it. */
async function findPolice(tables: Tables, some = sql<boolean>`true`): Promise<DeviceId[]> {
  const { rows } = await sql<{ id: DeviceId }>`
    update position set police_found = police_now(police_at(point(lon, lat))), police_set = police_now(police_set)
    where ${some} and (police_found is distinct from police_now(police_at(point(lon, lat)))
      or police_set is distinct from police_now(police_set)) returning id`.execute(tables.tables());
  return rows.map(({ id }) => id);
}

function drawn(bounds: Corner[] | null): RawBuilder<string> | null {
  return bounds && sql`${polygonText(bounds)}::polygon`;
}
