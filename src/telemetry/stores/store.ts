import type { FieldValue } from '../../core/types.ts';

/**
 * Where telemetry is kept: InfluxDB 1.x or 2.x. Every store passes the same conformance suite.
 * Failures are `CitywatchError`: `store.unavailable` may be tried again, `store.refused` needs a human (a wrong
 * password, a missing database) or {@link Store.ensure}.
 */
export interface Store {
  /** Makes a tier, its retention and the query user where that is ours to do; changes nothing that is already right. */
  ensure(signal?: AbortSignal, tier?: Tier): Promise<void>;
  ping(): Promise<{ version: string }>;
  /**
   * Writes lines in line protocol with nanosecond times, into `raw` unless told otherwise. Resolves when all of them
   * are durable, apart from those the store will never take, which are returned. Writing a line again changes nothing.
   */
  write(lines: readonly string[], signal: AbortSignal, tier?: Tier): Promise<{ rejected: RejectedLine[] }>;
  /** Raw points of one device, oldest first unless asked otherwise; at most `limit`. */
  points(query: PointsQuery, signal?: AbortSignal): Promise<StoredPoint[]>;
  /** Points of a tier put together bucket by bucket, oldest first within each group. */
  buckets(query: BucketsQuery, signal?: AbortSignal): Promise<StoredBucket[]>;
}

/** How fine points are, and how long they are kept: as they came, or one per 5 minutes or hour. */
export type Tier = 'raw' | '5m' | '1h';

/** How long each tier keeps its points. */
export interface RetentionDays {
  raw: number;
  fiveMinutes: number;
  hour: number;
}

export function daysOf(retention: RetentionDays, tier: Tier): number {
  return { raw: retention.raw, '5m': retention.fiveMinutes, '1h': retention.hour }[tier];
}

/**
 * The cause of a `store.unavailable` whose server has no room on its disk. InfluxDB 1.x keeps answering so after room
 * was made, because its log of writes remembers the error, until it is restarted.
 */
export class StoreDiskFull extends Error {
  constructor() {
    super('no space left on the disk of the store');
    this.name = 'StoreDiskFull';
  }
}

/** A line the store will never take: its place in the call, a code to group by, and the store's words shortened. */
export interface RejectedLine {
  line: number;
  reason: StoreRejection;
  detail: string;
}

export type StoreRejection =
  | 'store.type-conflict'
  | 'store.too-old'
  | 'store.series-limit'
  | 'store.too-large'
  | 'store.unparsable'
  | 'store.rejected';

/** How the points of one bucket become one value. `last` is by time of the point. */
export type Aggregate = 'min' | 'max' | 'sum' | 'last' | 'count';

export interface PointsQuery {
  measurement: string;
  device: string;
  /** Points that carry none of these are left out. */
  fields: readonly string[];
  /** Nanoseconds since 1970 as text, inclusive. */
  fromNs: string;
  /** Nanoseconds since 1970 as text, exclusive. */
  toNs: string;
  limit: number;
  newestFirst?: boolean;
}

export interface StoredPoint {
  /** Nanoseconds since 1970 as text. */
  timeNs: string;
  values: ReadonlyMap<string, FieldValue>;
}

/** One value of a bucket: `fn` over the points that carry `field`. */
export interface Column {
  name: string;
  field: string;
  fn: Aggregate;
}

export interface BucketsQuery {
  tier: Tier;
  measurement: string;
  /** One to {@link DEVICES_AT_ONCE_MAX}. */
  devices: readonly string[];
  /** Tags whose values keep points apart; without any, all points of the devices fall into the same buckets. */
  groupBy: readonly string[];
  columns: readonly Column[];
  /** Unix ms, inclusive. */
  fromMs: number;
  /** Unix ms, exclusive. */
  toMs: number;
  /** Buckets begin at whole multiples of it since 1970; empty ones are left out. Null: one over the range. */
  everyMs: number | null;
  /** Buckets of one group. */
  limit: number;
}

/** Devices are named in the query one by one; this keeps it short enough for any server. */
export const DEVICES_AT_ONCE_MAX = 200;

export interface StoredBucket {
  /** Where the bucket begins, which may be before `fromMs`; `fromMs` where it covers the range. */
  atMs: number;
  /** Values of the tags of `groupBy`; empty text where a point has none. */
  tags: Readonly<Record<string, string>>;
  /** By the name of its column; a column without a point in the bucket is absent. */
  values: ReadonlyMap<string, FieldValue>;
}
