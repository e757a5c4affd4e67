import { createServer, type Socket } from 'node:net';
import { Door } from '../../door.ts';
import { type Accounts, AuthCheck, type AuthScheme } from '../digest.ts';
import type { CameraFaults } from '../faults.ts';
import type { CardSound } from '../storage/card-sound.ts';
import type { Storage } from '../storage/storage.ts';
import type { Stream } from '../video/stream.ts';
import type { Quality } from '../video/video.ts';
import { formatAnswer, RtspReader } from './rtsp-message.ts';
import { RtspSession } from './rtsp-session.ts';

export interface RtspServerDeps {
  name: string;
  streams: Record<Quality, Stream>;
  accounts: Accounts;
  /** Null for a camera without a card. */
  storage: Storage | null;
  /** As {@link SessionDeps}. */
  sound: CardSound | null;
  faults(): CameraFaults;
}

export interface RtspServerOptions {
  host: string;
  port: number;
  auth: AuthScheme;
  /** A session without any sign of life for this long is closed. */
  timeoutS: number;
}

const CONNECTIONS_MAX = 256;

/** RTSP over TCP with interleaved RTP. May be closed and opened again on the same port. */
export class RtspServer {
  readonly #deps: RtspServerDeps;
  readonly #options: RtspServerOptions;
  readonly #auth: AuthCheck;
  readonly #door: Door;
  /** Connections accepted so far; tests see sharing by it. */
  accepted = 0;

  constructor(deps: RtspServerDeps, options: RtspServerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#auth = new AuthCheck({ realm: 'virtual-camera', scheme: options.auth, qop: false });
    this.#door = new Door(options.host, options.port);
  }

  get port(): number {
    return this.#door.port;
  }

  get connections(): number {
    return this.#door.connections;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = CONNECTIONS_MAX;
    await this.#door.open(server);
  }

  /** Ends every connection at once, as a camera does that loses power. */
  close(): Promise<void> {
    return this.#door.close();
  }

  #accept(socket: Socket): void {
    this.accepted += 1;
    socket.setNoDelay(true);
    const reader = new RtspReader();
    const session = new RtspSession(this.#session(), socket);
    let seenAtMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - seenAtMs > this.#options.timeoutS * 1000) socket.destroy();
    }, 1_000);
    let turn = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      seenAtMs = performance.now();
      for (const input of reader.push(chunk)) {
        if (input.type === 'frame' || this.#deps.faults().rtspSilent) continue;
        turn = turn.then(() => this.#serve(socket, session, input)).catch(() => void socket.destroy());
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearInterval(watch);
      session.close();
    });
  }

  #session() {
    return { ...this.#deps, timeoutS: this.#options.timeoutS };
  }

  async #serve(socket: Socket, session: RtspSession, input: ReturnType<RtspReader['push']>[number]): Promise<void> {
    if (input.type === 'frame' || socket.destroyed) return;
    if (input.type === 'broken') {
      socket.end(formatAnswer({ status: 400 }, undefined));
      return;
    }
    const cseq = input.headers.get('cseq');
    // OPTIONS is open everywhere; what shows pictures or their address is not.
    if (input.method !== 'OPTIONS') {
      const question = { method: input.method, uri: input.uri, authorization: input.headers.get('authorization') };
      const challenge = this.#auth.challenge(this.#deps.accounts, question);
      if (challenge) {
        socket.write(formatAnswer({ status: 401, headers: { 'WWW-Authenticate': challenge } }, cseq));
        return;
      }
    }
    const answer = await session.answer(input);
    if (!socket.destroyed) socket.write(formatAnswer(answer, cseq));
  }
}
