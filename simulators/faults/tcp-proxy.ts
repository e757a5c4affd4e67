import { connect, createServer, type Socket } from 'node:net';
import { Door } from '../door.ts';

/**
 * What a network does to connections: everything comes late; comes in small pieces; connections stand and nothing comes
 * through (half open); all are reset, and new ones as well.
 */
export const NETWORK_FAULTS = ['delay', 'slices', 'silence', 'reset'] as const;
export type NetworkFault = (typeof NETWORK_FAULTS)[number];

/** Bytes of one piece. */
const SLICE = 5;

export interface TcpProxyOptions {
  /** Where it listens; any free port. */
  host: string;
  to: { host: string; port: number };
  /** Whether it speaks to the other side from the address that it was spoken to from: only on one machine. */
  keepsAddress: boolean;
}

/** A proxy between devices and a gateway that does to their connections what networks do. */
export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #door: Door;
  readonly #sockets = new Set<Socket>();
  #fault: NetworkFault | null = null;
  #delayMs = 0;
  #changed: Signal = newSignal();

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#door = new Door(options.host, 0);
  }

  get port(): number {
    return this.#door.port;
  }

  async start(): Promise<void> {
    await this.#door.open(createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket)));
  }

  /** From now on; null lets everything through, also what waited. `delay` delays each piece that comes so long. */
  be(fault: NetworkFault | null, delayMs = 0): void {
    this.#fault = fault;
    this.#delayMs = delayMs;
    this.#changed.resolve();
    this.#changed = newSignal();
    if (fault === 'reset') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.be(null);
    for (const socket of this.#sockets) socket.destroy();
    await this.#door.close();
  }

  #take(near: Socket): void {
    this.#keep(near);
    if (this.#fault === 'reset') {
      near.resetAndDestroy();
      return;
    }
    const { to, keepsAddress } = this.#options;
    const from = keepsAddress && near.remoteAddress ? { localAddress: near.remoteAddress } : {};
    const far = connect({ ...to, ...from, allowHalfOpen: true, noDelay: true });
    this.#keep(far);
    // What breaks one side breaks the other, as it would without us.
    const broken = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#carry(one, other).catch(broken);
    }
  }

  /** Until one side has said all: the other way goes on, so neither socket is destroyed by that. */
  async #carry(from: Socket, to: Socket): Promise<void> {
    for await (const part of this.#pass(from.iterator({ destroyOnReturn: false }))) {
      if (!to.write(part)) await drained(to);
    }
    to.end();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async *#pass(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      while (this.#fault === 'silence') await this.#changed.promise;
      if (this.#fault === 'delay') await this.#wait(this.#delayMs);
      if (this.#fault !== 'slices') yield chunk;
      else yield* slicesOf(chunk);
    }
  }

  /** Not longer than the fault lasts. */
  async #wait(ms: number): Promise<void> {
    const waited = newSignal();
    const timer = setTimeout(waited.resolve, ms);
    await Promise.race([waited.promise, this.#changed.promise]);
    clearTimeout(timer);
  }
}

/** Also where it is gone: the next write says so. */
async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) throw new Error('the other side is gone');
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

interface Signal {
  promise: Promise<void>;
  resolve(): void;
}

function newSignal(): Signal {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function* slicesOf(chunk: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < chunk.length; at += SLICE) {
    yield chunk.subarray(at, at + SLICE);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
