import { randomBytes } from 'node:crypto';
import type { DeviceIdentity, NewMessage } from '../../../core/types.ts';
import { type AckOwner, AckQueue } from '../common/ack-queue.ts';
import { extraCost } from '../common/admission.ts';
import { channelOf, judgeFilters, topicPrefix, type Will } from '../common/topics.ts';
import * as codec from './codec.ts';
import { disconnectFault, pubackFault, subscribeFault, unsubscribeFault } from './control.ts';
import { PAUSE } from './options.ts';
import type { PacketFault } from './properties.ts';
import type { SessionStart } from './session-host.ts';
import { MQTT_NAME } from './settings.ts';

/** A device that is too fast is looked at again after this long, not after every single message. */
const RATE_HOLD_MIN_MS = 50;

/** Why the connection must end. */
interface Violation {
  reason: PacketFault | 'qos' | 'rights' | 'size';
  text: string;
}

const MALFORMED: Violation = { reason: 'malformed', text: 'malformed packet' };

function broken(reason: PacketFault): Violation {
  return reason === 'malformed' ? MALFORMED : { reason, text: `a packet breaks the protocol: ${reason}` };
}

/** What one device says and is told between CONNECT and the end of its connection. */
export class Session implements AckOwner {
  /** Names the connection in the journal. */
  readonly connectionName = randomBytes(8).toString('hex');
  readonly #it: SessionStart;
  readonly #prefix: string;
  readonly #acks: AckQueue;
  readonly #commands = new Map<number, (acked: boolean) => void>();
  #will: Will | null;
  #commandQos = -1;
  #commandId = 0;
  #cancelRate: (() => void) | null = null;
  #cancelKind: (() => void) | null = null;

  constructor(start: SessionStart) {
    this.#it = start;
    this.#will = start.will;
    this.#prefix = topicPrefix(start.identity.id);
    this.#acks = new AckQueue(start.acks, this);
  }

  get identity(): DeviceIdentity {
    return this.#it.identity;
  }

  /** Whether it has subscribed to its commands. */
  get listens(): boolean {
    return this.#commandQos >= 0;
  }

  /** The will as a message, unless the device said goodbye. */
  will(): NewMessage | null {
    if (this.#will === null) return null;
    const { topic, payload } = this.#will;
    return this.#message({ qos: 0, dup: false, topic, packetId: 0, payload }, 'state');
  }

  /** Whether nothing more may be read because all devices together hold too much; reading goes on by itself. */
  mustWait(): boolean {
    const { acks, connection } = this.#it;
    if (!acks.budget.spent) return false;
    acks.budget.wait(connection);
    connection.pause(PAUSE.budget);
    return true;
  }

  handle(frame: Buffer, bodyAt: number): void {
    const violation = this.#read(frame, bodyAt);
    if (violation === null) {
      this.#slowDown(frame.length);
      return;
    }
    this.#it.host.complain(this.#it.connection, violation.text);
    this.#it.connection.end(violation.reason);
  }

  /**
   * Sends one command to the device. True once the device has acknowledged it (or, if it subscribed with QoS 0, once
   * it is written); false when it is not subscribed, has too many open, is gone or does not answer in time.
   */
  command(payload: Buffer): Promise<boolean> {
    const { connection, host, peer } = this.#it;
    const max = Math.min(host.options.commandsPerDeviceMax, peer.receiveMaximum);
    if (this.#commandQos < 0 || this.#commands.size >= max) return Promise.resolve(false);
    const messageId = this.#commandQos === 0 ? 0 : this.#nextCommandId();
    const packet = codec.publish(connection.version, { topic: `${this.#prefix}command`, payload, messageId });
    if (packet.length > peer.maximumPacketSize) return Promise.resolve(false);
    connection.send(packet);
    host.stats.commands += 1;
    if (messageId === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = host.clock.after(host.options.commandDeadlineMs, () => this.#answer(messageId, false));
      this.#commands.set(messageId, (acked) => {
        cancel();
        resolve(acked);
      });
    });
  }

