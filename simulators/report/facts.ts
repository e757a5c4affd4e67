import { Delays } from '../fleet/delays.ts';
import type {
  Befallen,
  Counted,
  Delivered,
  Entry,
  Eye,
  Healed,
  Looked,
  Owed,
  PowerFound,
  ProcessLook,
  Refusal,
  RunHead,
  SelfKnown,
  Sent,
  Stage,
  StormEnd,
  StormPart,
  Unmade,
} from '../fleet/ledger-lines.ts';
import { excusedUntil } from './faults.ts';

/** Records of one time of one device. */
export interface Moment {
  /** Sent as first copies; acknowledged of those. */
  sent: number;
  acked: number;
  stored: number;
}

export interface DeviceFacts {
  id: string;
  kind: string;
  district: string;
  /** By the time of the records, Unix ms of the device's clock. */
  moments: Map<number, Moment>;
}

export interface KindCounts {
  sent: number;
  acked: number;
  refused: number;
  explained: number;
}

/** How far apart the rows of the plot over time are. */
const BIN_MS = 10_000;

/** All that a ledger says, brought together. */
export class Facts {
  head: RunHead | null = null;
  self: SelfKnown | null = null;
  readonly devices = new Map<number, DeviceFacts>();
  readonly kinds = new Map<string, KindCounts>();
  readonly befallen: Befallen[] = [];
  readonly deliveries: Delivered[] = [];
  readonly parts: StormPart[] = [];
  readonly storms: StormEnd[] = [];
  readonly healed: Healed[] = [];
  readonly unmade: Unmade[] = [];
  readonly refusals: Refusal[] = [];
  readonly owed: Owed[] = [];
  readonly counted: Counted[] = [];
  readonly looks: Looked[] = [];
  readonly stages: Stage[] = [];
  power: PowerFound | null = null;
  readonly eyes: Eye[] = [];
  readonly processes: ProcessLook[] = [];
  readonly lateness = new Delays();
  readonly answers = new Delays();
  /** Of messages that were due while a fault lasted or had just ended: nothing is owed of them but that they come. */
  readonly excused = new Delays();
  readonly bins: { sent: number; acked: number }[] = [];
  fromMs = Number.POSITIVE_INFINITY;
  toMs = Number.NEGATIVE_INFINITY;
  readonly #open = new Map<number, Sent>();

  static async of(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<Facts> {
    const facts = new Facts();
    for await (const entry of entries) facts.#take(entry);
    return facts;
  }

  /** Messages that nobody answered until the end. */
  unanswered(kind: string): number {
    let count = 0;
    for (const { device } of this.#open.values()) if (this.devices.get(device)?.kind === kind) count += 1;
    return count;
  }

  #take(entry: Entry): void {
    if (entry.what === 'unmade') this.#takeUnmade(entry.unmade);
    switch (entry.what) {
      case 'head':
        this.head = entry.head;
        return;
      case 'device':
        this.devices.set(entry.index, { id: entry.id, kind: entry.kind, district: entry.district, moments: new Map() });
        return;
      case 'sent':
        this.#takeSent(entry.sent);
        return;
      case 'acked':
      case 'refused':
        this.#takeAnswer(entry.what, entry.seq, entry.atMs);
        return;
      case 'befallen':
        this.befallen.push(entry.befallen);
        return;
      case 'delivered':
        this.deliveries.push(entry.delivered);
        return;
      case 'part':
        this.parts.push(entry.part);
        return;
      case 'storm':
        this.storms.push(entry.storm);
        return;
      case 'healed':
        this.healed.push(entry.healed);
        return;
      case 'refusal':
        this.refusals.push(entry.refusal);
        return;
      case 'owed':
        this.owed.push(entry.owed);
        return;
      case 'counted':
        this.counted.push(entry.counted);
        return;
      case 'looked':
        this.looks.push(entry.looked);
        return;
      case 'stage':
        this.stages.push(entry.stage);
        return;
      case 'power':
        this.power = entry.power;
        return;
      case 'eye':
        this.eyes.push(entry.eye);
        return;
      case 'process':
        this.processes.push(entry.process);
        return;
      case 'self':
        this.self = entry.self;
    }
  }

  /** What was not made befell nobody: it explains nothing, and nobody has to be told of it. */
  #takeUnmade(unmade: Unmade): void {
    this.unmade.push(unmade);
    const kept = this.befallen.filter((one) => one.what !== unmade.what || one.fromMs !== unmade.fromMs);
    this.befallen.splice(0, this.befallen.length, ...kept);
  }

  #takeSent(sent: Sent): void {
    this.#open.set(sent.seq, sent);
    this.lateness.add(Math.max(0, sent.sentMs - sent.dueMs));
    this.#bin(sent.sentMs).sent += 1;
    const device = this.devices.get(sent.device);
    if (!device) return;
    this.#countsOf(device.kind).sent += 1;
    for (const tsMs of sent.tsMs) {
      this.fromMs = Math.min(this.fromMs, tsMs);
      this.toMs = Math.max(this.toMs, tsMs);
      if (sent.fate === 'kept') momentOf(device, tsMs).sent += 1;
    }
  }

  #takeAnswer(what: 'acked' | 'refused', seq: number, atMs: number): void {
    const sent = this.#open.get(seq);
    this.#open.delete(seq);
    const device = sent && this.devices.get(sent.device);
    if (!device) return;
    const counts = this.#countsOf(device.kind);
    counts[what] += 1;
    if (what === 'refused') return;
    const dueMs = sent.dueMs + (this.head?.beganAtMs ?? 0);
    const isExcused = excusedUntil(this.befallen, dueMs, device.district) > dueMs;
    (isExcused ? this.excused : this.answers).add(Math.max(0, atMs - sent.dueMs));
    this.#bin(atMs).acked += 1;
    if (sent.fate !== 'kept') counts.explained += 1;
    else for (const tsMs of sent.tsMs) momentOf(device, tsMs).acked += 1;
  }

  #countsOf(kind: string): KindCounts {
    let counts = this.kinds.get(kind);
    if (!counts) {
      counts = { sent: 0, acked: 0, refused: 0, explained: 0 };
      this.kinds.set(kind, counts);
    }
    return counts;
  }

  #bin(atMs: number): { sent: number; acked: number } {
    const at = Math.max(0, Math.floor(atMs / BIN_MS));
    while (this.bins.length <= at) this.bins.push({ sent: 0, acked: 0 });
    return this.bins[at]!;
  }
}

function momentOf({ moments }: DeviceFacts, tsMs: number): Moment {
  let moment = moments.get(tsMs);
  if (!moment) {
    moment = { sent: 0, acked: 0, stored: 0 };
    moments.set(tsMs, moment);
  }
  return moment;
}
