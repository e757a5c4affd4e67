import type { ColumnType, Generated, Selectable } from '../../platform/database/database.ts';
import type { Order, OrderState } from './order.ts';

/** jsonb: read as a value, written as text. */
type Json<T> = ColumnType<T, string, string>;

/** What an order says of itself beside its plates. */
export interface Particulars {
  /** The police unit that asks, its officer and a telephone at which somebody answers. */
  unit: string;
  officer: string;
  phone: string;
  category: Category;
  /** 1 gravest … 4. */
  level: number;
  handling: OrderHandling;
}

export const CATEGORIES = [
  'wanted-person',
  'stolen-vehicle',
  'hit-and-run',
  'cloned-plate',
  'drug-case',
  'terror-case',
  'missing-person',
  'overdue-vehicle',
  'other',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Covert: it is followed and never stopped, and only the people it names know of it. */
export const HANDLINGS = ['intercept', 'covert'] as const;
export type OrderHandling = (typeof HANDLINGS)[number];

/** As the kinds of checkpoints name the colours of plates. */
export const PLATE_COLOURS = ['blue', 'yellow', 'green', 'yellow-green', 'white', 'black'] as const;
export type PlateColour = (typeof PLATE_COLOURS)[number];

/** A plate that is to be watched for. */
export interface EntryInput {
  plate: string;
  colour?: PlateColour | null;
  reason: string;
  /** Null or absent: as long as its order. */
  validUntilMs?: number | null;
}

export interface WatchlistTables {
  watchlist: {
    id: string;
    name: string;
    jurisdiction: string;
    reason: string;
    case_number: string;
    created_by: string;
    created_at_ms: number;
    /** When it ended; null as long as it has not. */
    removed_at_ms: number | null;
    state: OrderState;
    /** Ids of the only people and tokens that know of it; null where everybody of the area does. */
    named: string[] | null;
    from_ms: number | null;
    until_ms: number;
    approve_by_ms: number | null;
    /** The order without what has columns of its own. */
    life: Json<Omit<Order, 'state' | 'fromMs' | 'untilMs' | 'approveByMs'>>;
    /** Null of lists that are older than orders, and of those that were made without any. */
    particulars: Json<Particulars> | null;
    entries: Generated<number>;
    version: Generated<number>;
  };
  watchlist_entry: {
    id: string;
    watchlist_id: string;
    /** Hex of the keyed hash. */
    plate_hash: string;
    plate_masked: string;
    colour: PlateColour | null;
    reason: string;
    /** Null: as long as its order. */
    valid_until_ms: number | null;
    removed_at_ms: number | null;
  };
  watch_hit: {
    alert_id: string;
    steps: Json<HitStepRow[]>;
    version: number;
  };
  plate_permit: {
    id: string;
    holder_type: 'person' | 'token' | 'subscription';
    holder_id: string;
    holder_name: string;
    jurisdiction: string;
    purpose: string;
    case_number: string;
    until_ms: number;
    given_by_id: string;
    given_by: string;
    given_at_ms: number;
    ended_at_ms: number | null;
    ended_by: string | null;
  };
}

export interface HitStepRow {
  step: 'signed' | 'confirmed' | 'refuted' | 'ordered' | 'reported';
  by: string;
  byId: string;
  atMs: number;
  text: string | null;
}

export type WatchlistRow = Selectable<WatchlistTables['watchlist']>;

/** The order of a row. */
export function orderOf({ state, life, from_ms, until_ms, approve_by_ms }: WatchlistRow): Order {
  return { ...life, state, fromMs: from_ms, untilMs: until_ms, approveByMs: approve_by_ms };
}

/** The columns of an order. */
export function columnsOf({ state, fromMs, untilMs, approveByMs, ...life }: Order) {
  return {
    state,
    from_ms: fromMs,
    until_ms: untilMs,
    approve_by_ms: approveByMs,
    removed_at_ms: life.ended?.atMs ?? null,
    life: JSON.stringify(life),
  };
}
