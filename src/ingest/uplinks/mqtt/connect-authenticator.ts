import type { TLSSocket } from 'node:tls';
import { addressBlock } from '../../../core/address-block.ts';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceIdentity } from '../../../core/types.ts';
import { Buckets, PacedQueue } from '../common/admission.ts';
import { readCredentials, readWill, type Will } from '../common/topics.ts';
import { type ConnectResult, connackRefused, type IConnectPacket, type Refusal } from './codec.ts';
import type { Connection } from './connection.ts';
import type { MqttOptions } from './options.ts';
import type { MqttStats } from './stats.ts';

export interface ConnectAuthenticatorDeps {
  /** Rejects where nobody can tell now. */
  authenticate(id: string, secret: string): Promise<DeviceIdentity | null>;
  /** Whether the device has a session now. */
  connected(id: string): boolean;
  /** The connection has shown that it is a device. */
  proven(connection: Connection): void;
  /** The CONNECT is accepted and its turn has come. */
  admit(connection: Connection, admission: Admission): void;
  complain(connection: Connection, text: string): void;
  clock: Clock;
  options: MqttOptions;
  stats: MqttStats;
}

export interface Admission {
  identity: DeviceIdentity;
  will: Will | null;
  packet: IConnectPacket;
}

/** Refused connections whose answer is being held back; above it they are closed without one. */
const HELD_ANSWERS_MAX = 1_000;
const ADDRESS_FAILURE_FACTOR = 10;
const MINUTE_S = 60;

/**
 * Judges CONNECTs. Whoever is wrong learns nothing but "wrong": an unknown id, a wrong secret and another device's
 * certificate get the same answer. Wrong credentials above the allowed pace are answered late; right ones are always
 * looked at, so nobody can lock a device out by guessing at its name.
 */
export class ConnectAuthenticator {
  readonly #deps: ConnectAuthenticatorDeps;
  readonly #failuresById: Buckets;
  readonly #failuresByAddress: Buckets;
  readonly #takeovers: Buckets;
  readonly #queue: PacedQueue;
  readonly #waiting = new Map<string, Connection>();
  #heldAnswers = 0;

  constructor(deps: ConnectAuthenticatorDeps) {
    const { clock, options } = deps;
    const perAddress = options.failuresPerMinute * ADDRESS_FAILURE_FACTOR;
    this.#deps = deps;
    this.#failuresById = new Buckets(clock, options.failuresPerMinute / MINUTE_S, options.failuresPerMinute);
    this.#failuresByAddress = new Buckets(clock, perAddress / MINUTE_S, perAddress);
    this.#takeovers = new Buckets(clock, options.takeoversPerMinute / MINUTE_S, options.takeoversPerMinute);
    this.#queue = new PacedQueue(clock, options.admitPerS, options.admitQueueMax);
  }

  get waiting(): number {
    return this.#queue.size;
  }

  close(): void {
    this.#queue.close();
  }

  judge(connection: Connection, connect: Exclude<ConnectResult, { fault: unknown }>): void {
    if (!('packet' in connect)) {
      this.#refuse(connection, connect.refusal);
      return;
    }
    const { packet } = connect;
    const claim = readCredentials(packet);
    if ('refusal' in claim) {
      this.#fail(connection, packet.clientId, claim.refusal);
      return;
    }
    this.#deps.authenticate(claim.id, claim.secret).then(
      (identity) => this.#judged(connection, packet, identity),
      // Nobody can tell whether it is right: it is to come again, at the pace of those who are wrong.
      () => this.#fail(connection, packet.clientId, 'busy'),
    );
  }

  #judged(connection: Connection, packet: IConnectPacket, identity: DeviceIdentity | null): void {
    if (connection.phase !== 'waiting') return;
    if (identity === null || !certificateFits(connection, packet.clientId)) {
      this.#fail(connection, packet.clientId, 'credentials');
      return;
    }
    const testament = readWill(packet, this.#deps.options.willBytesMax);
    if ('refusal' in testament) {
      this.#refuse(connection, testament.refusal);
      return;
    }
    this.#deps.proven(connection);
    this.#waiting.get(identity.id)?.end('takeover');
    this.#waiting.set(identity.id, connection);
    connection.deviceId = identity.id;
    this.#admitPaced(connection, { identity, will: testament.will, packet });
  }

  /** The connection of a device that has shown who it is and waits for its turn; a newer one replaces it. */
  waitingOf(id: string): Connection | undefined {
    return this.#waiting.get(id);
  }

  /** A connection ended; it waits no longer. */
  forget(connection: Connection): void {
    const id = connection.deviceId;
    if (id !== null && this.#waiting.get(id) === connection) this.#waiting.delete(id);
  }

  /** Two devices with one identity take turns at the allowed pace instead of thousands of times a second. */
  #admitPaced(connection: Connection, admission: Admission): void {
    const { clock, connected, stats } = this.#deps;
    const { id } = admission.identity;
    const waitMs = connected(id) ? this.#takeovers.take(id) : 0;
    if (waitMs > 0) {
      stats.connect('takeover_paced');
      clock.after(waitMs, () => {
        if (connection.phase === 'waiting') this.#admitPaced(connection, admission);
      });
      return;
    }
    const entered = this.#queue.push(() => {
      if (connection.phase !== 'waiting') return;
      this.forget(connection);
      this.#deps.admit(connection, admission);
    });
    if (!entered) this.#refuse(connection, 'busy');
  }

  #fail(connection: Connection, claimedId: string, refusal: Refusal): void {
    const { clock, options, stats, complain } = this.#deps;
    complain(connection, `CONNECT refused: ${refusal}`);
    const idMs = this.#failuresById.take(claimedId.slice(0, CLAIM_CHARS_MAX));
    const addressMs = this.#failuresByAddress.take(addressBlock(connection.address));
    if (idMs === 0 && addressMs === 0) {
      this.#refuse(connection, refusal);
      return;
    }
    stats.connect('held');
    if (this.#heldAnswers >= HELD_ANSWERS_MAX) {
      connection.end('limit');
      return;
    }
    this.#heldAnswers += 1;
    clock.after(options.failurePauseMs, () => {
      this.#heldAnswers -= 1;
      this.#refuse(connection, refusal);
    });
  }

  #refuse(connection: Connection, refusal: Refusal): void {
    if (connection.phase !== 'waiting') return;
    this.#deps.stats.connect(refusal);
    connection.end('refused', connackRefused(refusal, connection.version));
  }
}

const CLAIM_CHARS_MAX = 64;

/** Where the TLS port asks for client certificates, the one shown must be the device's own. */
function certificateFits({ socket }: Connection, id: string): boolean {
  const tls = socket as Partial<TLSSocket>;
  if (!tls.encrypted || !tls.authorized) return true;
  return tls.getPeerCertificate?.().subject?.CN === id;
}

const COMPLAINT_KEYS_MAX = 10_000;

/** Logs what peers do wrong, one line per device (or address) and minute, without what they sent. */
export class Complaints {
  readonly #said: SayOnce;
  readonly #observer: Observer;

  constructor(clock: Clock, observer: Observer) {
    this.#said = new SayOnce(clock, { keysMax: COMPLAINT_KEYS_MAX });
    this.#observer = observer;
  }

  say(connection: Connection, text: string, error?: unknown): void {
    const device = connection.session?.identity.id ?? null;
    if (!this.#said.due(device ?? connection.address)) return;
    const cause = error === undefined ? {} : { error: messageOf(error) };
    this.#observer.log.warn({ part: 'mqtt', device, address: connection.address, ...cause }, text);
  }
}
