import { type Jurisdiction, ownArea, type Tree } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceKind } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { FILE_COLUMNS } from './file.ts';

/** Of which positions a key is asked for. `tags` are for those who like them. */
const ASKED_OF = {
  gbId: 'video',
  tier: 'all',
  placeType: 'all',
  address: 'all',
  owner: 'all',
  purpose: 'all',
  heading: 'video',
  mounting: 'all',
  heightM: 'video',
  lowLight: 'video',
  hlc: 'video',
  wdr: 'video',
  resolution: 'video',
  network: 'all',
  link: 'all',
  storageDays: 'video',
  maintainer: 'all',
  warrantyEnd: 'all',
  power: 'all',
  circuit: 'wired',
  pole: 'on-a-pole',
} as const;

/** A key of the file that the report asks for. */
export type AskedField = keyof typeof ASKED_OF;

export const ASKED_FIELDS = Object.keys(ASKED_OF) as [AskedField, ...AskedField[]];

const COLUMNS = { ...FILE_COLUMNS, purpose: 'purpose' } as const satisfies Record<AskedField | 'tags', string>;

export interface FileReportFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  /** Only positions that lack this. */
  field?: AskedField;
}

export interface PageRequest {
  /** 1-500. */
  limit: number;
  after?: string;
}

/** How many positions there are, of how many everything is known that is asked for, and what the others lack. */
export interface FileCounts {
  positions: number;
  complete: number;
  missing: Record<AskedField, number>;
}

export interface IncompleteFile {
  device: DeviceId;
  name: string;
  kind: string;
  jurisdiction: Jurisdiction;
  missing: AskedField[];
}

/** Which keys of the files of positions are not known yet. Retired positions are not asked for any. */
export class FileReport {
  readonly #database: Database;
  readonly #kinds: { all(): DeviceKind[] };
  readonly #tree: Tree;

  constructor({ database, kinds, tree }: { database: Database; kinds: { all(): DeviceKind[] }; tree: Tree }) {
    this.#tree = tree;
    this.#database = database;
    this.#kinds = kinds;
  }

  /** The counts of everything that the caller may see and that passes the filter. */
  async sum(caller: Caller, filter: FileReportFilter): Promise<FileCounts> {
    const row = await this.#positions(caller, filter).select(this.#counts()).executeTakeFirstOrThrow();
    return countsOf(row);
  }

  /** The same by division code, in order of the codes. */
  async byJurisdiction(caller: Caller, filter: FileReportFilter, { limit, after }: PageRequest) {
    let query = this.#positions(caller, filter).select('jurisdiction').groupBy('jurisdiction');
    if (after !== undefined) query = query.where('jurisdiction', '>', after);
    const rows = await query
      .select(this.#counts())
      .orderBy('jurisdiction')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map((row) => ({ jurisdiction: row.jurisdiction, ...countsOf(row) }));
    return { items, next: rows.length > limit ? items.at(-1)!.jurisdiction : null };
  }

  /** Positions that lack something, in order of id. */
  async incomplete(
    caller: Caller,
    { field, ...filter }: FileReportFilter,
    { limit, after }: PageRequest,
  ): Promise<{ items: IncompleteFile[]; next: DeviceId | null }> {
    const lacking = field ? this.#lacks(field) : this.#lacksAny();
    let query = this.#positions(caller, filter).where(lacking);
    if (after !== undefined) query = query.where('id', '>', after);
    const names = ASKED_FIELDS.map((name) => sql`case when ${this.#lacks(name)} then ${sql.lit(name)} end`);
    const missing = sql<AskedField[]>`array_remove(array[${sql.join(names)}], null)`.as('missing');
    const rows = await query
      .select(['id as device', 'name', 'kind', 'jurisdiction', missing])
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? items.at(-1)!.device : null };
  }

  #positions(caller: Caller, { jurisdiction, kind }: FileReportFilter) {
    const there = this.#database.tables<RegistryTables>().selectFrom('position').where('state', '!=', 'retired');
    let query = withinJurisdiction(there, 'jurisdiction', ownArea(caller), 'police');
    if (jurisdiction !== undefined) query = withinJurisdiction(query, 'jurisdiction', this.#tree.area(jurisdiction));
    if (kind !== undefined) query = query.where('kind', '=', kind);
    return query;
  }

  #counts() {
    const missing = ASKED_FIELDS.map(
      (name) => sql`${sql.lit(name)}::text, count(*) filter (where ${this.#lacks(name)})`,
    );
    return [
      sql<number>`count(*)::int`.as('positions'),
      sql<number>`(count(*) filter (where not ${this.#lacksAny()}))::int`.as('complete'),
      sql<Record<AskedField, number>>`jsonb_build_object(${sql.join(missing)})`.as('missing'),
    ] as const;
  }

  #lacksAny(): RawBuilder<boolean> {
    const each = ASKED_FIELDS.map((name) => sql`(${this.#lacks(name)})`);
    return sql`(${sql.join(each, sql` or `)})`;
  }

  #lacks(name: AskedField): RawBuilder<boolean> {
    const unknown = sql<boolean>`${sql.ref(COLUMNS[name])} is null`;
    switch (ASKED_OF[name]) {
      case 'all':
        return unknown;
      case 'video':
        return sql`${unknown} and kind = any(${this.#kindsWithVideo()}::text[])`;
      case 'wired':
        return sql`${unknown} and coalesce(power, 'mains') = 'mains'`;
      case 'on-a-pole':
        return sql`${unknown} and coalesce(mounting, 'pole') in ('pole', 'gantry')`;
    }
  }

  #kindsWithVideo(): string[] {
    return this.#kinds.all().flatMap(({ kind, stream }) => (stream ? [kind] : []));
  }
}

function countsOf({ positions, complete, missing }: FileCounts): FileCounts {
  return { positions, complete, missing };
}
