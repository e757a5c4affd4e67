import { outageAt } from '../devices/habits.ts';
import { nextReport, type Packet, packetsOf, type Sender } from '../devices/packets.ts';
import type { Link, LinkOptions } from '../links/link.ts';
import { addressOf, type Doors, type Speech } from '../links/link.ts';
import { makeLink } from '../links/open-link.ts';
import { pick, seedOf } from '../models/chance.ts';
import type { World } from '../models/world.ts';
import { type Args, Obedience } from '../obedience.ts';
import { seeded } from '../random.ts';
import { Delays } from './delays.ts';
import { Heap } from './heap.ts';
import type { Ledger } from './ledger.ts';
import { line } from './ledger-lines.ts';

/** One device of a fleet and how it speaks. */
export interface Member {
  sender: Sender;
  speech: Speech;
  secret: string;
  district: string;
}

export interface FleetOptions {
  /** Stands in every id of a record. */
  run: string;
  members: readonly Member[];
  doors: Doors;
  ledger: Pick<Ledger, 'add'>;
  /** Each device from an address of its own in 127.65.0.0/16. */
  ownAddresses: boolean;
  nowMs(): number;
}

export interface Counts {
  sent: number;
  acked: number;
  refused: number;
  /** Sent more than {@link LATE_MS} after they were meant to go out. */
  late: number;
  /** Devices that are connected. */
  up: number;
}

/** From here on a message counts as sent late: the generator, not the gateway, was slow. */
export const LATE_MS = 100;
const LOOK_MS = { least: 1, most: 25 };
const CONNECTS_PER_S = 400;

const NOWHERE: World = { seed: 0, lat: 0, lon: 0, home: '京A', storms: [] };

type Step = { dueMs: number; packet: Packet } | { dueMs: number; do: 'cut' | 'open' };

interface Device {
  index: number;
  member: Member;
  sender: Sender;
  link: Link;
  steps: Step[];
  /** The period that was planned last ends here. */
  plannedToMs: number;
  /** Time of the newest reading that was sent as a first copy, by the device's clock. */
  newestMs: number;
  obedience: Obedience | null;
}

/**
 * Sends for thousands of devices what their models say, each message at its own moment, whatever the gateway does
 * (open loop): one that answers slowly gets no fewer messages, and what it makes wait counts from the moment at which a
 * message was meant to go out.
 */
