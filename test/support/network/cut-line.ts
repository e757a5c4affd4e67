import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Owner } from '../services/services.ts';

/** `refuses`: whoever comes is turned away at once; `swallows`: nothing goes through, and nobody is told. */
export type Line = 'stands' | 'refuses' | 'swallows';

/** The network between a browser and a server, byte by byte, which can be cut. */
export class CutLine {
  readonly url: string;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #is: Line = 'stands';

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(t: Owner, target: string): Promise<CutLine> {
    const server = createServer({ allowHalfOpen: false }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = new CutLine((server.address() as { port: number }).port);
    const { hostname, port } = new URL(target);
    server.on('connection', (near) => line.#join(near, connect(Number(port), hostname)));
    t.teardown(async () => {
      for (const pair of line.#pairs) for (const end of pair) end.destroy();
      server.close();
      await once(server, 'close');
    });
    return line;
  }

  /**
   * From now on the line is so. What was swallowed never comes: a network that is back after a minute brings what was
   * sent in it only after another minute.
   */
  become(is: Line): void {
    this.#is = is;
    if (is === 'refuses') for (const [near] of this.#pairs) near.destroy();
    if (is === 'swallows') for (const pair of this.#pairs) silence(pair);
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on('error', () => {});
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
      one.pipe(other);
    }
    if (this.#is === 'refuses') near.destroy();
    if (this.#is === 'swallows') silence(pair);
  }
}

function silence([near, far]: readonly [Socket, Socket]): void {
  near.unpipe(far);
  far.unpipe(near);
  near.resume();
  far.resume();
}
