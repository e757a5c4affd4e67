import type { Clock } from '../../core/clock.ts';
import type { DeviceId, DeviceState } from '../../core/types.ts';
import { isStanding } from '../life/life.ts';
import { Groups } from './groups.ts';
import { type Cause, type Facts, type Health, isSameVerdict, judge, type Verdict } from './judge.ts';
import { type Signal, turned } from './signal.ts';
import { Wheel } from './wheel.ts';

/** A device as far as its health goes. */
export interface HealthDevice {
  id: DeviceId;
  kind: string;
  state: DeviceState;
  parent: DeviceId | null;
}

/** How often devices of a kind are to be heard, and whether what they are heard by is their pictures. */
export interface HealthKind {
  staleAfterS: number;
  stream: boolean;
}

export interface HealthBookDeps {
  clock: Clock;
  kind(name: string): HealthKind | undefined;
}

/** What may tell of a device, apart from what it sends. */
export type SignalName = 'connection' | 'answer' | 'onvif' | 'stream' | 'said';

/** How a device is. Times are Unix ms. */
export interface DeviceHealth {
  health: Health;
  cause: Cause | null;
  detail: string | null;
  sinceMs: number | null;
  /** The device that explains it, itself explained by nobody. */
  because: DeviceId | null;
}

interface Entry {
  id: DeviceId;
  kind: HealthKind;
  parent: DeviceId | null;
  facts: Facts;
  /** By its own facts; null while nothing was heard. */
  verdict: Verdict | null;
  /** Whether the next message may change the verdict. */
  isWaiting: boolean;
}

const TICK_MS = 1_000;
/** Steps upwards; more than a registry lets there be. */
const PARENTS_MAX = 64;

/**
 * How every device that stands is, kept by what changes: a fact costs one judgement, a message that says nothing new
 * costs a look into a map, and a tick costs what is due. Times within are of the monotonic clock, so that a clock that
 * is set turns nobody's health.
 */
export class HealthBook {
  readonly #deps: HealthBookDeps;
  readonly #entries = new Map<DeviceId, Entry>();
  readonly #groups = new Groups();
  readonly #wheel: Wheel<DeviceId>;
  readonly #startMs: number;
  #stop: () => void = () => {};
  #judged: (id: DeviceId) => void = () => {};

  constructor(deps: HealthBookDeps) {
    this.#deps = deps;
    this.#startMs = deps.clock.monotonicMs();
    this.#wheel = new Wheel(this.#startMs);
  }

  /** Tells from now on of each device that is judged otherwise than before, or no more. `judged` must not throw. */
  listen(judged: (id: DeviceId) => void): void {
    this.#judged = judged;
  }

  /** What went dark together, by parent. */
  get together(): Pick<Groups, 'outageOf' | 'knownOf'> {
    return this.#groups;
  }

  start(): void {
    this.#stop = this.#deps.clock.every(TICK_MS, () => this.tick());
  }

  stop(): void {
    this.#stop();
  }

  /** Judges what is due. */
  tick(): void {
    for (const id of this.#wheel.due(this.#nowMs())) {
      const entry = this.#entries.get(id);
      if (entry) this.#judge(entry);
    }
  }

  /** Devices whose times are being watched. */
  get waiting(): number {
    return this.#wheel.size;
  }

