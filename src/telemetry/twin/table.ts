import { orderMs } from '../../core/device-time.ts';
import type { DeviceId, FieldValue } from '../../core/types.ts';

/**
 * Last values of all devices of one kind, by column: numbers and times lie in typed arrays, so that a hundred thousand
 * devices cost 25 bytes a value and nothing for the garbage collector to walk through.
 */
export class TwinTable {
  readonly kind: string;
  readonly ids: DeviceId[] = [];
  readonly columns = new Map<string, Column>();
  readonly firmware: (string | null)[] = [];
  /** Receipt of the newest message of the device itself; 0 is never. */
  lastMessageAtMs = new Float64Array(ROWS_MIN);
  /** Receipt of the message that `online` follows from. */
  onlineAtMs = new Float64Array(ROWS_MIN);
  online = new Uint8Array(ROWS_MIN);
  readonly #rows = new Map<DeviceId, number>();

  constructor(kind: string) {
    this.kind = kind;
  }

  get size(): number {
    return this.ids.length;
  }

  find(id: DeviceId): number | undefined {
    return this.#rows.get(id);
  }

  /** The row of a device, made when it is not there. */
  row(id: DeviceId): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = this.ids.length;
    this.#reserve(row + 1);
    this.ids.push(id);
    this.firmware.push(null);
    this.#rows.set(id, row);
    return row;
  }

  column(field: string): Column {
    let column = this.columns.get(field);
    if (!column) {
      column = new Column(this.lastMessageAtMs.length);
      this.columns.set(field, column);
    }
    return column;
  }

  /**
   * Takes every receipt that lies after `nowMs` as of then: our clock was set back, and until the old time is reached
   * again old values would hide the new ones of a device without a clock, and nobody would count as silent.
   */
  receivedBy(nowMs: number): void {
    limit(this.lastMessageAtMs, nowMs);
    limit(this.onlineAtMs, nowMs);
    for (const column of this.columns.values()) limit(column.receivedAtMs, nowMs);
  }

  #reserve(rows: number): void {
    const capacity = this.lastMessageAtMs.length;
    if (rows <= capacity) return;
    const next = Math.ceil(capacity * GROWTH);
    this.lastMessageAtMs = grown(this.lastMessageAtMs, next);
    this.onlineAtMs = grown(this.onlineAtMs, next);
    const online = new Uint8Array(next);
    online.set(this.online);
    this.online = online;
    for (const column of this.columns.values()) column.grow(next);
  }
}

const ROWS_MIN = 64;
const GROWTH = 1.5;

/** How a slot's number is to be read; 0 in a new array means there was never a value. */
const NONE = 0;
const NUMBER = 1;
const BOOLEAN = 2;
const TEXT = 3;

/** One field of all devices of a kind. */
export class Column {
  types: Uint8Array<ArrayBuffer>;
  numbers: Float64Array<ArrayBuffer>;
  /** Device time of the value, and when that was received: together they are its order. */
  atMs: Float64Array<ArrayBuffer>;
  receivedAtMs: Float64Array<ArrayBuffer>;
  /** Text by row; few fields have any. */
  readonly texts = new Map<number, string>();

  constructor(capacity: number) {
    this.types = new Uint8Array(capacity);
    this.numbers = new Float64Array(capacity);
    this.atMs = new Float64Array(capacity);
    this.receivedAtMs = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const types = new Uint8Array(capacity);
    types.set(this.types);
    this.types = types;
    this.numbers = grown(this.numbers, capacity);
    this.atMs = grown(this.atMs, capacity);
    this.receivedAtMs = grown(this.receivedAtMs, capacity);
  }

  /** Keeps the value unless a newer one, as records follow each other, is there. Returns whether it was kept. */
  set(row: number, value: FieldValue, times: { atMs: number; receivedAtMs: number }): boolean {
    const before = { atMs: this.atMs[row] ?? 0, receivedAtMs: this.receivedAtMs[row] ?? 0 };
    if (this.types[row] !== NONE && orderMs(times) < orderMs(before)) return false;
    if (this.types[row] === TEXT && typeof value !== 'string') this.texts.delete(row);
    if (typeof value === 'string') {
      this.texts.set(row, value);
      this.types[row] = TEXT;
    } else {
      this.types[row] = typeof value === 'boolean' ? BOOLEAN : NUMBER;
      this.numbers[row] = Number(value);
    }
    this.atMs[row] = times.atMs;
    this.receivedAtMs[row] = times.receivedAtMs;
    return true;
  }

  get(row: number): { value: FieldValue; atMs: number; receivedAtMs: number } | undefined {
    const type = this.types[row];
    if (type === NONE || type === undefined) return undefined;
    const number = this.numbers[row] ?? 0;
    const value = type === TEXT ? (this.texts.get(row) ?? '') : type === BOOLEAN ? number === 1 : number;
    return { value, atMs: this.atMs[row] ?? 0, receivedAtMs: this.receivedAtMs[row] ?? 0 };
  }
}

function limit(array: Float64Array<ArrayBuffer>, max: number): void {
  for (let at = 0; at < array.length; at += 1) if (array[at]! > max) array[at] = max;
}

function grown(array: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(capacity);
  next.set(array);
  return next;
}
