import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId, DeviceKind, FieldSpec, FieldValue } from '../../core/types.ts';
import { summariesOf, summaryColumn } from '../rollups/columns.ts';
import { msToNs, nsToMs } from '../stores/nanoseconds.ts';
import { daysOf, type RetentionDays, type Store, type Tier } from '../stores/store.ts';
import { fieldsOf, partTagOf } from '../writer/kind-fields.ts';
import { EVENT_DATA_FIELD, EVENT_FIELD, EVENT_ID_FIELD } from '../writer/line-protocol.ts';
import { shown } from '../writer/masking.ts';
import { BucketSums, type Reduction, summariesFor } from './buckets.ts';
import {
  checkAggregate,
  checkBuckets,
  checkRange,
  HISTORY_FIELDS_MAX,
  invalid,
  POINTS_MAX,
  tooMany,
} from './checks.ts';
import { oldestMs, planTiers, type Segment, type TierState, type TimeRange } from './plan.ts';
import { type StoredEvent, toEvent } from './stored-events.ts';

/** The kinds that say which fields a device may have been asked for. */
export interface KindSource {
  latest(kind: string): DeviceKind | undefined;
}

/** Between which moments every window is rolled up, as Unix ms. */
export interface RollupState {
  completeFromMs(): number;
  completeToMs(): number;
  /** Windows between them that got late points and are to be made again. */
  pending(kind: string, device: DeviceId): TimeRange[];
}

export interface HistoryDeps {
  store: Pick<Store, 'points' | 'buckets'>;
  kinds: KindSource;
  clock: Clock;
  retentionDays: RetentionDays;
  rollups: RollupState;
}

/** The part of a device that is asked for; who may ask is decided before. */
export interface DeviceRef {
  id: DeviceId;
  kind: string;
}

export interface HistoryQuery {
  fields: string[];
  /** Unix ms, inclusive. */
  fromMs: number;
  /** Unix ms, exclusive. */
  toMs: number;
  /** Length of a bucket. Buckets begin at whole multiples of it since 1970, so the first may begin before `fromMs`. */
  everyMs?: number;
  /** Without `everyMs` it covers the whole range. Default with `everyMs`: mean. */
  fn?: Reduction;
  /** 1 to 10,000. With it an answer may be cut short; without, one that does not fit is an error. */
  limit?: number;
}

export interface HistoryAnswer {
  /** Oldest first; null where a point does not carry the field. `atMs` of a bucket is its start. */
  points: { atMs: number; values: Record<string, FieldValue | null> }[];
  /** More points lie in the range than the `limit` that was asked for. */
  truncated: boolean;
  /** What the points were made of; the ends of a range that roll-ups answer for may still be raw points. */
  source: Tier;
}

export interface EventsQuery {
  fromMs: number;
  toMs: number;
  limit: number;
  /** `next` of the page before. */
  after?: string;
}

/** What was stored of one device: readings, state reports and events. */
export class History {
  readonly #deps: HistoryDeps;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** Errors: `request.invalid` naming the field and the remedy, `store.unavailable`, `store.refused`. */
  async history(device: DeviceRef, query: HistoryQuery, signal?: AbortSignal): Promise<HistoryAnswer> {
    const fn = query.fn ?? (query.everyMs === undefined ? undefined : 'mean');
    const specs = this.#specsOf(device.kind, query.fields, fn);
    checkRange(query);
    checkBuckets(query);
    if (fn) checkAggregate(fn, specs);
    const limit = query.limit ?? POINTS_MAX;
    const ask = { device, query, specs, limit, ...(signal && { signal }) };
    const { rows, source } = fn ? await this.#buckets({ ...ask, fn }) : await this.#points(ask);
    if (rows.length > limit && query.limit === undefined) throw tooMany(query.everyMs === undefined ? 'to' : 'every');
    return { points: rows.slice(0, limit), truncated: rows.length > limit, source };
  }

