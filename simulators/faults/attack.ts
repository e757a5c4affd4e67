import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';
import type { Doors } from '../links/link.ts';
import { MqttFraming } from '../links/mqtt-framing.ts';

/** Connections of one attack that are open at the same time, and how long each stays where nobody ends it. */
const OPEN_MAX = 200;
const STAYS_MS = 20_000;
const TICK_MS = 100;
const GARBAGE_BYTES = 4_096;
const KINDS = ['login', 'garbage', 'slow', 'large', 'token'] as const;

export interface AttackOptions {
  doors: Doors;
  /** Devices whose logins are guessed. */
  victims: readonly string[];
  /** Tries in a second. */
  perS: number;
  /** Whether each comes from an address of its own, in 127.66.0.0/16: on one machine. */
  ownAddresses: boolean;
  /** In [0, 1), other each time. */
  random(): number;
}

/**
 * What strangers send to a gateway on the open network: guessed logins and tokens, noise, connections that say nothing
 * more after the first byte, and packets that claim to be huge.
 */
export class Attack {
  readonly #options: AttackOptions;
  readonly #open = new Set<Socket>();
  #timer: NodeJS.Timeout | null = null;
  #owed = 0;
  #asked: Promise<void> = Promise.resolve();
  /** How often it was tried, and how often somebody was let in. */
  tries = 0;
  letIn = 0;

  constructor(options: AttackOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#timer ??= setInterval(() => this.#work(), TICK_MS);
  }

  /** Resolves when the last question is answered and every connection is gone. */
  async end(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const socket of this.#open) socket.destroy();
    await this.#asked;
  }

  #work(): void {
    this.#owed += (this.#options.perS * TICK_MS) / 1_000;
    for (; this.#owed >= 1; this.#owed -= 1) {
      if (this.#open.size >= OPEN_MAX) continue;
      this.#try(KINDS[this.tries % KINDS.length] as (typeof KINDS)[number]);
      this.tries += 1;
    }
  }

  #try(kind: (typeof KINDS)[number]): void {
    if (kind === 'token') {
      const before = this.#asked;
      this.#asked = this.#guessToken().then(() => before);
      return;
    }
    const socket = this.#connect();
    socket.once('connect', () => socket.write(this.#bytesOf(kind)));
    if (kind !== 'login') {
      socket.resume();
      return;
    }
    const framing = new MqttFraming(4);
    socket.on('data', (chunk: Buffer) => {
      try {
        framing.take(chunk, (heard) => {
          if (heard.what === 'connack' && heard.ok) this.letIn += 1;
        });
      } catch {
        socket.destroy();
      }
    });
  }

  #bytesOf(kind: (typeof KINDS)[number]): Buffer {
    const { random, victims } = this.#options;
    switch (kind) {
      case 'garbage':
        return Buffer.from(Array.from({ length: GARBAGE_BYTES }, () => Math.floor(random() * 256)));
      case 'slow':
        return Buffer.from([0x10]);
      case 'large':
        // A CONNECT of 256 MiB, as far as its header says.
        return Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0x00, 0x04]);
      default: {
        const id = victims[Math.floor(random() * victims.length)] ?? 'nobody';
        const password = Buffer.from(random().toString(36));
        const hello = { protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60 } as const;
        return generate({ cmd: 'connect', ...hello, clientId: id, username: id, password });
      }
    }
  }

  /** One of its own on one machine: who is shut out for it is nobody else. */
  #from(): { localAddress: string } | Record<string, never> {
    const { ownAddresses, random } = this.#options;
    return ownAddresses ? { localAddress: `127.66.0.${1 + Math.floor(random() * 250)}` } : {};
  }

  #connect(): Socket {
    const socket = connect({ ...this.#options.doors.mqtt, ...this.#from() });
    this.#open.add(socket);
    // Being thrown out is what it should get.
    socket.on('error', () => {});
    socket.once('close', () => this.#open.delete(socket));
    const timer = setTimeout(() => socket.destroy(), STAYS_MS);
    socket.once('close', () => clearTimeout(timer));
    return socket;
  }

  /** Resolves when it was answered, or was not in time. */
  #guessToken(): Promise<void> {
    const { doors, random } = this.#options;
    const headers = { authorization: `Bearer ${random().toString(36).repeat(3)}` };
    const ask = doors.http.protocol === 'https:' ? tlsRequest : plainRequest;
    const trust = doors.ca ? { ca: doors.ca } : {};
    const settings = { headers, agent: false, timeout: STAYS_MS, ...this.#from(), ...trust };
    return new Promise((resolve) => {
      const asked = ask(new URL('/api/v1/devices', doors.http), settings, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) this.letIn += 1;
        response.destroy();
      });
      asked.on('timeout', () => asked.destroy());
      // No answer is no entry.
      asked.on('error', () => {});
      asked.once('close', () => resolve());
      asked.end();
    });
  }
}
