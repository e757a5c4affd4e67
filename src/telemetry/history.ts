import { CitywatchError } from '../core/errors.ts';
import type { DeviceId, DeviceKind, FieldSpec, FieldValue } from '../core/types.ts';
import { EVENT_DATA_FIELD, EVENT_FIELD, EVENT_ID_FIELD, FIRMWARE_FIELD, ONLINE_FIELD } from './line-protocol.ts';
import { shown } from './masking.ts';
import { msToNs, nsToMs } from './nanoseconds.ts';
import type { Aggregate, Store, StoredPoint } from './store.ts';

/** The kinds that say which fields a device may have been asked for. */
export interface KindSource {
  latest(kind: string): DeviceKind | undefined;
}

export interface HistoryDeps {
  store: Pick<Store, 'points'>;
  kinds: KindSource;
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
  fn?: Aggregate;
  /** 1 to 10,000. With it an answer may be cut short; without, one that does not fit is an error. */
  limit?: number;
}

export interface HistoryAnswer {
  /** Oldest first; null where a point does not carry the field. `atMs` of a bucket is its start. */
  points: { atMs: number; values: Record<string, FieldValue | null> }[];
  /** More points lie in the range than the `limit` that was asked for. */
  truncated: boolean;
}

export interface EventsQuery {
  fromMs: number;
  toMs: number;
  limit: number;
  /** `next` of the page before. */
  after?: string;
}

export interface StoredEvent {
  id: string | null;
  type: string;
  atMs: number;
  data: Record<string, FieldValue | string[]>;
}

export const POINTS_MAX = 10_000;
const FIELDS_MAX = 50;

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
    const points = await this.#deps.store.points(
      {
        measurement: device.kind,
        device: device.id,
        fields: [...specs.keys()],
        fromNs: msToNs(query.fromMs),
        toNs: msToNs(query.toMs),
        limit: limit + 1,
        ...(fn ? { bucket: { everyMs: query.everyMs ?? null, fn } } : {}),
      },
      signal,
    );
    if (points.length > limit && query.limit === undefined) throw tooMany(query.everyMs === undefined ? 'to' : 'every');
    return {
      points: points.slice(0, limit).map((point) => ({
        // One bucket over the whole range: some functions would tell the time of the point they chose, others not.
        atMs: fn && query.everyMs === undefined ? query.fromMs : nsToMs(point.timeNs),
        values: toValues(point, specs, fn),
      })),
      truncated: points.length > limit,
    };
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

  #specsOf(kind: string, fields: string[], fn?: Aggregate): Map<string, FieldSpec> {
    const known = new Map([...STATE_SPECS, ...(this.#deps.kinds.latest(kind)?.fields ?? [])]);
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
    if (specs.size > FIELDS_MAX) throw invalid('fields', `name at most ${FIELDS_MAX} fields`);
    return specs;
  }
}

/** Digits of nanoseconds; more than these no time in InfluxDB has. */
const CURSOR = /^[1-9]\d{0,18}$/;

/** What every kind reports of itself. */
const STATE_SPECS: readonly [string, FieldSpec][] = [
  [ONLINE_FIELD, { type: 'boolean' }],
  [FIRMWARE_FIELD, { type: 'text', maxLength: 64 }],
];

/** The last millisecond that fits into signed nanoseconds, year 2262. */
const TIME_MS_MAX = 9_223_372_036_854;

function checkRange({ fromMs, toMs, limit }: { fromMs: number; toMs: number; limit?: number }): void {
  for (const [path, value] of [
    ['from', fromMs],
    ['to', toMs],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0 || value > TIME_MS_MAX) {
      throw invalid(path, 'must be a time between 1970 and 2262');
    }
  }
  if (fromMs >= toMs) throw invalid('to', 'must be later than from');
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1 || limit > POINTS_MAX)) {
    throw invalid('limit', `must be a whole number from 1 to ${POINTS_MAX}`);
  }
}

function checkBuckets({ fromMs, toMs, everyMs }: HistoryQuery): void {
  if (everyMs === undefined) return;
  if (!Number.isSafeInteger(everyMs) || everyMs < 1) throw invalid('every', 'must be at least one millisecond');
  if (Math.ceil((toMs - fromMs) / everyMs) > POINTS_MAX) throw tooMany('every');
}

function checkAggregate(fn: Aggregate, specs: ReadonlyMap<string, FieldSpec>): void {
  if (fn === 'last' || fn === 'count') return;
  for (const [field, { type }] of specs) {
    if (type === 'number' || type === 'integer') continue;
    throw invalid('fn', `${fn} needs numbers and "${field}" is ${type}; ask for last or count`);
  }
}

function tooMany(path: 'to' | 'every'): CitywatchError {
  const remedy =
    path === 'every' ? 'make every longer, or from and to closer' : 'bring from and to closer, or set every';
  return invalid(path, `more than ${POINTS_MAX} points; ${remedy}`);
}

function invalid(path: string, message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path, message }] });
}

function toValues(
  { values }: StoredPoint,
  specs: ReadonlyMap<string, FieldSpec>,
  fn: Aggregate | undefined,
): Record<string, FieldValue | null> {
  const row: [string, FieldValue | null][] = [];
  for (const [field, spec] of specs) {
    const value = values.get(field);
    const plain = value === undefined ? null : fn === 'count' ? value : shown(ofTag(value, spec), spec);
    row.push([field, plain]);
  }
  return Object.fromEntries(row);
}

/** A tag is text in the store, whatever it was when it came. */
function ofTag(value: FieldValue, spec: FieldSpec): FieldValue {
  return spec.tag === true && spec.type === 'integer' ? Number(value) : value;
}

function toEvent({ timeNs, values }: StoredPoint, kind: DeviceKind | undefined): StoredEvent {
  const type = String(values.get(EVENT_FIELD) ?? '');
  const id = values.get(EVENT_ID_FIELD);
  const specs = kind?.events.get(type)?.fields;
  const data = Object.entries(parseData(values.get(EVENT_DATA_FIELD))).map(
    ([field, value]) => [field, shown(value, specs?.get(field))] as const,
  );
  return { id: typeof id === 'string' ? id : null, type, atMs: nsToMs(timeNs), data: Object.fromEntries(data) };
}

/** We wrote it ourselves, but somebody else may have written into the database since. */
function parseData(text: FieldValue | undefined): Record<string, FieldValue | string[]> {
  try {
    const data: unknown = JSON.parse(String(text));
    return typeof data === 'object' && data !== null ? (data as Record<string, FieldValue | string[]>) : {};
  } catch {
    return {};
  }
}