export class Fleet {
  readonly counts: Counts = { sent: 0, acked: 0, refused: 0, late: 0, up: 0 };
  /** How late messages were sent, and how long after their moment they were acknowledged. */
  readonly lateness = new Delays();
  readonly answers = new Delays();
  readonly #options: FleetOptions;
  readonly #devices: Device[];
  readonly #heap = new Heap<Device>();
  #timer: NodeJS.Timeout | null = null;
  #beganAtMs = 0;
  #world: World = NOWHERE;
  #seq = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#devices = options.members.map((member, index) => this.#make(member, index));
  }

  /** Connects all, so many a second, and resolves when each is there; throws when some are not in time. */
  async connect(deadlineMs: number, signal?: AbortSignal): Promise<void> {
    const { nowMs } = this.#options;
    const untilMs = nowMs() + deadlineMs;
    for (const [index, { link }] of this.#devices.entries()) {
      if (signal?.aborted) return;
      link.open();
      if (index % (CONNECTS_PER_S / 20) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (;;) {
      const missing = this.#devices.filter(({ link }) => !link.isUp);
      if (missing.length === 0 || signal?.aborted) return;
      if (nowMs() > untilMs) {
        const [first] = missing;
        throw new Error(`${missing.length} devices cannot connect, ${first?.member.sender.being.id} among them`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /**
   * Plans the first period of each device and begins to send at `beginAtMs`. What befalls the city and its devices is
   * given here, as its times count from the beginning.
   */
  begin(beginAtMs: number, { world, senders }: { world: World; senders: readonly Sender[] }): void {
    this.#beganAtMs = beginAtMs;
    this.#world = world;
    const { ledger } = this.#options;
    for (const device of this.#devices) {
      device.sender = senders[device.index] ?? device.sender;
      const { being, model } = device.sender;
      ledger.add(line.device(device.index, model.kind, being.id, device.member.district));
      device.plannedToMs = beginAtMs;
      this.#plan(device);
      this.#heap.push(this.#dueOf(device), device);
    }
    this.#timer = setTimeout(() => this.#work(), Math.max(0, beginAtMs - this.#options.nowMs()));
  }

  /** Sends no more. What is out may still be answered. */
  pause(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Messages that were sent and not answered. */
  get waiting(): number {
    return this.counts.sent - this.counts.acked - this.counts.refused;
  }

  async close(): Promise<void> {
    this.pause();
    await inParts(this.#devices, async ({ link, obedience }) => {
      obedience?.stop();
      await link.close();
    });
  }

  /** Devices with the time of the newest reading that each of them sent, for comparison with what a gateway shows. */
  newest(): { id: string; tsMs: number }[] {
    return this.#devices.map(({ member, newestMs }) => ({ id: member.sender.being.id, tsMs: newestMs }));
  }

  #make(member: Member, index: number): Device {
    const { doors, ownAddresses } = this.#options;
    const { being, model } = member.sender;
    const device: Omit<Device, 'link'> & { link?: Link } = {
      index,
      member,
      sender: member.sender,
      steps: [],
      plannedToMs: 0,
      newestMs: 0,
      obedience: null,
    };
    const options: LinkOptions = {
      id: being.id,
      secret: member.secret,
      firmware: pick(model.firmware, (seedOf(`${being.id}-firmware`) % 1_000) / 1_000),
      from: ownAddresses ? addressOf(index) : null,
      doors,
      speech: member.speech,
      random: seeded(`${being.id}-link`),
      onUp: () => this.#count(1),
      onDown: () => this.#count(-1),
      onCommand: (payload) => this.#obey(device as Device, payload),
    };
    return Object.assign(device, { link: makeLink(options) });
  }

  #count(change: 1 | -1): void {
    this.counts.up += change;
  }

  /** Says yes to whatever its kind may be told; an answer needs nothing that could take memory before. */
  #obey(device: Device, payload: Buffer): void {
    device.obedience ??= new Obedience({
      answers: 'once',
      obey: (name: string, _args: Args) => {
        if (name === 'set_secret') throw new Error('this device keeps its secret');
        return {};
      },
      reply: (reply) => device.link.send({ channel: 'reply', payload: JSON.stringify(reply), onAck: () => {} }),
    });
    device.obedience.take(payload);
  }

  #plan(device: Device): void {
    const { sender } = device;
    const { run } = this.#options;
    const fromMs = device.plannedToMs;
    const reportMs = nextReport(sender, fromMs);
    const packets = packetsOf(sender, reportMs, { id: run, world: this.#world });
    for (const packet of packets) {
      if (packet.dueMs >= this.#beganAtMs) device.steps.push({ dueMs: packet.dueMs, packet });
    }
    this.#planOutage(device, fromMs, reportMs);
    device.steps.sort((a, b) => a.dueMs - b.dueMs);
    device.plannedToMs = reportMs;
  }

  /** A device without a network has no connection either. */
  #planOutage({ sender, steps }: Device, fromMs: number, toMs: number): void {
    const { being, habits, dark } = sender;
    const stepMs = Math.max(1_000, Math.floor((toMs - fromMs) / 16));
    const seen = new Set<number>();
    for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
      const outage = outageAt(being.seed, habits, atMs, dark);
      if (!outage || seen.has(outage.fromMs)) continue;
      seen.add(outage.fromMs);
      const cutMs = Math.max(outage.fromMs, this.#beganAtMs);
      if (cutMs >= fromMs) steps.push({ dueMs: cutMs, do: 'cut' }, { dueMs: outage.toMs, do: 'open' });
    }
  }

  #dueOf({ steps, plannedToMs }: Device): number {
    return Math.min(steps[0]?.dueMs ?? Number.POSITIVE_INFINITY, plannedToMs);
  }

  #work(): void {
    const { nowMs } = this.#options;
    let now = nowMs();
    while (this.#heap.dueMs <= now) {
      const device = this.#heap.pop();
      if (!device) break;
      while (device.steps[0] && device.steps[0].dueMs <= now) this.#do(device, device.steps.shift() as Step, now);
      if (device.plannedToMs <= now) this.#plan(device);
      this.#heap.push(this.#dueOf(device), device);
      now = nowMs();
    }
    const waitMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, this.#heap.dueMs - now));
    this.#timer = setTimeout(() => this.#work(), waitMs);
  }

  #do(device: Device, step: Step, now: number): void {
    if ('do' in step) {
      if (step.do === 'cut') device.link.cut();
      else device.link.open();
      return;
    }
    const { packet } = step;
    const { ledger, nowMs } = this.#options;
    const seq = this.#seq++;
    const lateMs = now - packet.dueMs;
    this.counts.sent += 1;
    this.lateness.add(lateMs);
    if (lateMs > LATE_MS) this.counts.late += 1;
    if (packet.channel === 'telemetry' && packet.fate === 'kept') {
      device.newestMs = Math.max(device.newestMs, packet.tsMs.at(-1) ?? 0);
    }
    const { channel, fate, tsMs } = packet;
    const { protocol, qos } = device.member.speech;
    const isUnanswered = protocol === 'mqtt' && qos === 0;
    const [dueMs, sentMs] = [packet.dueMs - this.#beganAtMs, now - this.#beganAtMs];
    ledger.add(line.sent({ seq, device: device.index, channel, fate, dueMs, sentMs, tsMs }));
    device.link.send({
      channel,
      payload: packet.payload,
      onAck: (isTaken) => {
        const atMs = nowMs();
        this.counts[isTaken ? 'acked' : 'refused'] += 1;
        // Nobody answers a message of QoS 0, so nobody promised to keep it.
        if (isUnanswered) return;
        if (isTaken) this.answers.add(atMs - packet.dueMs);
        const say = isTaken ? line.acked : line.refused;
        ledger.add(say(seq, atMs - this.#beganAtMs));
      },
    });
  }
}

const CLOSED_AT_ONCE = 200;

async function inParts<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += CLOSED_AT_ONCE) {
    await Promise.all(items.slice(at, at + CLOSED_AT_ONCE).map(run));
  }
}
