import { nextReport, type Packet, packetsOf, type Sender } from '../devices/packets.ts';
import type { Link, LinkOptions } from '../links/link.ts';
import { addressOf } from '../links/link.ts';
import { makeLink } from '../links/open-link.ts';
import { pick, seedOf } from '../models/chance.ts';
import type { World } from '../models/world.ts';
import { type Args, Obedience } from '../obedience.ts';
import { seeded } from '../random.ts';
import { Delays } from './delays.ts';
import { Heap } from './heap.ts';
import { line, type Owed } from './ledger-lines.ts';
import type { Counts, FleetOptions, Member } from './member.ts';
import { type OutageStep, outageSteps } from './outages.ts';
import { inParts } from './parts.ts';

/** From here on a message counts as sent late: the generator, not the gateway, was slow. */
export const LATE_MS = 100;
const LOOK_MS = { least: 1, most: 25 };
const CONNECTS_PER_S = 400;
const CLOSED_AT_ONCE = 200;

const NOWHERE: World = { seed: 0, lat: 0, lon: 0, home: '京A', storms: [] };

type Step = { dueMs: number; packet: Packet } | OutageStep;

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
  /** Messages that were sent and not answered. */
  waiting: number;
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
   * given here, as its times count from the beginning. May be asked again after {@link pause}: for another stretch.
   */
  begin(beginAtMs: number, { world, senders }: { world: World; senders: readonly Sender[] }): void {
    this.#beganAtMs = beginAtMs;
    this.#world = world;
    this.#heap.clear();
    const { ledger } = this.#options;
    for (const device of this.#devices) {
      device.sender = senders[device.index] ?? device.sender;
      const { being, model } = device.sender;
      ledger.add(line.device(device.index, model.kind, being.id, device.member.district));
      device.steps = [];
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

  /**
   * Another unit takes the place of a device: the one before is gone with what it still had. Gives a link of the one
   * before with its old secret, which is closed: to see what becomes of it.
   */
  replace(id: string, secret: string): Link {
    const device = this.#devices.find(({ member }) => member.sender.being.id === id);
    if (!device) throw new Error(`there is no ${id} in the fleet`);
    device.link.abandon();
    const before = makeLink({ ...this.#wayOf(device, device.member.secret), onUp: () => {}, onDown: () => {} });
    device.member = { ...device.member, secret };
    device.link = makeLink(this.#wayOf(device, secret));
    device.link.open();
    return before;
  }

  /** Devices that are connected, and still wait for answers: to one that is away nobody can answer. */
  owed(): Owed[] {
    const open = this.#devices.filter(({ link, waiting }) => link.isUp && waiting > 0);
    return open.map(({ member, waiting }) => ({ device: member.sender.being.id, messages: waiting }));
  }

  async close(): Promise<void> {
    this.pause();
    await inParts(this.#devices, CLOSED_AT_ONCE, async ({ link, obedience }) => {
      obedience?.stop();
      await link.close();
    });
  }

  /** Devices with the time of the newest reading that each of them sent, for comparison with what a gateway shows. */
  newest(): { id: string; tsMs: number }[] {
    return this.#devices.map(({ member, newestMs }) => ({ id: member.sender.being.id, tsMs: newestMs }));
  }

  #make(member: Member, index: number): Device {
    const device: Omit<Device, 'link'> & { link?: Link } = {
      index,
      member,
      sender: member.sender,
      steps: [],
      plannedToMs: 0,
      newestMs: 0,
      waiting: 0,
      obedience: null,
    };
    return Object.assign(device, { link: makeLink(this.#wayOf(device as Device, member.secret)) });
  }

  #wayOf(device: Device, secret: string): LinkOptions {
    const { doors, ownAddresses, addressesFrom = 0, driver } = this.#options;
    const { index, member } = device;
    const { being, model } = member.sender;
    return {
      id: being.id,
      secret,
      firmware: pick(model.firmware, (seedOf(`${being.id}-firmware`) % 1_000) / 1_000),
      from: ownAddresses ? addressOf(addressesFrom + index) : null,
      doors: member.doors ?? doors,
      speech: member.speech,
      manner: driver?.mannerOf({ device: being.id, kind: model.kind }) ?? null,
      random: seeded(`${being.id}-link`),
      onUp: () => this.#count(1),
      onDown: () => this.#count(-1),
      onCommand: (payload) => this.#obey(device, payload),
    };
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
    const { script } = device.member;
    if (script) {
      device.steps = script(this.#beganAtMs).map((packet) => ({ dueMs: packet.dueMs, packet }));
      device.plannedToMs = Number.POSITIVE_INFINITY;
      return;
    }
    const { sender } = device;
    const { run, driver } = this.#options;
    const speaker = { device: sender.being.id, kind: sender.model.kind };
    const fromMs = device.plannedToMs;
    const reportMs = nextReport(sender, fromMs);
    const packets = packetsOf(sender, reportMs, { id: run, world: this.#world });
    for (const plain of packets) {
      const { dueMs } = plain;
      if (dueMs < this.#beganAtMs) continue;
      const said = driver?.packetsOf(plain, speaker) ?? [plain];
      device.steps.push(...said.map((packet) => ({ dueMs, packet })));
    }
    device.steps.push(...outageSteps(sender, { fromMs, toMs: reportMs }, this.#beganAtMs));
    device.steps.sort((a, b) => a.dueMs - b.dueMs);
    device.plannedToMs = reportMs;
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
    device.waiting += 1;
    device.link.send({
      channel,
      payload: packet.payload,
      onAck: (isTaken) => {
        const atMs = nowMs();
        this.counts[isTaken ? 'acked' : 'refused'] += 1;
        device.waiting -= 1;
        // Nobody answers a message of QoS 0, so nobody promised to keep it.
        if (isUnanswered) return;
        if (isTaken) this.answers.add(atMs - packet.dueMs);
        const say = isTaken ? line.acked : line.refused;
        ledger.add(say(seq, atMs - this.#beganAtMs));
      },
    });
  }
}
