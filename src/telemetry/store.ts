import type { FieldValue } from '../core/types.ts';

/**
 * Where telemetry is kept: InfluxDB 1.x or 2.x. Every store passes the same conformance suite.
 * Failures are `CitywatchError`: `store.unavailable` may be tried again, `store.refused` needs a human (a wrong
 * password, a missing database) or {@link Store.ensure}.
 */
export interface Store {
  /** Makes database, retention and query user where that is ours to do; changes nothing that is already right. */
  ensure(signal?: AbortSignal): Promise<void>;
  ping(): Promise<{ version: string }>;
  /**
   * Writes lines in line protocol with nanosecond times. Resolves when all of them are durable, apart from those the
   * store will never take, which are returned. Writing a line again changes nothing.
   */
  write(lines: readonly string[], signal: AbortSignal): Promise<{ rejected: RejectedLine[] }>;
  /** Stored points of one device, oldest first unless asked otherwise; at most `limit`. */
  points(query: PointsQuery, signal?: AbortSignal): Promise<StoredPoint[]>;
  capabilities(): StoreCapabilities;
}

export interface StoreCapabilities {
  /** Whether queries run with rights that cannot change anything. */
  readOnlyQueries: boolean;
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
export type Aggregate = 'min' | 'max' | 'mean' | 'last' | 'count';

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
  /** Buckets begin at whole multiples of `everyMs` since 1970; empty ones are left out. Null: one over the range. */
  bucket?: { everyMs: number | null; fn: Aggregate };
}

export interface StoredPoint {
  /** Time of the point, or start of the bucket, in nanoseconds as text. */
  timeNs: string;
  values: ReadonlyMap<string, FieldValue>;
}
