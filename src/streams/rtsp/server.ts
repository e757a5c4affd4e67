import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import { whyNotListening } from '../../core/setup/listening.ts';
import { Connection, type ConnectionEnd, type ConnectionLimits } from './connection.ts';
import type { PlayerLimits } from './player.ts';
import { type SeatLimits, Seats } from './seats.ts';
import type { ShowingDeps } from './showing.ts';

export interface RtspServerDeps extends Pick<ShowingDeps, 'clock' | 'streams' | 'passes'> {
  observer: Observer;
}

export interface RtspServerOptions {
  host: string;
  /** 0 takes any that is free. */
  port: number;
  seats: SeatLimits;
  player: PlayerLimits;
  connection: ConnectionLimits;
}

/** The limits of a gateway, apart from how many players there may be. */
export const RTSP_LIMITS = {
  player: { backlogBytesMax: 2 * 1024 * 1024, stuckMs: 15_000, pictureMs: 30_000 },
  connection: { firstMs: 10_000, loginMs: 60_000, sessionMs: 60_000 },
} as const satisfies Partial<RtspServerOptions>;

/** Beyond the players: those that are about to begin. */
const BEGINNERS_MAX = 64;
const LOOK_MS = 1_000;
/** A right that was withdrawn ends its players after this and what asking takes: 10 s at the latest. */
const RIGHTS_MS = 3_000;
/** Rights that could not be confirmed for this long count as lost. */
const UNCONFIRMED_MS = 50_000;

/**
 * Shows live video to players that speak RTSP 1.0 (RFC 2326) over TCP, with what the pool has: a camera is pulled once,
 * however many watch. Whoever shows a viewer token sees what it is for, and what its viewer may see at this moment.
 */
export class RtspServer {
  readonly #deps: RtspServerDeps;
  readonly #options: RtspServerOptions;
  readonly #log: Logger;
  readonly #seats: Seats;
  readonly #server: Server = createServer((socket) => this.#accept(socket));
  readonly #connections = new Set<Connection>();
  /** When each token was last known to count, on the monotonic clock. */
  readonly #confirmed = new Map<string, number>();
  readonly #quiet: SayOnce;
  readonly #ended: Counter<'reason'>;
  #stopLooking: () => void = () => {};
  #stopAsking: () => void = () => {};
  #isAsking = false;

  constructor(deps: RtspServerDeps, options: RtspServerOptions) {
    const { observer, clock } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#log = observer.log.child({ part: 'rtsp' });
    this.#quiet = new SayOnce(clock);
    const seats = new Seats(options.seats);
    this.#seats = seats;
    const registers = [observer.metrics];
    new Gauge({
      name: 'citywatch_rtsp_players',
      help: 'Players that fetch live video by RTSP.',
      registers,
      collect() {
        this.set(seats.taken);
      },
    });
    this.#ended = new Counter({
      name: 'citywatch_rtsp_ended_total',
      help: 'Connections of RTSP that ended, by reason.',
      labelNames: ['reason'],
      registers,
    });
  }

  /** Opens the port. Errors: `config.invalid` naming port and setting when it cannot be had. */
  async start(): Promise<{ port: number }> {
    const { host, port, seats } = this.#options;
    this.#server.maxConnections = seats.sessionsMax + BEGINNERS_MAX;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, resolve);
    }).catch((error: NodeJS.ErrnoException) => {
      const path = error.code === 'EADDRNOTAVAIL' ? 'CITYWATCH_RTSP_HOST' : 'CITYWATCH_RTSP_PORT';
      const issues = [{ path, message: `port ${port} on ${host} ${whyNotListening(error.code)}` }];
      throw new CitywatchError('config.invalid', { detail: 'RTSP cannot listen.', issues, cause: error });
    });
    this.#server.on('error', (error) => this.#log.error({ error: messageOf(error) }, 'the RTSP listener failed'));
    const { clock } = this.#deps;
    this.#stopLooking = clock.every(LOOK_MS, () => {
      for (const connection of [...this.#connections]) connection.check();
    });
    this.#stopAsking = clock.every(RIGHTS_MS, () => void this.#ask());
    return { port: (this.#server.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    this.#stopAsking();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of [...this.#connections]) connection.end('stopped');
    await closed;
  }

  #accept(socket: Socket): void {
    const { clock, streams, passes } = this.#deps;
    const { player: limits, connection: times } = this.#options;
    const deps = { clock, streams, passes, seats: this.#seats, limits, connection: times };
    const connection = new Connection(socket, deps);
    this.#connections.add(connection);
    const from = socket.remoteAddress;
    void connection.ended.then((reason) => this.#over(connection, { reason, from }));
  }

  #over(connection: Connection, { reason, from }: { reason: ConnectionEnd; from: string | undefined }): void {
    this.#connections.delete(connection);
    this.#ended.inc({ reason });
    const { pass } = connection;
    if (pass !== null) this.#log.info({ pass, from, reason }, 'a player has ended');
    else if (reason !== 'gone' && this.#quiet.due()) this.#log.warn({ from, reason }, 'an RTSP connection was ended');
  }

  /** Ends what is shown by tokens that count no more. */
  async #ask(): Promise<void> {
    const shown = [...this.#connections].flatMap((connection) => {
      const { pass } = connection;
      return pass === null ? [] : [{ connection, pass }];
    });
    const ids = [...new Set(shown.map(({ pass }) => pass))];
    for (const id of [...this.#confirmed.keys()]) if (!ids.includes(id)) this.#confirmed.delete(id);
    if (this.#isAsking || ids.length === 0) return;
    this.#isAsking = true;
    const standing = await this.#deps.passes.standing(ids).catch(() => null);
    this.#isAsking = false;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const id of ids) if (standing?.has(id) || !this.#confirmed.has(id)) this.#confirmed.set(id, nowMs);
    for (const { connection, pass } of shown) {
      const isUnknown = standing === null && nowMs - (this.#confirmed.get(pass) ?? nowMs) <= UNCONFIRMED_MS;
      if (!standing?.has(pass) && !isUnknown) connection.end('withdrawn');
    }
  }
}
