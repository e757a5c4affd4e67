import { type Clock, HOUR_MS } from '../../core/clock.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceKind } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql } from '../../platform/database/database.ts';

export interface SeriesBudgetDeps {
  database: Database;
  kinds: { latest(kind: string): DeviceKind | undefined };
  clock: Clock;
  observer: Observer;
  limits: SeriesLimits;
}

/** A series is a device and a value of its structural tag; it costs the store memory as long as it keeps points. */
export interface SeriesLimits {
  /** Values of the tag of one device. */
  perDevice: number;
  perKind: number;
  total: number;
}

/**
 * The limits of a gateway. Three hundred thousand series cost InfluxDB 1.x about 1 GB; the sizes of the design come to
 * fifty thousand.
 */
export const SERIES_LIMITS: SeriesLimits = { perDevice: 64, perKind: 100_000, total: 300_000 };

interface SeriesTables {
  telemetry_series: { kind: string; device: string; tag_value: string; first_at_ms: number };
}

interface KindSeries {
  count: number;
  /** Values of the tag by device; a device with one series has no set. */
  devices: Map<DeviceId, string | Set<string>>;
  /** New series by hour since 1970, of the last day. */
  hours: Map<number, number>;
}

const WARN_SHARE = 0.8;
const WARNED_MAX = 1_000;
const SHOWN_MAX = 10;
const ROWS_PER_STATEMENT = 5_000;
const DAY_HOURS = 24;

/**
 * Which series may exist in the telemetry store. The store's own limits are soft and refuse everybody; here the one who
 * makes too many is refused, before the store. What was let in once is let in always.
 */
export class SeriesBudget {
  readonly #deps: SeriesBudgetDeps;
  readonly #limits: SeriesLimits;
  readonly #kinds = new Map<string, KindSeries>();
  #total = 0;
  /** Let in and not yet in the database. */
  #pending: SeriesTables['telemetry_series'][] = [];
  /** What was warned of, with its share of the budget: `kind`, or `kind|device|tag`. */
  readonly #warned = new Map<string, number>();

  constructor(deps: SeriesBudgetDeps) {
    this.#deps = deps;
    this.#limits = deps.limits;
    this.#observe();
  }

  /** Learns what exists. */
  async load(): Promise<void> {
    const db = this.#deps.database.tables<SeriesTables>();
    for (let after = { kind: '', device: '', tag_value: '' }; ; ) {
      const rows = await db
        .selectFrom('telemetry_series')
        .selectAll()
        .where(sql<boolean>`(kind, device, tag_value) > (${after.kind}, ${after.device}, ${after.tag_value})`)
        .orderBy('kind')
        .orderBy('device')
        .orderBy('tag_value')
        .limit(ROWS_PER_STATEMENT)
        .execute();
      for (const row of rows) this.#enter(row);
      const last = rows.at(-1);
      if (!last || rows.length < ROWS_PER_STATEMENT) return;
      after = last;
    }
  }

