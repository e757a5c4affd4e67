import { HOUR_MS } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import { FIVE_MINUTES_MS, type TimeRange } from '../history/plan.ts';

/** Windows of one hour of one kind that have to be rolled up again, and what dirtied them first. */
export interface DirtyHour {
  kind: string;
  hourMs: number;
  /** One bit per five minutes of the hour, over all devices. */
  windows: number;
  /** The windows of each device. */
  devices: Map<DeviceId, number>;
  first: FirstMark;
}

export interface FirstMark {
  /** Journal offset of the message. */
  offset: number;
  receivedAtMs: number;
  /** By the clock that never goes back. */
  markedAtMs: number;
}

export interface Mark {
  kind: string;
  device: DeviceId;
  /** Time of the point, Unix ms. */
  atMs: number;
  offset: number;
  receivedAtMs: number;
}

/** Points of a window still come in for a moment after it is over. */
const GRACE_MS = 30_000;
/** A window that was over when its point came waits for others of its kind. */
const LATE_MS = 5_000;
/**
 * It is made again once a minute at most: each time from all its points, and a city whose clocks are an hour behind
 * would have each of its windows made anew every few seconds.
 */
const AGAIN_MS = 60_000;
/** No window waits longer than this, so that the journal need not keep more; one may lie ahead of our clock. */
const WAIT_MAX_MS = 360_000;
const WINDOWS = 12;

interface Hour {
  devices: Map<DeviceId, number>;
  /** Of each window: its first mark since it was rolled up last. */
  firsts: (FirstMark | undefined)[];
}

/**
 * Which windows have to be rolled up, by kind, hour and device. Marking is one look-up as long as the kind and the hour
 * are those of the record before.
 */
export class DirtyWindows {
  readonly #kinds = new Map<string, Map<number, Hour>>();
  /** When the windows of an hour were taken last, by kind and hour; for as long as it matters. */
  readonly #takenAtMs = new Map<string, number[]>();
  readonly #monotonicMs: () => number;
  #size = 0;
  #lastKind = '';
  #lastHourMs = -1;
  #last: Hour | null = null;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Hours of devices; what is taken is not counted. */
  get size(): number {
    return this.#size;
  }

  mark({ kind, device, atMs, offset, receivedAtMs }: Mark): void {
    const hourMs = atMs - (atMs % HOUR_MS);
    const hour = hourMs === this.#lastHourMs && kind === this.#lastKind ? this.#last! : this.#hour(kind, hourMs);
    const window = Math.floor((atMs - hourMs) / FIVE_MINUTES_MS);
    const before = hour.devices.get(device);
    if (before === undefined) this.#size += 1;
    else if ((before & (1 << window)) !== 0) return;
    hour.devices.set(device, (before ?? 0) | (1 << window));
    hour.firsts[window] ??= { offset, receivedAtMs, markedAtMs: this.#monotonicMs() };
  }

  /** Takes out what is due, or everything, oldest hour first. */
  take(nowMs: number, everything = false): DirtyHour[] {
    const taken: DirtyHour[] = [];
    this.#forgetTimes();
    for (const [kind, hours] of this.#kinds) {
      for (const [hourMs, hour] of hours) {
        const takenAtMs = this.#takenAtMs.get(`${hourMs} ${kind}`) ?? [];
        const windows = everything ? ALL : this.#due({ ...hour, takenAtMs }, hourMs, nowMs);
        const part = windows === 0 ? null : this.#takeFrom(hour, windows);
        if (part) taken.push({ kind, hourMs, ...part });
        if (part) this.#noteTimes(`${hourMs} ${kind}`, part.windows, this.#monotonicMs());
        if (hour.devices.size === 0) hours.delete(hourMs);
      }
      if (hours.size === 0) this.#kinds.delete(kind);
    }
    this.#last = null;
    this.#lastHourMs = -1;
    return taken.sort((a, b) => a.hourMs - b.hourMs);
  }

  /** Puts back what could not be rolled up. */
  restore({ kind, hourMs, windows: tried, devices, first }: DirtyHour): void {
    this.#noteTimes(`${hourMs} ${kind}`, tried, Number.NEGATIVE_INFINITY);
    const hour = this.#hour(kind, hourMs);
    for (const [device, windows] of devices) {
      const before = hour.devices.get(device);
      if (before === undefined) this.#size += 1;
      hour.devices.set(device, (before ?? 0) | windows);
      for (let window = 0; window < WINDOWS; window += 1) {
        if ((windows & (1 << window)) !== 0) hour.firsts[window] = first;
      }
    }
  }

  /** The first mark of all that is not rolled up; null when nothing is. */
  oldest(): FirstMark | null {
    let oldest: FirstMark | null = null;
    for (const hours of this.#kinds.values()) {
      for (const { firsts } of hours.values()) {
        for (const first of firsts) if (first && (!oldest || first.offset < oldest.offset)) oldest = first;
      }
    }
    return oldest;
  }

  /** The windows of a device that are to be made, by hour. */
  of(kind: string, device: DeviceId): { hourMs: number; windows: number }[] {
    const found: { hourMs: number; windows: number }[] = [];
    for (const [hourMs, { devices }] of this.#kinds.get(kind) ?? []) {
      const windows = devices.get(device);
      if (windows !== undefined) found.push({ hourMs, windows });
    }
    return found;
  }

  #hour(kind: string, hourMs: number): Hour {
    let hours = this.#kinds.get(kind);
    if (!hours) {
      hours = new Map();
      this.#kinds.set(kind, hours);
    }
    let hour = hours.get(hourMs);
    if (!hour) {
      hour = { devices: new Map(), firsts: new Array(WINDOWS) };
      hours.set(hourMs, hour);
    }
    this.#lastKind = kind;
    this.#lastHourMs = hourMs;
    this.#last = hour;
    return hour;
  }

