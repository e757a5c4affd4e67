import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { Newcomers } from '../../../core/mechanisms/newcomers.ts';
import type { Observer } from '../../../core/observe.ts';
import { whyNotListening } from '../../../core/setup/listening.ts';
import type { DeviceIdentity, NewMessage, Receipt } from '../../../core/types.ts';
import type { AckQueueDeps } from '../common/ack-queue.ts';
import { Buckets } from '../common/admission.ts';
import { ByteBudget } from '../common/byte-budget.ts';
import type { DeviceRates, KindRates } from '../common/rate-budget.ts';
import { keepalive } from '../common/topics.ts';
import type { SessionNow } from '../uplink.ts';
import { type ConnectResult, connackAccepted, peerLimits, refusalWithin } from './codec.ts';
import { type Admission, Complaints, ConnectAuthenticator } from './connect-authenticator.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { DeviceDownlink } from './downlink.ts';
import { type MqttOptions, type MqttTlsMaterial, PAUSE } from './options.ts';
import { Session } from './session.ts';
import { type CloseReason, MqttStats, registerMetrics } from './stats.ts';
import { WillQueue } from './wills.ts';

export interface MqttDeps {
  /**
   * Who this is, or null; must take the same time for an unknown id as for a wrong secret. A rejection means "not now".
   */
  authenticate(id: string, secret: string): Promise<DeviceIdentity | null>;
  /** Resolves once the message is durable; a rejection means "not now" and holds the acknowledgement. */
  accept(message: NewMessage): Promise<Receipt>;
  /** How the session of a device is: `open` is said again when a newer one replaces it. Not said at stop. */
  connected?(id: string, now: SessionNow): void;
  /** A device listens to its commands from now on. */
  listening?(id: string): void;
  /** What all devices of one kind may send together, and each of them. */
  kinds: KindRates & DeviceRates;
  clock: Clock;
  observer: Observer;
}

const BACKLOG = 4_096;
const SWEEP_MS = 1_000;
/** How long a peer may take to read our last words. */
const LINGER_MS = 1_000;
const STOP_POLL_MS = 5;

/**
 * Serves devices over MQTT 3.1.1 and 5 (contract.md, MQTT). It is a gateway, not a broker: a device speaks on its own
 * four topics and listens to its own commands; nothing goes from device to device, nothing is retained or kept for
 * later. A PUBACK is sent after `accept` has resolved and in order of receipt; a device that is too fast, or a journal
 * that is full, stops the reading of its socket.
 */
export class MqttListener implements ConnectionHost {
  readonly clock: Clock;
  readonly options: MqttOptions;
  readonly stats = new MqttStats();
  readonly #deps: MqttDeps;
  readonly #acks: AckQueueDeps;
  readonly #authenticator: ConnectAuthenticator;
  readonly #complaints: Complaints;
  readonly #rates: Buckets;
  readonly #wills: WillQueue;
  readonly #newcomers: Newcomers;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #sessions = new Map<string, Connection>();
  readonly downlink = new DeviceDownlink(this.#sessions);
  /** Every TCP socket, also those still in a TLS handshake. */
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];
  #tls: TlsServer | null = null;
  #material: Partial<MqttTlsMaterial> = {};
  #stopSweep: () => void = () => {};
  #stopping = false;
  #stopped: Promise<void> | null = null;

