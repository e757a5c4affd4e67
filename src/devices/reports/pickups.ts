import type { Jurisdiction, Scope, Tree } from '../../core/jurisdiction.ts';
import { covers } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity, DeviceKind, DeviceState, FieldValue } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** What a device said last. */
export interface LastWords {
  fields: ReadonlyMap<string, { value: FieldValue; atMs: number }>;
  online: boolean;
  stale: boolean;
}

export interface PickupsDeps {
  database: Database;
  kinds: { latest(kind: string): DeviceKind | undefined };
  directory: {
    within(scope: Scope): Iterable<DeviceIdentity>;
    get(id: DeviceId): { state: DeviceState } | undefined;
  };
  latest(id: DeviceId): LastWords | null;
  tree: Tree;
}

export interface PickupFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  /** Percent, from which on one counts as full. */
  fullPercent: number;
}

/** A kiosk to be emptied. */
export interface Pickup {
  device: DeviceId;
  name: string;
  kind: string;
  jurisdiction: Jurisdiction;
  address: string | null;
  /** WGS-84 degrees. */
  lat: number;
  lon: number;
  fillPercent: number;
  /** When it said so, Unix ms. */
  atMs: number;
  /** Its bins that are full, as the kind names them: `paper`. */
  bins: string[];
  weightKg: number | null;
  /** False where it is offline or silent since: it may have been emptied, or be fuller. */
  current: boolean;
}

/** What each kind that can be full says of it. */
const FILL = 'fill_pct';
const FILL_OF_BIN = /^fill_(\w+)_pct$/;
const WEIGHT = 'weight_kg';

type Full = Omit<Pickup, 'name' | 'address' | 'lat' | 'lon'>;

/** Kiosks that are full by what they said last: what somebody drives to today. */
export class Pickups {
  readonly #deps: PickupsDeps;

  constructor(deps: PickupsDeps) {
    this.#deps = deps;
  }

  /** By division, the fullest first. */
  async list(
    caller: Caller,
    filter: PickupFilter,
    { limit, after = '' }: { limit: number; after?: string },
  ): Promise<{ items: Pickup[]; next: string | null }> {
    const found = this.#full(caller, filter).map((full) => ({ full, key: keyOf(full) }));
    const rest = found.filter(({ key }) => key > after).sort((one, other) => (one.key < other.key ? -1 : 1));
    const page = rest.slice(0, limit);
    const places = await this.#places(page.map(({ full }) => full.device));
    const items = page.flatMap(({ full }) => {
      const place = places.get(full.device);
      return place ? [{ ...full, ...place }] : [];
    });
    return { items, next: rest.length > limit ? page.at(-1)!.key : null };
  }

  #full(caller: Caller, { jurisdiction, kind, fullPercent }: PickupFilter): Full[] {
    const { directory, kinds, latest, tree } = this.#deps;
    const area = jurisdiction === undefined ? null : tree.area(jurisdiction);
    const full: Full[] = [];
    for (const device of directory.within(caller)) {
      if (kind !== undefined && device.kind !== kind) continue;
      if (area !== null && !covers(area, device.jurisdiction)) continue;
      if (!kinds.latest(device.kind)?.fields.has(FILL) || directory.get(device.id)?.state === 'planned') continue;
      const said = latest(device.id);
      const fill = said?.fields.get(FILL);
      if (said && typeof fill?.value === 'number' && fill.value >= fullPercent) {
        full.push(fullOf(device, said, { fill: { value: fill.value, atMs: fill.atMs }, fullPercent }));
      }
    }
    return full;
  }

  async #places(ids: readonly DeviceId[]) {
    const positions = this.#deps.database.tables<RegistryTables>().selectFrom('position');
    const named = positions.select(['id', 'name', 'address', 'lat', 'lon']);
    const rows = await named.where(sql<boolean>`id = any(${ids}::text[])`).execute();
    return new Map(rows.map(({ id, ...place }) => [id, place]));
  }
}

function fullOf(
  { id: device, kind, jurisdiction }: DeviceIdentity,
  { fields, online, stale }: LastWords,
  { fill, fullPercent }: { fill: { value: number; atMs: number }; fullPercent: number },
): Full {
  const bins = [...fields].flatMap(([name, { value }]) => {
    const bin = FILL_OF_BIN.exec(name)?.[1];
    return bin !== undefined && typeof value === 'number' && value >= fullPercent ? [bin] : [];
  });
  const weight = fields.get(WEIGHT)?.value;
  return {
    device,
    kind,
    jurisdiction,
    fillPercent: fill.value,
    atMs: fill.atMs,
    bins: bins.sort(),
    weightKg: typeof weight === 'number' ? weight : null,
    current: online && !stale,
  };
}

const PERCENT_MAX = 1_000;

/** Sorts as text by division, the fullest first. */
function keyOf({ jurisdiction, fillPercent, device }: Full): string {
  const emptiness = (PERCENT_MAX - fillPercent).toFixed(3).padStart(8, '0');
  return `${jurisdiction}/${emptiness}/${device}`;
}