  /**
   * Whether the series may exist; one that is new is remembered and must be saved before its batch counts as stored.
   * @param tag name of the structural tag, for warnings
   * @param value value of the tag; '' for a record without one
   */
  admit({ kind, id }: { kind: string; id: DeviceId }, tag: string, value: string): boolean {
    const of = this.#kinds.get(kind);
    const values = of?.devices.get(id);
    if (values === value || (values instanceof Set && values.has(value))) return true;
    const { perDevice, total } = this.#deps.kinds.latest(kind)?.series ?? {};
    // A record without the tag makes no further value of it.
    const tags = value === '' ? 0 : tagValues(values) + 1;
    const deviceMax = perDevice ?? this.#limits.perDevice;
    const kindMax = total ?? this.#limits.perKind;
    this.#warn(`${kind}|${id}|${tag}`, tags, deviceMax);
    this.#warn(kind, (of?.count ?? 0) + 1, kindMax);
    this.#warn('', this.#total + 1, this.#limits.total);
    if (tags > deviceMax || (of?.count ?? 0) >= kindMax || this.#total >= this.#limits.total) return false;
    const row = { kind, device: id, tag_value: value, first_at_ms: this.#deps.clock.nowMs() };
    this.#enter(row);
    this.#pending.push(row);
    return true;
  }

  /** Makes what was let in durable. Throws when PostgreSQL does not answer; then the batch is not stored. */
  async save(): Promise<void> {
    if (this.#pending.length === 0) return;
    const rows = this.#pending.slice();
    const db = this.#deps.database.tables<SeriesTables>();
    for (const some of chunksOf(rows, ROWS_PER_STATEMENT)) {
      await db
        .insertInto('telemetry_series')
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    const saved = new Set(rows);
    this.#pending = this.#pending.filter((row) => !saved.has(row));
  }

  #enter({ kind, device, tag_value: value, first_at_ms: atMs }: SeriesTables['telemetry_series']): void {
    let of = this.#kinds.get(kind);
    if (!of) {
      of = { count: 0, devices: new Map(), hours: new Map() };
      this.#kinds.set(kind, of);
    }
    const values = of.devices.get(device);
    if (values === undefined) of.devices.set(device, value);
    else if (values instanceof Set) values.add(value);
    else of.devices.set(device, new Set([values, value]));
    of.count += 1;
    this.#total += 1;
    const hour = Math.floor(atMs / HOUR_MS);
    of.hours.set(hour, (of.hours.get(hour) ?? 0) + 1);
    for (const each of of.hours.keys()) if (each <= hour - DAY_HOURS) of.hours.delete(each);
  }

  #warn(key: string, count: number, max: number): void {
    if (count < max * WARN_SHARE) return;
    const isNew = !this.#warned.has(key);
    if (isNew && this.#warned.size >= WARNED_MAX) return;
    this.#warned.set(key, Math.min(1, count / max));
    if (!isNew) return;
    const [kind, device, tag] = key.split('|');
    const text = 'the budget of series is nearly spent; what is new beyond it becomes dead letters (series-budget)';
    this.#deps.observer.log.warn({ part: 'series', kind: kind || 'all', device, tag, count, max }, text);
  }

  #observe(): void {
    const registers = [this.#deps.observer.metrics];
    const kinds = this.#kinds;
    const warned = this.#warned;
    const [nowMs, maxOf] = [() => this.#deps.clock.nowMs(), (kind: string) => this.#maxOf(kind)];
    new Gauge({
      name: 'citywatch_series',
      help: 'Series in the telemetry store.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const [kind, { count }] of kinds) this.set({ kind }, count);
      },
    });
    new Gauge({
      name: 'citywatch_series_days_left',
      labelNames: ['kind'],
      registers,
      help: 'Days until the budget of a kind is spent, if it goes on as in the last 24 hours.',
      collect() {
        this.reset();
        const since = Math.floor(nowMs() / HOUR_MS) - DAY_HOURS;
        for (const [kind, { count, hours }] of kinds) {
          const grown = [...hours].reduce((sum, [hour, more]) => (hour > since ? sum + more : sum), 0);
          if (grown > 0) this.set({ kind }, (maxOf(kind) - count) / grown);
        }
      },
    });
    new Gauge({
      name: 'citywatch_series_near_limit_ratio',
      labelNames: ['kind', 'device', 'tag'],
      registers,
      help: 'Share of their budget that is spent by those who have spent four fifths; the ten who spent most.',
      collect() {
        this.reset();
        const most = [...warned].sort(([, a], [, b]) => b - a).slice(0, SHOWN_MAX);
        for (const [key, share] of most) {
          const [kind, device = '', tag = ''] = key.split('|');
          this.set({ kind: kind || 'all', device, tag }, share);
        }
      },
    });
  }

  #maxOf(kind: string): number {
    return this.#deps.kinds.latest(kind)?.series?.total ?? this.#limits.perKind;
  }
}

/** Values of the tag; the series of records without one is none. */
function tagValues(values: string | Set<string> | undefined): number {
  if (values === undefined || values === '') return 0;
  return values instanceof Set ? values.size - (values.has('') ? 1 : 0) : 1;
}
