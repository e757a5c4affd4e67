import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { Waiting } from '../common/byte-budget.ts';
import { type ConnectResult, decodeConnect, disconnect, pubacks, TYPE, type Version } from './codec.ts';
import { type FrameRules, Framer, type FramingFault } from './framing.ts';
import { type MqttOptions, PAUSE, publishBytesMax } from './options.ts';
import type { Session } from './session.ts';
import type { CloseReason, MqttStats } from './stats.ts';

/** What a connection needs of the listener that owns it. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly options: MqttOptions;
  readonly stats: MqttStats;
  /** The first packet was a CONNECT that could be read, or one of a version we do not speak. */
  connectArrived(connection: Connection, connect: Exclude<ConnectResult, { fault: unknown }>): void;
  /** The device has subscribed to its commands. */
  listening(deviceId: string): void;
  /** Nothing more comes from it; its socket may still be sending the last packet. */
  ended(connection: Connection, reason: CloseReason): void;
  /** Says once a minute per device or address what a peer does wrong. */
  complain(connection: Connection, text: string, error?: unknown): void;
}

/** A CONNECT holds two names, a secret and a small will. */
const CONNECT_BYTES_MAX = 8 * 1024;
const CONTROL_BYTES_MAX = 4 * 1024;
const CONNECT_FIRST_BYTE = 0x10;

const FAULT_REASONS: Record<FramingFault, CloseReason> = {
  type: 'protocol',
  size: 'size',
  malformed: 'malformed',
  memory: 'memory',
};

/** What MQTT 5 peers are told when we close on them. */
const REASON_CODES: Partial<Record<CloseReason, number>> = {
  malformed: 0x81,
  protocol: 0x82,
  topic: 0x90,
  alias: 0x94,
  identifiers: 0xa1,
  size: 0x95,
  memory: 0x97,
  keepalive: 0x8d,
  takeover: 0x8e,
  rights: 0x87,
  qos: 0x9b,
  rejected: 0x99,
  disconnected: 0x98,
  stop: 0x8b,
};

const POLITE: ReadonlySet<CloseReason> = new Set(['client', 'takeover', 'disconnected', 'stop', 'refused', 'rejected']);