  async #points({ device, query, specs, limit, signal }: Ask): Promise<Found> {
    const points = await this.#deps.store.points(
      {
        measurement: device.kind,
        device: device.id,
        fields: [...specs.keys()],
        fromNs: msToNs(query.fromMs),
        toNs: msToNs(query.toMs),
        limit: limit + 1,
      },
      signal,
    );
    const rows = points.map(({ timeNs, values }) => ({
      atMs: nsToMs(timeNs),
      values: toValues((field) => values.get(field), specs),
    }));
    return { rows, source: 'raw' };
  }

  async #buckets({ device, query, specs, fn, limit, signal }: Ask & { fn: Reduction }): Promise<Found> {
    const everyMs = query.everyMs ?? null;
    const segments = this.#plan({ device, query, specs, fn });
    const sums = new BucketSums();
    for (const { tier, fromMs, toMs } of segments) {
      const columns = [...specs.keys()].flatMap((field) => {
        return summariesFor(fn).map((summary) => summaryColumn(field, summary, tier));
      });

      for (const { atMs, values } of await this.#deps.store.buckets(
        {
          measurement: device.kind,
          devices: [device.id],
          groupBy: [],
          columns,
          tier,
          fromMs,
          toMs,
          everyMs,
          limit: limit + 1,
        },
        signal,
      )) {
        sums.add(everyMs === null ? query.fromMs : atMs, values);
      }
    }
    const rows = sums.rows(specs.keys(), fn).map(({ atMs, values }) => ({
      atMs,
      values: fn === 'count' ? numbersOf(values) : toValues((field) => values.get(field), specs),
    }));
    return { rows, source: segments.find(({ tier }) => tier !== 'raw')?.tier ?? 'raw' };
  }

  #plan({ device, query, specs, fn }: Pick<Ask, 'device' | 'query' | 'specs'> & { fn: Reduction }): Segment[] {
    const { retentionDays, rollups, clock } = this.#deps;
    const kind = this.#deps.kinds.latest(device.kind);
    const state: TierState = {
      nowMs: clock.nowMs(),
      retention: retentionDays,
      completeFromMs: rollups.completeFromMs(),
      completeToMs: rollups.completeToMs(),
      pending: rollups.pending(device.kind, device.id),
    };
    const rolled = [...specs.values()].every((spec) =>
      summariesFor(fn).every((one) => summariesOf(spec).includes(one)),
    );
    // Which part of a device spoke last within a window, only its points say.
    const pointsOnly = fn === 'last' && partTagOf(kind) !== null && query.fromMs >= oldestMs(state, 'raw');
    const { fromMs, toMs, everyMs = null } = query;
    const periodMs = (kind?.periodS ?? 60) * 1000;
    const segments = planTiers({ fromMs, toMs, everyMs, periodMs, isRolledUp: rolled && !pointsOnly }, state);
    for (const tier of ['raw', '5m'] as const) {
      if (segments.some((segment) => segment.tier !== tier) || toMs > oldestMs(state, tier)) continue;
      const [coarser, every] = tier === 'raw' && rolled ? ['roll-ups', '5m'] : ['roll-ups of an hour', '1h'];
      if (!rolled) throw invalid('from', `these fields are kept for ${daysOf(retentionDays, 'raw')} days only`);
      throw invalid('every', `so far back there are only ${coarser}; make every a multiple of ${every}`);
    }
    return segments;
  }

  /**
   * Events, newest first; those of one millisecond are told apart by their nanoseconds. Plates are masked.
   * Errors: as {@link history}, and `request.cursor` for an `after` that no page gave out.
   */
  async events(
    device: DeviceRef,
    query: EventsQuery,
    signal?: AbortSignal,
  ): Promise<{ items: StoredEvent[]; next: string | null }> {
    checkRange(query);
    const toNs = query.after ?? msToNs(query.toMs);
    if (!CURSOR.test(toNs) || BigInt(toNs) > BigInt(msToNs(query.toMs))) throw new CitywatchError('request.cursor');
    const points = await this.#deps.store.points(
      {
        measurement: device.kind,
        device: device.id,
        fields: [EVENT_FIELD, EVENT_ID_FIELD, EVENT_DATA_FIELD],
        fromNs: msToNs(query.fromMs),
        toNs,
        limit: query.limit + 1,
        newestFirst: true,
      },
      signal,
    );
    const page = points.slice(0, query.limit);
    const kind = this.#deps.kinds.latest(device.kind);
    const next = points.length > query.limit ? (page.at(-1)?.timeNs ?? null) : null;
    return { items: page.map((point) => toEvent(point, kind)), next };
  }

  #specsOf(kind: string, fields: string[], fn?: Reduction): Map<string, FieldSpec> {
    const known = fieldsOf(this.#deps.kinds.latest(kind));
    const specs = new Map<string, FieldSpec>();
    for (const field of fields) {
      const spec = known.get(field);
      if (!spec) throw invalid('fields', `${kind} has no field "${field}"; it has ${[...known.keys()].join(', ')}`);
      specs.set(field, spec);
    }
    if (specs.size === 0) throw invalid('fields', 'name at least one field');
    const tag = [...specs].find(([, spec]) => spec.tag === true)?.[0];
    if (tag !== undefined && specs.size === 1) throw invalid('fields', `name a field beside the tag ${tag}`);
    if (tag !== undefined && fn !== undefined) throw invalid('fields', `${tag} is a tag, which has no ${fn}`);
    if (specs.size > HISTORY_FIELDS_MAX) throw invalid('fields', `name at most ${HISTORY_FIELDS_MAX} fields`);
    return specs;
  }
}

/** Digits of nanoseconds; more than these no time in InfluxDB has. */
const CURSOR = /^[1-9]\d{0,18}$/;

type HistoryPoint = HistoryAnswer['points'][number];

interface Ask {
  device: DeviceRef;
  query: HistoryQuery;
  specs: ReadonlyMap<string, FieldSpec>;
  limit: number;
  signal?: AbortSignal;
}

interface Found {
  rows: HistoryPoint[];
  source: Tier;
}

function toValues(read: (field: string) => FieldValue | undefined, specs: ReadonlyMap<string, FieldSpec>) {
  const row: HistoryPoint['values'] = {};
  for (const [field, spec] of specs) {
    const value = read(field);
    row[field] = value === undefined ? null : shown(ofTag(value, spec), spec);
  }
  return row;
}

/** Numbers of points say nothing that is to be hidden. */
function numbersOf(values: ReadonlyMap<string, FieldValue | undefined>): HistoryPoint['values'] {
  return Object.fromEntries([...values].map(([field, value]) => [field, value ?? null]));
}

/** A tag is text in the store, whatever it was when it came. */
function ofTag(value: FieldValue, spec: FieldSpec): FieldValue {
  return spec.tag === true && spec.type === 'integer' ? Number(value) : value;
}
