import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type IConnectPacket } from 'mqtt-packet';
import { type Link, type LinkOptions, type Outgoing, WAITING_MAX } from './link.ts';
import { type Heard, MqttFraming } from './mqtt-framing.ts';

/** Pauses before the next try, in ms: twice as long each time, up to the last, with chance. */
const PAUSE_MS = { first: 500, most: 20_000 };
const KEEPALIVE_S = 240;
const PACKET_IDS = 65_535;
const SUBSCRIBE_ID = 65_535;
const CLOSE_WAIT_MS = 2_000;
const GONE = Buffer.from('{"online":false}');
/** One for all: what is read is dealt with before the next is read. */
const READ = Buffer.allocUnsafe(64 * 1024);

/**
 * A device on MQTT that costs little: no client library, no timer of its own but for keepalive and the next try, and
 * nothing is kept of what was acknowledged. Its state is retained and its will.
 */
export class MqttLink implements Link {
  readonly #options: LinkOptions;
  readonly #framing: MqttFraming;
  /** Sent and not acknowledged, by packet id. */
  readonly #unacked = new Map<number, Outgoing>();
  /** Not sent yet, oldest first. */
  #waiting: Outgoing[] = [];
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isUp = false;
  #isWanted = false;
  #tries = 0;
  #lastId = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#framing = new MqttFraming(options.speech.version);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  send(message: Outgoing): void {
    if (this.#isUp) this.#publish(message);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(message);
    else message.onAck(false);
  }

  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#connect();
  }

  cut(): void {
    this.#isWanted = false;
    this.#socket?.destroy();
    this.#lost();
  }

  abandon(): void {
    const lost = [...this.#unacked.values(), ...this.#waiting];
    this.#unacked.clear();
    this.#waiting = [];
    this.cut();
    for (const message of lost) message.onAck(false);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    const wasUp = this.#isUp;
    this.#isWanted = false;
    this.#stopTimer();
    if (!socket || !wasUp) return this.cut();
    this.#publish({ channel: 'state', payload: '{"online":false}', onAck: () => {} });
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.end(generate({ cmd: 'disconnect' }, this.#version));
    const late = setTimeout(() => socket.destroy(), CLOSE_WAIT_MS);
    await gone;
    clearTimeout(late);
    this.#lost();
  }

  get #version() {
    return { protocolVersion: this.#options.speech.version };
  }

  #topic(channel: Outgoing['channel'] | 'command'): string | null {
    const { id, manner } = this.#options;
    if (!manner) return `cw/v1/${id}/${channel}`;
    return channel === 'command' ? null : manner.topicOf(channel);
  }

  #connect(): void {
    const { doors, from, speech } = this.#options;
    const door = speech.tls ? doors.mqtts : doors.mqtt;
    if (!door) throw new Error('the gateway has no port for MQTT with TLS');
    const address = { host: door.host, port: door.port, ...(from ? { localAddress: from } : {}) };
    const socket = speech.tls
      ? connectTls({ ...address, ...(doors.ca ? { ca: doors.ca } : {}), servername: 'localhost' })
      : connectTcp({
          ...address,
          noDelay: true,
          onread: {
            buffer: READ,
            callback: (count: number) => {
              this.#take(socket, READ.subarray(0, count));
              return true;
            },
          },
        });
    this.#socket = socket;
    this.#framing.reset();
    if (speech.tls) socket.on('data', (chunk: Buffer) => this.#take(socket, chunk));
    socket.on(speech.tls ? 'secureConnect' : 'connect', () => socket.write(this.#hello()));
    // Coming back is the answer to every error; the close that follows sees to it.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #hello(): Buffer {
    const { id, secret, manner } = this.#options;
    const topic = this.#topic('state');
    const will = topic === null ? null : ({ topic, payload: GONE, qos: 1, retain: true } as const);
    const username = manner ? manner.username : id;
    const password = manner ? manner.password : secret;
    const packet: IConnectPacket = {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: this.#options.speech.version,
      clean: true,
      clientId: manner?.clientId ?? id,
      keepalive: KEEPALIVE_S,
    };
    if (username !== null) packet.username = username;
    if (password !== null) packet.password = Buffer.from(password);
    if (will) packet.will = will;
    return generate(packet);
  }

  #take(socket: Socket, chunk: Buffer): void {
    try {
      this.#framing.take(chunk, (heard) => this.#hear(heard));
    } catch {
      socket.destroy();
    }
  }

  #hear(heard: Heard): void {
    switch (heard.what) {
      case 'connack':
        if (heard.ok) this.#greeted();
        else this.#socket?.destroy();
        return;
      case 'puback': {
        const message = this.#unacked.get(heard.id);
        this.#unacked.delete(heard.id);
        message?.onAck(heard.ok);
        return;
      }
      case 'publish':
        if (heard.id !== null) this.#write(generate({ cmd: 'puback', messageId: heard.id }, this.#version));
        this.#options.onCommand?.(heard.payload);
        return;
      case 'disconnect':
        this.#socket?.destroy();
    }
  }

  #greeted(): void {
    const { firmware, onUp, onCommand } = this.#options;
    this.#isUp = true;
    this.#tries = 0;
    this.#stopTimer();
    this.#timer = setInterval(() => this.#write(generate({ cmd: 'pingreq' })), KEEPALIVE_S * 750);
    this.#timer.unref();
    this.#publish({ channel: 'state', payload: JSON.stringify({ online: true, firmware }), onAck: () => {} });
    const commands = this.#topic('command');
    if (onCommand && commands !== null) {
      const subscriptions = [{ topic: commands, qos: 1 as const, nl: false, rap: false, rh: 0 }];
      this.#write(generate({ cmd: 'subscribe', messageId: SUBSCRIBE_ID, subscriptions }, this.#version));
    }
    const before = [...this.#unacked.values(), ...this.#waiting];
    this.#unacked.clear();
    this.#waiting = [];
    for (const message of before) this.#publish(message);
    onUp?.();
  }

  #publish(message: Outgoing): void {
    const { speech } = this.#options;
    const topic = this.#topic(message.channel);
    if (topic === null) {
      message.onAck(true);
      return;
    }
    const common = { cmd: 'publish', topic, payload: message.payload, dup: false } as const;
    const retain = message.channel === 'state';
    if (speech.qos === 0) {
      this.#write(generate({ ...common, qos: 0, retain }, this.#version));
      message.onAck(true);
      return;
    }
    const messageId = this.#nextId();
    if (message.channel !== 'state') this.#unacked.set(messageId, message);
    this.#write(generate({ ...common, qos: 1, retain, messageId }, this.#version));
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % (PACKET_IDS - 1)) + 1;
    while (this.#unacked.has(this.#lastId));
    return this.#lastId;
  }

  #write(bytes: Buffer): void {
    if (this.#socket?.writable) this.#socket.write(bytes);
  }

  #lost(): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#socket = null;
    this.#stopTimer();
    if (wasUp) this.#options.onDown?.();
    if (!this.#isWanted) return;
    const pauseMs = Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** Math.min(this.#tries, 10));
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#connect(), pauseMs * (0.5 + this.#options.random()));
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