/** One socket: cuts packets, stops and starts reading, writes acknowledgements in batches, and ends exactly once. */
export class Connection implements FrameRules, Waiting {
  /** new: no CONNECT yet · waiting: CONNECT is being judged · open: has a session · ended: nothing is read. */
  phase: 'new' | 'waiting' | 'open' | 'ended' = 'new';
  session: Session | null = null;
  version: Version = 4;
  /** Id it claims (from `waiting` on) or has proven (`open`). */
  deviceId: string | null = null;
  readonly socket: Socket;
  readonly address: string;
  /** Monotonic time of the last complete packet, or of the start. */
  heardAtMs: number;
  /** Monotonic time from which a socket that has ended is destroyed. */
  endedAtMs = 0;
  silenceMs = Number.POSITIVE_INFINITY;
  readonly #host: ConnectionHost;
  readonly #framer: Framer;
  #pausedBy = 0;
  #running = false;
  #acks: number[] = [];

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? 'unknown';
    this.#host = host;
    this.#framer = new Framer(this);
    this.heardAtMs = host.clock.monotonicMs();
  }

  start(): void {
    const { socket } = this;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.resume(PAUSE.unread));
    socket.on('error', () => this.end('gone'));
    socket.on('close', () => this.end('gone'));
  }

  packetBytesMax(firstByte: number): number {
    if (this.phase !== 'open') return firstByte === CONNECT_FIRST_BYTE ? CONNECT_BYTES_MAX : -1;
    switch (firstByte >> 4) {
      case TYPE.publish:
        return publishBytesMax(this.#host.options);
      case TYPE.puback:
      case TYPE.subscribe:
      case TYPE.unsubscribe:
      case TYPE.pingreq:
      case TYPE.disconnect:
        return CONTROL_BYTES_MAX;
      default:
        return -1;
    }
  }

  reserve(bytes: number): boolean {
    const { stats, options } = this.#host;
    if (bytes > 0 && stats.partialBytes + bytes > options.partialBytesMax) return false;
    stats.partialBytes += bytes;
    return true;
  }

  budgetFreed(): void {
    this.resume(PAUSE.budget);
  }

  /** Whether we, not the peer, are the reason that nothing is heard. */
  get heldByUs(): boolean {
    return (this.#pausedBy & ~PAUSE.unread) !== 0;
  }

  get paused(): boolean {
    return this.#pausedBy !== 0;
  }

  pause(reason: number): void {
    if (this.#pausedBy === 0) this.socket.pause();
    this.#pausedBy |= reason;
  }

  resume(reason: number): void {
    if ((this.#pausedBy & reason) === 0) return;
    this.#pausedBy &= ~reason;
    if (this.#pausedBy !== 0 || this.phase === 'ended') return;
    this.heardAtMs = this.#host.clock.monotonicMs();
    this.#run();
    if (this.#pausedBy === 0) this.socket.resume();
  }

  /** Queues a PUBACK; all of one turn of the event loop leave in one write. */
  ack(packetId: number): void {
    this.#acks.push(packetId);
    if (this.#acks.length === 1) process.nextTick(this.#flush);
  }

  send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
    if (this.socket.writableLength > this.#host.options.unreadBytesMax) this.pause(PAUSE.unread);
  }

  /**
   * Ends the connection once. With a last packet, or for a reason that is nobody's fault, what was sent still reaches
   * the peer and the socket is destroyed a moment later; else it is destroyed at once.
   */
  end(reason: CloseReason, last?: Buffer): void {
    if (this.phase === 'ended') return;
    const wasOpen = this.phase === 'open';
    this.phase = 'ended';
    this.endedAtMs = this.#host.clock.monotonicMs();
    this.#framer.close();
    this.#flush();
    this.session?.close();
    const code = REASON_CODES[reason];
    const farewell = last ?? (wasOpen && this.version === 5 && code !== undefined ? disconnect(code) : undefined);
    if (this.socket.writable && (farewell !== undefined || POLITE.has(reason))) {
      if (farewell === undefined) this.socket.end();
      else this.socket.end(farewell);
      this.socket.resume();
    } else {
      this.socket.destroy();
    }
    this.#host.ended(this, reason);
  }

  readonly #flush = (): void => {
    if (this.#acks.length === 0) return;
    const ids = this.#acks;
    this.#acks = [];
    this.#host.stats.acks += ids.length;
    this.send(pubacks(ids));
  };

  #receive(chunk: Buffer): void {
    if (this.phase === 'ended') return;
    this.#framer.push(chunk);
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.socket.cork();
    try {
      this.#packets();
    } catch (error) {
      this.#host.complain(this, 'a packet could not be handled', error);
      this.end('protocol');
    } finally {
      this.socket.uncork();
      this.#running = false;
    }
  }

  #packets(): void {
    let heard = false;
    while (this.#pausedBy === 0 && this.phase !== 'ended') {
      if (this.session?.mustWait()) break;
      const frame = this.#framer.next();
      if (frame === null) break;
      heard = true;
      if (this.session !== null) this.session.handle(frame, this.#framer.bodyAt);
      else this.#connect(frame);
    }
    if (heard) this.heardAtMs = this.#host.clock.monotonicMs();
    const { fault } = this.#framer;
    if (fault === null || this.phase === 'ended') return;
    this.#host.complain(this, `packet refused: ${fault}`);
    this.end(FAULT_REASONS[fault]);
  }

  #connect(frame: Buffer): void {
    const connect = decodeConnect(frame, this.#framer.bodyAt);
    if ('fault' in connect) {
      this.#host.complain(this, 'malformed CONNECT');
      this.end(connect.fault, connect.last);
      return;
    }
    this.version = connect.version;
    this.phase = 'waiting';
    this.pause(PAUSE.admission);
    this.#host.connectArrived(this, connect);
  }
}
