import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Owner {
  teardown(run: () => unknown): void;
}

type Target = { host: string; port: number } | { path: string };

/** A TCP relay before a server, that can be pulled out like a cable: nothing is answered, and nothing is closed. */
export class Wire {
  readonly #server: Server;
  readonly #target: Target;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #held: Socket[] | null = null;
  port = 0;
  /** Connections asked for, ever. */
  connections = 0;

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer((near) => this.#join(near));
  }

  static async lay(t: Owner, target: Target): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, 'host' in target ? target.host : '127.0.0.1');
    await once(wire.#server, 'listening');
    const address = wire.#server.address();
    if (typeof address === 'object' && address) wire.port = address.port;
    t.teardown(() => {
      for (const socket of wire.#sockets) socket.destroy();
      wire.#server.close();
    });
    return wire;
  }

  /** From here on not a byte passes, neither on old connections nor on new ones. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.pause().removeAllListeners('data');
  }

  /** New connections work again; those from before stay dead, as after a NAT has forgotten them. */
  mend(): void {
    this.#cut = false;
  }

  /** From here on new connections are taken, and are given to the server only by {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const near of held) this.#pass(near);
  }

  #join(near: Socket): void {
    this.connections += 1;
    this.#keep(near);
    if (this.#held) this.#held.push(near.pause());
    else this.#pass(near);
  }

  #pass(near: Socket): void {
    if (this.#cut) {
      near.pause();
      return;
    }
    const far = connect(this.#target);
    this.#keep(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('close', () => !this.#cut && to.destroy());
    }
    near.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
