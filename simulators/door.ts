import type { Server, Socket } from 'node:net';

/** The port of a simulated server: may be closed, with everybody thrown out, and opened again on the same number. */
export class Door {
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #server: Server | null = null;

  /** Port 0 is any free one, which stays the same from the first opening on. */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  async open(server: Server): Promise<void> {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#host, resolve);
    });
    const address = server.address();
    if (address && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  /** Ends every connection at once, as a device does that loses power. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
