import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/observe.ts';
import { RELAY } from '../ffmpeg/protocol.ts';
import { StreamFailure } from '../pool/types.ts';
import { CHANNELS } from './camera-answers.ts';
import type { CameraSession } from './camera-session.ts';
import { RtpFrames } from './rtp-frames.ts';
import type { RtspMessage } from './rtsp-message.ts';
import { type RtspItem, RtspReader } from './rtsp-reader.ts';
import { SOUND_CHANNELS, SOUND_CONTROL, soundLines } from './sound/sound-rtp.ts';

type RtspRequest = Extract<RtspMessage, { type: 'request' }>;

/** Longest time from connecting to the first request: nobody but our ffmpeg has business here. */
const FIRST_REQUEST_MS = 5_000;
const CONNECTIONS_MAX = 2_500;
/** What may wait for an ffmpeg that does not read; beyond it the camera is held. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Frames for ffmpeg are gathered so long: each write wakes it, and costs more than what it carries. */
const GATHER_MS = 100;
/** Gathered frames that do not wait for that. */
const GATHER_BYTES = 64 * 1024;

/**
 * Our side towards ffmpeg: a small RTSP server that serves the camera sessions we opened. It listens where the spawner
 * opened a socket for it, in the network of ffmpeg. ffmpeg is told an address with a token that works for one
 * connection, gets a description that we wrote, and media frames; of the camera's address, login and words it sees
 * nothing.
 */
export class Relay {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #offers = new Map<string, Offer>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Serves whoever connects to `listener`, in the place of the one before. */
  serve(listener: Server): void {
    this.#server?.close();
    this.#server = listener;
    listener.maxConnections = CONNECTIONS_MAX;
    listener.on('connection', (socket) => this.#accept(socket));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Offers a session to whoever knows its address, once; the spawner fills in where. `withdraw` what was not taken. */
  offer(session: CameraSession, { sound = false } = {}): { url: string; withdraw(): void } {
    const token = randomBytes(16).toString('hex');
    this.#offers.set(token, { session, sound: sound ? session.sound : null });
    return {
      url: `rtsp://${RELAY}/${token}`,
      withdraw: () => {
        this.#offers.delete(token);
      },
    };
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const reader = new RtspReader();
    const late = this.#clock.after(FIRST_REQUEST_MS, () => socket.destroy());
    let server: SessionServer | null = null;
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const item of reader.push(chunk)) {
          if (!server && item.type === 'request') {
            late();
            server = this.#serverFor(item, socket, reader);
          }
          if (!server) throw new StreamFailure('nonsense');
          server.handle(item);
        }
      } catch (error) {
        this.#log.warn({ reason: String(error) }, 'a connection to the relay was not one of ours');
        socket.destroy();
      }
    });
  }

  #serverFor(request: RtspRequest, socket: Socket, reader: RtspReader): SessionServer {
    const token = /^rtsp:\/\/[^/]+\/([0-9a-f]{32})(?:\/|$)/.exec(request.uri)?.[1] ?? '';
    const offer = this.#offers.get(token);
    if (!offer) throw new StreamFailure('nonsense');
    this.#offers.delete(token);
    reader.channels = CHANNELS;
    return new SessionServer(offer, socket, this.#clock);
  }
}

interface Offer {
  session: CameraSession;
  /** Null where none is to be shown. */
  sound: CameraSession['sound'];
}

/** Answers the requests of one ffmpeg for one turn of a camera's video. */
class SessionServer {
  readonly #session: CameraSession;
  readonly #sound: Offer['sound'];
  readonly #socket: Socket;
  readonly #clock: Clock;
  #turn = 0;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;

  constructor({ session, sound }: Offer, socket: Socket, clock: Clock) {
    this.#session = session;
    this.#sound = sound;
    this.#socket = socket;
    this.#clock = clock;
    void session.ended.then(() => this.#end());
    socket.on('drain', () => session.hold(false));
  }

  handle(item: RtspItem): void {
    if (item.type === 'frame') this.#session.sendFrames(item.data);
    else if (item.type === 'request') void this.#answer(item);
  }

  async #answer(request: RtspRequest): Promise<void> {
    const { method, headers } = request;
    const sequence = headers.get('cseq')?.[0] ?? '0';
    if (!/^\d{1,10}$/.test(sequence)) {
      this.#socket.destroy();
      return;
    }
    if (method === 'OPTIONS') this.#reply(sequence, ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
    else if (method === 'DESCRIBE') await this.#describe(sequence, request.uri);
    else if (method === 'SETUP') {
      const channels = request.uri.endsWith(`/${SOUND_CONTROL}`) ? SOUND_CHANNELS : CHANNELS;
      const transport = `Transport: RTP/AVP/TCP;unicast;interleaved=${channels.join('-')}`;
      this.#reply(sequence, [transport, 'Session: 1;timeout=3600']);
    } else if (method === 'PLAY') this.#play(sequence);
    else this.#reply(sequence, []);
  }

  /** Answered when the camera has shown what it really sends, however its own description calls it. */
  async #describe(sequence: string, uri: string): Promise<void> {
    const { packer } = this.#session;
    await this.#session.start();
    await packer.ready();
    this.#turn = packer.turn;
    const body = packer.description(this.#sound ? soundLines(this.#sound.track.coding) : []);
    const headers = ['Content-Type: application/sdp', `Content-Base: ${uri}/`, `Content-Length: ${body.length}`];
    this.#reply(sequence, headers, body);
  }

  #play(sequence: string): void {
    const { packer } = this.#session;
    if (packer.turn !== this.#turn) {
      this.#socket.end();
      return;
    }
    this.#reply(sequence, ['Session: 1', 'Range: npt=0.000-']);
    const { codec } = packer.parameters();
    const taker = { write: (data: Buffer) => this.#gather(data), end: () => this.#end() };
    packer.take(new RtpFrames(codec, taker, this.#sound?.track.coding ?? null));
  }

  #gather(data: Buffer): void {
    if (this.#gathered.length === 0) this.#clock.after(GATHER_MS, () => this.#write());
    this.#gathered.push(data);
    this.#gatheredBytes += data.length;
    if (this.#gatheredBytes >= GATHER_BYTES) this.#write();
  }

  #write(): void {
    const data = Buffer.concat(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (data.length === 0 || this.#socket.destroyed || this.#socket.write(data)) return;
    if (this.#socket.writableLength >= HIGH_WATER_BYTES) this.#session.hold(true);
  }

  #end(): void {
    this.#write();
    this.#socket.end();
  }

  #reply(sequence: string, headers: readonly string[], body = ''): void {
    if (this.#socket.destroyed) return;
    const lines = ['RTSP/1.0 200 OK', `CSeq: ${sequence}`, ...headers, '', body];
    this.#socket.write(lines.join('\r\n'), 'latin1');
  }
}
