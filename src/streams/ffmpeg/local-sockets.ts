import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';

/** Longest path of a unix socket that Linux takes (`sun_path` without its final zero). */
const SOCKET_PATH_BYTES = 107;
const NAME = /^[0-9a-f]{16}\.sock$/;

/** A unix socket that takes one connection. */
export interface LocalSocket {
  path: string;
  /** The one connection; rejects when it is closed before anybody came. */
  connection: Promise<Socket>;
  close(): void;
}

/** Unix sockets between ffmpeg and us, in a directory nobody else may enter. */
export class LocalSockets {
  readonly #directory: string;
  readonly #open = new Set<LocalSocket>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory, and removes what a run that was killed left there. */
  async start(): Promise<void> {
    const longest = Buffer.byteLength(join(this.#directory, `${'0'.repeat(16)}.sock`));
    if (longest > SOCKET_PATH_BYTES) {
      throw new CitywatchError('config.invalid', {
        detail: `The directory of the video sockets is too long by ${longest - SOCKET_PATH_BYTES} bytes; shorten it.`,
      });
    }
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await chmod(this.#directory, 0o700);
    const left = (await readdir(this.#directory)).filter((name) => NAME.test(name));
    await Promise.all(left.map((name) => rm(join(this.#directory, name), { force: true })));
  }

  stop(): void {
    for (const local of [...this.#open]) local.close();
  }

  /** Opens one with a new name. The name disappears with the first connection, or when it is closed. */
  async open(): Promise<LocalSocket> {
    const path = join(this.#directory, `${randomBytes(8).toString('hex')}.sock`);
    const server: Server = createServer();
    server.maxConnections = 1;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    let socket: Socket | null = null;
    const connection = new Promise<Socket>((resolve, reject) => {
      server.once('connection', (first: Socket) => {
        socket = first;
        first.on('error', () => first.destroy());
        server.close();
        resolve(first);
      });
      server.once('close', () => reject(new Error('the socket was closed before anybody came')));
    });
    connection.catch(() => {});
    const local: LocalSocket = {
      path,
      connection,
      close: () => {
        this.#open.delete(local);
        socket?.destroy();
        server.close();
      },
    };
    this.#open.add(local);
    return local;
  }
}