  #noteTimes(key: string, windows: number, atMs: number): void {
    const times = this.#takenAtMs.get(key) ?? new Array<number>(WINDOWS).fill(Number.NEGATIVE_INFINITY);
    for (let window = 0; window < WINDOWS; window += 1) {
      if ((windows & (1 << window)) !== 0) times[window] = atMs;
    }
    this.#takenAtMs.set(key, times);
  }

  #forgetTimes(): void {
    const oldestMs = this.#monotonicMs() - AGAIN_MS;
    for (const [key, times] of this.#takenAtMs) {
      if (times.every((atMs) => atMs <= oldestMs)) this.#takenAtMs.delete(key);
    }
  }

  #due({ firsts, takenAtMs }: Hour & { takenAtMs: number[] }, hourMs: number, nowMs: number): number {
    const monotonicMs = this.#monotonicMs();
    let windows = 0;
    for (const [window, first] of firsts.entries()) {
      if (!first) continue;
      const ageMs = monotonicMs - first.markedAtMs;
      const isOver = hourMs + (window + 1) * FIVE_MINUTES_MS + GRACE_MS <= nowMs;
      const isRecent = monotonicMs - (takenAtMs[window] ?? Number.NEGATIVE_INFINITY) < AGAIN_MS;
      if ((isOver && ageMs >= LATE_MS && !isRecent) || ageMs >= WAIT_MAX_MS) windows |= 1 << window;
    }
    return windows;
  }

  #takeFrom(hour: Hour, windows: number): Pick<DirtyHour, 'windows' | 'devices' | 'first'> | null {
    const devices = new Map<DeviceId, number>();
    let taken = 0;
    for (const [device, mask] of hour.devices) {
      const due = mask & windows;
      if (due === 0) continue;
      devices.set(device, due);
      taken |= due;
      if (mask === due) {
        hour.devices.delete(device);
        this.#size -= 1;
      } else hour.devices.set(device, mask & ~due);
    }
    const firsts = hour.firsts.filter((first, window) => first && (windows & (1 << window)) !== 0) as FirstMark[];
    for (let window = 0; window < WINDOWS; window += 1) {
      if ((windows & (1 << window)) !== 0) hour.firsts[window] = undefined;
    }
    const [first] = firsts.sort((a, b) => a.offset - b.offset);
    return first ? { windows: taken, devices, first } : null;
  }
}

const ALL = (1 << WINDOWS) - 1;

/** From the first to the last of these windows. */
export function rangeOf({ hourMs, windows }: { hourMs: number; windows: number }): TimeRange {
  const first = 31 - Math.clz32(windows & -windows);
  const last = 31 - Math.clz32(windows);
  return { fromMs: hourMs + first * FIVE_MINUTES_MS, toMs: hourMs + (last + 1) * FIVE_MINUTES_MS };
}