  /**
   * A device as it stands in the registry now. One that is new here begins with what was judged of it before a restart,
   * and with what it was last heard.
   */
  put(device: HealthDevice, before: { verdict?: Verdict; heardAtMs?: number | null } = {}): void {
    const known = this.#entries.get(device.id);
    const kind = this.#deps.kind(device.kind);
    if (!isStanding(device.state) || !kind) {
      this.remove(device.id);
      return;
    }
    if (known) {
      known.kind = kind;
      if (known.parent !== device.parent) this.#hang(known, device.parent);
      return;
    }
    const { verdict, heardAtMs = null } = before;
    const entry: Entry = {
      id: device.id,
      kind,
      parent: device.parent,
      facts: { ...NOTHING, listeningSinceMs: this.#startMs },
      verdict: verdict ? { ...verdict, sinceMs: this.#inside(verdict.sinceMs) } : null,
      isWaiting: true,
    };
    // Of a camera it is asked whether it answers; what it sends besides is no sign of life that is owed.
    if (heardAtMs !== null && !kind.stream) this.#heardAt(entry, this.#inside(heardAtMs));
    this.#entries.set(device.id, entry);
    if (verdict) this.#tellGroup(entry);
    this.#judge(entry);
  }

  remove(id: DeviceId): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#hang(entry, null);
    this.#entries.delete(id);
    this.#wheel.forget(id);
    if (entry.verdict) this.#judged(id);
  }

  /** Something tells that a device is well in one way, or is not; null where it can tell no more. */
  signal(id: DeviceId, name: SignalName, said: Pick<Signal, 'good' | 'detail'> | null): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const before = entry.facts[name];
    const now = said && turned(before, said, this.#nowMs());
    if (now === before) return;
    entry.facts[name] = now;
    // Pictures that did not come while it was away say nothing of it now, and nobody may want any for days.
    const isBack = name === 'answer' && now?.good === true && before?.good === false;
    if (isBack && entry.facts.stream?.good === false) entry.facts.stream = null;
    this.#judge(entry);
  }

  /** The device itself has sent something, received at `atMs` (Unix ms). */
  heard(id: DeviceId, { atMs, isTelemetry }: { atMs: number; isTelemetry: boolean }): void {
    const entry = this.#entries.get(id);
    if (!entry || (entry.kind.stream && !isTelemetry)) return;
    const { facts } = entry;
    const isFirst = facts.data === null;
    if (facts.said?.good === false) facts.said = turned(facts.said, { good: true, detail: null }, this.#nowMs());
    this.#heardAt(entry, this.#inside(atMs));
    // Nearly every message comes from a device that is well, and changes nothing.
    if (isFirst || entry.isWaiting) this.#judge(entry);
  }

  /** Null for a device that does not stand. */
  of(id: DeviceId): DeviceHealth | null {
    const entry = this.#entries.get(id);
    return entry ? this.#shown(entry) : null;
  }

  /** The health of {@link of} alone, for those who look at all devices. */
  healthOf(id: DeviceId): Health | null {
    const entry = this.#entries.get(id);
    return entry ? this.#whole(entry).health : null;
  }

  /** As a device is by its own facts alone, to be kept over a restart; null while nothing was heard of it. */
  ownVerdict(id: DeviceId): Verdict | null {
    const verdict = this.#entries.get(id)?.verdict;
    return verdict ? { ...verdict, sinceMs: this.#outside(verdict.sinceMs) } : null;
  }

  #heardAt({ facts, kind }: Entry, atMs: number): void {
    if (facts.data) facts.data.lastAtMs = Math.max(facts.data.lastAtMs, atMs);
    else facts.data = { lastAtMs: atMs, staleAfterMs: kind.staleAfterS * 1_000 };
  }

  #judge(entry: Entry): void {
    const { verdict, againAtMs } = judge(entry.facts, this.#nowMs());
    if (againAtMs !== null) this.#wheel.arm(entry.id, againAtMs);
    entry.isWaiting = verdict === null || verdict.health !== 'online';
    if (verdict === null || (entry.verdict && isSameVerdict(entry.verdict, verdict))) return;
    const was = entry.verdict?.health;
    entry.verdict = verdict;
    if (was === 'offline' || verdict.health === 'offline' || was === undefined) this.#tellGroup(entry);
    this.#judged(entry.id);
  }

  /** Tells the parent's group how the entry is as a whole, and the group above where that changes the parent. */
  #tellGroup(entry: Entry): void {
    let child: Entry | undefined = entry;
    for (let steps = 0; child?.parent && steps < PARENTS_MAX; steps += 1) {
      const { health, sinceMs } = this.#whole(child);
      const isTurned =
        health === 'unknown'
          ? this.#groups.leave(child.parent, child.id)
          : this.#groups.set(child.parent, child.id, health === 'offline' ? sinceMs : null);
      if (!isTurned) return;
      this.#judged(child.parent);
      child = this.#entries.get(child.parent);
    }
  }

  #hang(entry: Entry, parent: DeviceId | null): void {
    if (entry.parent !== null && this.#groups.leave(entry.parent, entry.id)) this.#judged(entry.parent);
    entry.parent = parent;
    if (entry.verdict && parent !== null) this.#tellGroup(entry);
  }

  /** By its own facts and by what hangs on it. */
  #whole(entry: Entry): Verdict {
    const own = entry.verdict ?? NEVER_HEARD;
    const outage = this.#groups.outageOf(entry.id);
    if (!outage || own.health === 'offline') return own;
    const detail = `${outage.members.size}/${this.#groups.knownOf(entry.id)}`;
    const health = own.health === 'unknown' ? 'offline' : 'degraded';
    return { health, cause: 'children-together', detail, sinceMs: outage.sinceMs };
  }

  #shown(entry: Entry): DeviceHealth {
    const { health, cause, detail, sinceMs } = this.#whole(entry);
    const because = health === 'offline' ? this.#explanation(entry) : null;
    const at = cause === 'never-heard' ? null : this.#outside(sinceMs);
    if (because !== null) return { health, cause: 'parent', detail: null, sinceMs: at, because };
    return { health, cause, detail, sinceMs: at, because: null };
  }

  /** The topmost device in an unbroken line of those that explain this one; null where it explains itself. */
  #explanation(entry: Entry): DeviceId | null {
    let because: DeviceId | null = null;
    let child = entry;
    for (let steps = 0; child.parent !== null && steps < PARENTS_MAX; steps += 1) {
      const parent = this.#entries.get(child.parent);
      const isTogether = this.#groups.outageOf(child.parent)?.members.has(child.id) ?? false;
      // What was dark before those that went together has a cause of its own.
      if (!isTogether && parent?.verdict?.health !== 'offline') break;
      because = child.parent;
      if (!parent) break;
      child = parent;
    }
    return because;
  }

  #nowMs(): number {
    return this.#deps.clock.monotonicMs();
  }

  #inside(atMs: number): number {
    const { clock } = this.#deps;
    return clock.monotonicMs() - Math.max(0, clock.nowMs() - atMs);
  }

  #outside(insideMs: number): number {
    const { clock } = this.#deps;
    return Math.round(clock.nowMs() - (clock.monotonicMs() - insideMs));
  }
}

const NOTHING = { connection: null, answer: null, onvif: null, stream: null, said: null, data: null };
const NEVER_HEARD: Verdict = { health: 'unknown', cause: 'never-heard', detail: null, sinceMs: 0 };