  /** Called once by the connection when it ends. */
  close(): void {
    this.#cancelRate?.();
    this.#cancelKind?.();
    this.#it.acks.budget.forget(this.#it.connection);
    this.#acks.close();
    for (const id of [...this.#commands.keys()]) this.#answer(id, false);
  }

  acked(packetId: number): void {
    this.#it.connection.ack(packetId);
  }

  eased(): void {
    const { inflightMax, inflightBytesMax } = this.#it.host.options;
    if (this.#acks.size <= inflightMax / 2 && this.#acks.bytes <= inflightBytesMax / 2) {
      this.#it.connection.resume(PAUSE.inflight);
    }
  }

  rejected(error: unknown): void {
    this.#it.host.complain(this.#it.connection, 'the journal rejects a message for good', error);
    this.#it.connection.end('rejected');
  }

  #read(frame: Buffer, bodyAt: number): Violation | null {
    const first = frame[0]!;
    const type = first >> 4;
    if (type === codec.TYPE.publish) return this.#publish(frame, bodyAt);
    if (type === codec.TYPE.puback) return this.#puback(frame, bodyAt);
    if (type !== codec.TYPE.pingreq) return this.#control(frame, bodyAt);
    if (first !== codec.TYPE.pingreq << 4 || frame.length !== 2) return MALFORMED;
    this.#it.connection.send(codec.PINGRESP);
    return null;
  }

  #publish(frame: Buffer, bodyAt: number): Violation | null {
    const { connection, host } = this.#it;
    const view = codec.readPublish(frame, bodyAt, connection.version);
    if (typeof view === 'string') return broken(view);
    if (view.qos > 1) return { reason: 'qos', text: 'QoS 2 is not served' };
    const channel = channelOf(view.topic, this.#prefix);
    if (channel === undefined) {
      return { reason: codec.topicFault(view.topic) ?? 'rights', text: 'published outside its own topics' };
    }
    if (view.payload.length > host.options.maxPacketBytes) return { reason: 'size', text: 'payload too large' };
    host.stats.received[view.qos]! += 1;
    this.#acks.push(this.#message(view, channel), view.qos);
    this.#payKind();
    const { inflightMax, inflightBytesMax } = host.options;
    if (this.#acks.size >= inflightMax || this.#acks.bytes >= inflightBytesMax) connection.pause(PAUSE.inflight);
    return null;
  }

  #message(view: codec.PublishView, channel: NewMessage['channel']): NewMessage {
    return {
      receivedAtMs: this.#it.host.clock.nowMs(),
      uplink: MQTT_NAME,
      channel,
      topic: view.topic,
      device: this.#it.identity,
      connection: this.connectionName,
      packetId: view.packetId,
      dup: view.dup,
      raw: view.payload,
    };
  }

  #puback(frame: Buffer, bodyAt: number): Violation | null {
    const fault = pubackFault(frame, bodyAt, this.#it.connection.version);
    if (fault !== null) return broken(fault);
    const failed = frame.length > bodyAt + 2 && frame[bodyAt + 2]! >= 0x80;
    this.#answer((frame[bodyAt]! << 8) | frame[bodyAt + 1]!, !failed);
    return null;
  }

  #control(frame: Buffer, bodyAt: number): Violation | null {
    const { connection } = this.#it;
    const fault = FAULT_OF[frame[0]! >> 4]?.(frame, bodyAt, connection.version) ?? null;
    if (fault !== null) return broken(fault);
    const packet = codec.decode(frame, connection.version);
    switch (packet?.cmd) {
      case 'subscribe':
        return this.#subscribe(packet);
      case 'unsubscribe':
        return this.#unsubscribe(packet);
      case 'disconnect':
        return this.#goodbye(packet);
      default:
        return MALFORMED;
    }
  }

  #unsubscribe({ messageId, unsubscriptions }: codec.IUnsubscribePacket): Violation | null {
    const { connection } = this.#it;
    const results = unsubscriptions.map((filter) => {
      if (filter !== `${this.#prefix}command` || this.#commandQos < 0) return NO_SUBSCRIPTION;
      this.#commandQos = -1;
      return 0;
    });
    connection.send(codec.unsuback(connection.version, messageId!, results));
    return null;
  }

  #goodbye({ reasonCode, properties }: codec.IDisconnectPacket): Violation | null {
    const { connection, peer } = this.#it;
    // A session that was to end with the connection cannot be kept in the end (MQTT 5 §3.14.2.2.2).
    if ((properties?.sessionExpiryInterval ?? 0) > 0 && peer.sessionExpiryS === 0) return broken('protocol');
    if (reasonCode === undefined || reasonCode === 0) this.#will = null;
    connection.end('client');
    return null;
  }

  #subscribe(packet: codec.ISubscribePacket): Violation | null {
    const { connection, host } = this.#it;
    const granted = judgeFilters(packet, this.#prefix, connection.version);
    if (granted === null) return { reason: 'protocol', text: 'too many filters' };
    for (const qos of granted) if (qos <= 1) this.#commandQos = qos;
    if (granted.some((qos) => qos > 1)) host.complain(connection, 'subscribed outside its own topics');
    connection.send(codec.suback(connection.version, packet.messageId!, granted));
    if (granted.some((qos) => qos <= 1)) host.listening(this.identity.id);
    return null;
  }

  /** Every packet costs a token: a flood of pings is a flood. */
  #slowDown(bytes: number): void {
    const { host, connection } = this.#it;
    const waitMs = this.#pay(bytes);
    if (waitMs === 0 || connection.phase === 'ended') return;
    host.stats.rateHolds += 1;
    connection.pause(PAUSE.rate);
    this.#payLater(bytes, waitMs);
  }

  #pay(bytes: number): number {
    const { rate, host } = this.#it;
    return rate.take(1 + extraCost(bytes), host.clock.monotonicMs());
  }

  #payLater(bytes: number, waitMs: number): void {
    this.#cancelRate = this.#it.host.clock.after(Math.max(waitMs, RATE_HOLD_MIN_MS), () => {
      const stillMs = this.#pay(bytes);
      if (stillMs > 0) this.#payLater(bytes, stillMs);
      else this.#it.connection.resume(PAUSE.rate);
    });
  }

  /** What came is kept; nothing more is read until the kind's budget has paid for it. */
  #payKind(): void {
    const { connection, identity, kinds } = this.#it;
    if (kinds.take(identity.kind) === 0) return;
    connection.pause(PAUSE.kind);
    this.#cancelKind?.();
    this.#cancelKind = kinds.wait(identity.kind, () => connection.resume(PAUSE.kind));
  }

  #nextCommandId(): number {
    do {
      this.#commandId = (this.#commandId % 0xffff) + 1;
    } while (this.#commands.has(this.#commandId));
    return this.#commandId;
  }

  #answer(messageId: number, acked: boolean): void {
    const resolve = this.#commands.get(messageId);
    if (resolve === undefined) return;
    this.#commands.delete(messageId);
    if (acked) this.#it.host.stats.commandsAcked += 1;
    resolve(acked);
  }
}

const NO_SUBSCRIPTION = 0x11;

const FAULT_OF: Readonly<Record<number, typeof subscribeFault>> = {
  [codec.TYPE.subscribe]: subscribeFault,
  [codec.TYPE.unsubscribe]: unsubscribeFault,
  [codec.TYPE.disconnect]: disconnectFault,
};