  constructor(deps: MqttDeps, options: MqttOptions) {
    const { clock, observer } = deps;
    this.#deps = deps;
    this.clock = clock;
    this.options = options;
    const { stats } = this;
    const budget = new ByteBudget(this.options.totalInflightBytesMax);
    this.#acks = { accept: (message) => deps.accept(message), clock, budget, counts: stats };
    const { silentMax: max, silentPerAddressMax: perAddressMax } = this.options;
    this.#newcomers = new Newcomers({ max, perAddressMax });
    this.#complaints = new Complaints(clock, observer);
    this.#rates = new Buckets(clock, this.options.messagesPerS, this.options.messagesBurst);
    this.#wills = new WillQueue({ accept: this.#acks.accept, clock, stats, waitingMax: this.options.willsWaitingMax });
    this.#authenticator = new ConnectAuthenticator({
      authenticate: (id, secret) => deps.authenticate(id, secret),
      connected: (id) => this.#sessions.has(id),
      proven: ({ socket }) => this.#newcomers.proven(socket),
      admit: (connection, admission) => this.#open(connection, admission),
      complain: (connection, text) => this.complain(connection, text),
      clock,
      options: this.options,
      stats,
    });
  }

  /** Starts to listen. A port that cannot be had is a `config.invalid`. */
  async start(): Promise<{ port: number; tlsPort: number | null }> {
    const { port, tls, connectDeadlineMs } = this.options;
    const plain = createServer((socket) => this.#arrive(socket));
    const addresses = [await this.#listen(plain, 'CITYWATCH_MQTT_PORT', port)];
    if (tls !== undefined) {
      const { port: tlsPort, ...material } = tls;
      const clients = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
      this.#material = material;
      this.#tls = createTlsServer(
        { minVersion: 'TLSv1.2', handshakeTimeout: connectDeadlineMs, ...material, ...clients },
        (socket) => this.#arrive(socket),
      );
      this.#tls.on('tlsClientError', (_error, socket) => {
        this.stats.close('tls');
        // Node tells of a handshake that takes too long, and leaves it open.
        socket.destroy();
      });
      addresses.push(await this.#listen(this.#tls, 'CITYWATCH_MQTTS_PORT', tlsPort));
    }
    registerMetrics(this.#deps.observer.metrics, this.stats, () => ({
      connections: this.#connections.size,
      sessions: this.#sessions.size,
      queued: this.#authenticator.waiting,
      inflightBytes: this.#acks.budget.bytes,
    }));
    this.#stopSweep = this.clock.every(SWEEP_MS, () => this.#sweep());
    return { port: addresses[0]!.port, tlsPort: addresses[1]?.port ?? null };
  }

  /**
   * New key material for new connections; the open ones stay. What is left out stays as it is, so that a new
   * certificate cannot drop the demand for client certificates. Throws, changing nothing, when they do not fit.
   */
  reloadTls(material: Partial<MqttTlsMaterial>): void {
    const { cert, key, ca, crl } = { ...this.#material, ...material };
    this.#tls?.setSecureContext({ cert, key, ca, crl });
    this.#material = { ...this.#material, ...material };
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Ends the device's connections: its secret was rotated or it was retired. */
  disconnect(deviceId: string): void {
    this.#authenticator.waitingOf(deviceId)?.end('disconnected');
    this.#sessions.get(deviceId)?.end('disconnected');
  }

  /**
   * Takes nothing more in, waits (until `signal`) for the journal's word on what was handed to it, sends those
   * acknowledgements and closes. No will is delivered: that we go says nothing of the devices.
   */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(signal);
    return this.#stopped;
  }

  async #stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#stopSweep();
    const closed = this.#servers.map((server) => once(server, 'close'));
    for (const server of this.#servers) server.close();
    this.#authenticator.close();
    for (const connection of this.#connections) {
      if (connection.phase === 'open') connection.pause(PAUSE.stop);
      else connection.end('stop');
    }
    while (this.stats.asked > 0 && !signal.aborted) await this.clock.sleep(STOP_POLL_MS, signal);
    for (const connection of this.#connections) connection.end('stop');
    const lingerUntilMs = this.clock.monotonicMs() + LINGER_MS;
    while (this.#connections.size > 0 && !signal.aborted && this.clock.monotonicMs() < lingerUntilMs) {
      await this.clock.sleep(STOP_POLL_MS, signal);
    }
    for (const socket of this.#sockets) socket.destroy();
    this.#wills.close();
    await Promise.all(closed);
  }

  connectArrived(connection: Connection, connect: Exclude<ConnectResult, { fault: unknown }>): void {
    this.#authenticator.judge(connection, connect);
  }

  complain(connection: Connection, text: string, error?: unknown): void {
    this.#complaints.say(connection, text, error);
  }

  listening(deviceId: string): void {
    this.#deps.listening?.(deviceId);
  }

  ended(connection: Connection, reason: CloseReason): void {
    this.stats.close(reason);
    this.#authenticator.forget(connection);
    const { session } = connection;
    if (session === null) return;
    const { id } = session.identity;
    const isCurrent = this.#sessions.get(id) === connection;
    if (isCurrent) this.#sessions.delete(id);
    if (this.#stopping) return;
    const will = session.will();
    if (will !== null) void this.#wills.deliver(will, () => this.#sessions.has(id));
    if (isCurrent && reason !== 'takeover') this.#deps.connected?.(id, reason === 'client' ? 'left' : 'lost');
  }

  async #listen(server: Server, setting: string, port: number): Promise<AddressInfo> {
    const { host } = this.options;
    const listening = once(server, 'listening');
    server.maxConnections = this.options.connectionsMax;
    server.on('drop', () => this.stats.close('limit'));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (server === this.#tls) this.#newcomers.add(socket, () => socket.destroy());
    });
    server.listen({ host, port, backlog: BACKLOG });
    try {
      await listening;
    } catch (cause) {
      for (const open of this.#servers.splice(0)) open.close();
      const why = whyNotListening((cause as NodeJS.ErrnoException).code);
      const issues = [{ path: setting, message: `port ${port} on ${host} ${why}` }];
      throw new CitywatchError('config.invalid', { detail: 'MQTT cannot start.', issues, cause });
    }
    server.on('error', (error) => this.#deps.observer.log.error({ part: 'mqtt', error: error.message }, 'listener'));
    this.#servers.push(server);
    return server.address() as AddressInfo;
  }

  #arrive(socket: Socket): void {
    const { connectionsMax, connectionsPerAddressMax } = this.options;
    const connection = new Connection(socket, this);
    const { address } = connection;
    const fromAddress = this.#perAddress.get(address) ?? 0;
    if (this.#stopping || this.#connections.size >= connectionsMax || fromAddress >= connectionsPerAddressMax) {
      this.stats.close('limit');
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#connections.add(connection);
    this.#perAddress.set(address, fromAddress + 1);
    socket.once('close', () => this.#gone(connection));
    connection.start();
    this.#newcomers.add(socket, () => connection.end('limit'));
  }

  #gone(connection: Connection): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(connection.address);
    else this.#perAddress.set(connection.address, left);
  }

  #open(connection: Connection, { identity, will, packet }: Admission): void {
    const { id } = identity;
    const { version } = connection;
    const peer = peerLimits(packet.properties);
    const { silenceMs, toldS } = keepalive(packet.keepalive ?? 0, version, this.options.keepaliveMaxS);
    const connack = connackAccepted(version, this.options, toldS);
    if (connack.length > peer.maximumPacketSize) {
      connection.end('refused', refusalWithin('packetSize', version, peer.maximumPacketSize));
      return;
    }
    const former = this.#sessions.get(id);
    if (former !== undefined) {
      this.stats.takeovers += 1;
      former.end('takeover');
    }
    const rate = this.#rates.of(id, this.#deps.kinds.devicePerS(identity.kind));
    const { kinds } = this.#deps;
    const acks = this.#acks;
    connection.session = new Session({ connection, host: this, acks, identity, will, rate, kinds, peer });
    connection.phase = 'open';
    this.#sessions.set(id, connection);
    this.stats.connect('accepted');
    connection.silenceMs = silenceMs;
    connection.send(connack);
    this.#deps.connected?.(id, 'open');
    connection.resume(PAUSE.admission);
  }

  /** Once a second: silent, dead and lingering sockets. */
  #sweep(): void {
    const nowMs = this.clock.monotonicMs();
    for (const connection of this.#connections) {
      const quietMs = nowMs - connection.heardAtMs;
      if (connection.phase === 'ended') {
        if (nowMs - connection.endedAtMs >= LINGER_MS) connection.socket.destroy();
      } else if (connection.phase === 'new') {
        if (quietMs >= this.options.connectDeadlineMs) connection.end('silent');
      } else if (connection.phase === 'open' && !connection.heldByUs && quietMs >= connection.silenceMs) {
        connection.end(connection.paused ? 'unread' : 'keepalive');
      }
    }
  }
}
