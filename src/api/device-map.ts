import type { Severity } from '../alerts/rules/rules.ts';
import { namesOfScope } from '../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceKind } from '../core/types.ts';
import { HEALTHS, type Health } from '../devices/health/judge.ts';
import { FEATURES_MAX } from '../devices/search/geojson.ts';
import type { ApiDeps } from './deps.ts';
import { ALERT_READERS, wantedOf } from './guards/alert-desks.ts';

/** Devices for a map, a column for each thing that is said of them: a third of what a list of objects would be. */
export interface MappedDevices {
  /** Whether there are more than a map takes. */
  truncated: boolean;
  /** What the columns `kind`, `area` and `health` name by their place in these. */
  kinds: string[];
  areas: string[];
  healths: Health[];
  id: DeviceId[];
  /** Null where it is the id: many have no other, and a city has ten thousand of them. */
  name: (string | null)[];
  /** Degrees of WGS-84. */
  lon: number[];
  lat: number[];
  kind: number[];
  area: number[];
  /** -1 for a device that does not stand. */
  health: number[];
  /** Of those with open alerts: its place in the other columns, the gravest of them, and how many. */
  alerts: { device: number[]; worst: Severity[]; open: number[] };
}

/** Devices that say themselves where they are. */
export interface MovingDevices {
  id: DeviceId[];
  lon: number[];
  lat: number[];
  /** When they said it, Unix ms. */
  atMs: number[];
}

/** Digits of a degree: a decimetre. */
const PRECISION = 1e6;
const NO_HEALTH = -1;

/**
 * Everybody of an area is answered by one pass over its devices for this long: every window of a command centre asks
 * every few seconds.
 */
const FRESH_MS = 2_000;
/** Areas whose answers are kept at the same time. */
const AREAS_MAX = 16;

type Parts = Pick<ApiDeps, 'directory' | 'twin' | 'alerts' | 'authority' | 'kinds' | 'clock'>;

/** Devices of an area, all but their alerts. */
interface Columns {
  /** JSON, from its opening brace to the last member. */
  text: string;
  /** Where in the columns each stands. */
  rows: ReadonlyMap<DeviceId, number>;
}

/** What a map of an area shows, as JSON; all of it from memory, but for the open alerts. */
export class DeviceMap {
  readonly #parts: Parts;
  readonly #columns: PerArea<Columns>;
  readonly #moving: PerArea<string>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#columns = new PerArea(parts);
    this.#moving = new PerArea(parts);
  }

  /**
   * Every device that the caller may see and that is not retired, {@link FEATURES_MAX} at most: {@link MappedDevices}.
   * Of alerts those on the desks that are theirs to see, and none for who sees no alerts.
   */
  async devices(caller: Caller): Promise<string> {
    const found = await this.#openAlerts(caller);
    const { text, rows } = this.#columns.of(caller, () => this.#columnsOf(caller));
    const alerts: MappedDevices['alerts'] = { device: [], worst: [], open: [] };
    for (const [id, { worst, open }] of found) {
      const row = rows.get(id);
      if (row === undefined) continue;
      alerts.device.push(row);
      alerts.worst.push(worst);
      alerts.open.push(open);
    }
    return `${text},"alerts":${JSON.stringify(alerts)}}`;
  }

  /** Where the devices are whose kinds report a place, of those that have reported one: {@link MovingDevices}. */
  moving(caller: Caller): string {
    return this.#moving.of(caller, () => JSON.stringify(this.#movingOf(caller)));
  }

  #columnsOf(caller: Caller): Columns {
    const { directory, twin } = this.#parts;
    const [kinds, areas] = [new Numbered(), new Numbered()];
    const map = emptyColumns();
    const rows = new Map<DeviceId, number>();
    for (const { identity, name, place } of directory.placed(caller)) {
      const { id, kind, jurisdiction } = identity;
      map.truncated = rows.size === FEATURES_MAX;
      if (map.truncated) break;
      const health = twin.presence(id).health?.health;
      rows.set(id, map.id.push(id) - 1);
      map.name.push(name === id ? null : name);
      map.lon.push(rounded(place[0]));
      map.lat.push(rounded(place[1]));
      map.kind.push(kinds.of(kind));
      map.area.push(areas.of(jurisdiction));
      map.health.push(health === undefined ? NO_HEALTH : HEALTHS.indexOf(health));
    }
    const text = JSON.stringify({ ...map, kinds: kinds.names, areas: areas.names });
    return { text: text.slice(0, -1), rows };
  }

  #movingOf(caller: Caller): MovingDevices {
    const { directory, twin, kinds } = this.#parts;
    const moving = new Set(kinds.all().flatMap((one) => (reportsPlace(one) ? [one.kind] : [])));
    const found: MovingDevices = { id: [], lon: [], lat: [], atMs: [] };
    for (const { id, kind } of moving.size === 0 ? [] : directory.within(caller)) {
      if (!moving.has(kind) || found.id.length === FEATURES_MAX) continue;
      const fields = twin.latest(id)?.fields;
      const [lon, lat] = [fields?.get('lon'), fields?.get('lat')];
      if (typeof lon?.value !== 'number' || typeof lat?.value !== 'number') continue;
      found.id.push(id);
      found.lon.push(rounded(lon.value));
      found.lat.push(rounded(lat.value));
      found.atMs.push(Math.min(lon.atMs, lat.atMs));
    }
    return found;
  }

  /** By the rights that open alerts: a grant that opens the registry of another area opens no alerts there. */
  async #openAlerts({ granted: _granted, ...caller }: Caller) {
    const { authority, alerts } = this.#parts;
    const reader = authority.callerFor(caller, ALERT_READERS);
    if (!reader) return new Map<DeviceId, never>();
    return alerts.open.ofDevices(reader, wantedOf({ authority }, reader, { desk: 'all' }));
  }
}

function reportsPlace({ fields }: DeviceKind): boolean {
  return fields.get('lon')?.type === 'number' && fields.get('lat')?.type === 'number';
}

function emptyColumns(): Omit<MappedDevices, 'alerts'> {
  return {
    truncated: false,
    kinds: [],
    areas: [],
    healths: [...HEALTHS],
    id: [],
    name: [],
    lon: [],
    lat: [],
    kind: [],
    area: [],
    health: [],
  };
}

function rounded(degrees: number): number {
  return Math.round(degrees * PRECISION) / PRECISION;
}

/** What was made of the devices of areas; made anew as soon as the registry has changed. */
class PerArea<Made> {
  readonly #parts: Pick<Parts, 'clock' | 'directory'>;
  readonly #kept = new Map<string, { atMs: number; changes: number; made: Made }>();

  constructor(parts: Pick<Parts, 'clock' | 'directory'>) {
    this.#parts = parts;
  }

  of(caller: Caller, make: () => Made): Made {
    const [nowMs, changes] = [this.#parts.clock.monotonicMs(), this.#parts.directory.changes()];
    const key = namesOfScope(caller).join();
    const known = this.#kept.get(key);
    if (known && known.changes === changes && nowMs - known.atMs < FRESH_MS) return known.made;
    for (const [other, { atMs }] of this.#kept) if (nowMs - atMs >= FRESH_MS) this.#kept.delete(other);
    const [first] = this.#kept.keys();
    if (first !== undefined && this.#kept.size >= AREAS_MAX) this.#kept.delete(first);
    const made = make();
    this.#kept.set(key, { atMs: nowMs, changes, made });
    return made;
  }
}

/** Names, each once, by the number that it got. */
class Numbered {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
