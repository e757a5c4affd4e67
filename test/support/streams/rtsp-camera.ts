import { createHash, randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';
import { type Film, loadFilm, Packetizer } from './h264-source.ts';
import type { CameraSound } from './media/camera-sound.ts';
import { DatagramSender, packetsIn } from './media/datagram-sender.ts';
import { GARBAGE_RTP, noise } from './media/mischief.ts';
import { drip, flood } from './sites/floods.ts';

/** Ways a camera may misbehave. `honest` is the default. */
export type CameraMode =
  | 'honest'
  | 'silent'
  | 'drip'
  | 'endless-header'
  | 'huge-body'
  | 'garbage'
  | 'login-loop'
  | 'redirect'
  | 'foreign-sdp'
  | 'udp-only'
  | 'no-video'
  | 'no-key-frame'
  | 'no-media'
  | 'no-pictures'
  | 'noise'
  | 'garbage-rtp'
  | 'flood';

export interface CameraOptions {
  mode?: CameraMode;
  host?: string;
  login?: { username: string; password: string; scheme: 'basic' | 'digest' };
  /** Without parameter sets in the description, they come with each key frame only. */
  sprop?: boolean;
  /** What it shows; the CCTV film unless told. */
  film?: Film;
  /** Changes the NAL units of a picture before they are packed. */
  units?: (nals: Buffer[], number: number) => Buffer[];
  /** Changes the frames of a picture before they are sent: length in bytes 2 and 3 of each, stamp in 8 to 11. */
  wire?: (frames: Buffer, number: number) => Buffer;
  /** Changes its description before it is told. */
  describe?: (sdp: string) => string;
  /** What it sends beside; it offers sound that it never sends where absent. */
  sound?: CameraSound;
  /** It sends over UDP alone, and its packets so changed: lost, doubled, in another order. */
  datagrams?: (packets: Buffer[], number: number) => Buffer[];
  /** The Transport header of its answer to SETUP. */
  transport?: string;
}

/** A small RTSP camera over TCP, for tests: serves a real film in real time, or misbehaves in one way. */
export class TestCamera {
  readonly #options: CameraOptions;
  readonly #server: Server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #beganMs = performance.now();
  #udp: DatagramSender | null = null;
  /** Connections accepted, and PLAY requests answered, since the start. */
  connections = 0;
  plays = 0;
  teardowns = 0;
  /** While true, media stop; the connection stays. */
  frozen = false;
  /** While true, sound stops. */
  mute = false;
  /** What it shows now; a change is one in the middle of its stream. */
  film: Film;
  /** Request lines as they came. */
  readonly requests: string[] = [];

  constructor(options: CameraOptions) {
    this.#options = options;
    this.film = options.film ?? loadFilm();
  }

  static async start(t: Test, options: CameraOptions = {}): Promise<TestCamera> {
    const camera = new TestCamera(options);
    await camera.listen();
    t.teardown(() => camera.stop());
    return camera;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, this.#host, resolve));
  }

  get #host(): string {
    return this.#options.host ?? '127.64.0.1';
  }

  async stop(): Promise<void> {
    this.#udp?.close();
    this.#udp = null;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Ends every connection, and takes new ones. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `rtsp://${address}:${port}/live/main?channel=1`;
  }

  get viewers(): number {
    return this.#sockets.size;
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    const ends: (() => void)[] = [];
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const end of ends) end();
    });
    socket.on('error', () => socket.destroy());
    let waiting = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let used = 1; used > 0; waiting = waiting.subarray(used)) {
        used = waiting[0] === 0x24 ? frameBytes(waiting) : waiting.indexOf('\r\n\r\n') + 4;
        if (used < 4 || used > waiting.length) used = 0;
        else if (waiting[0] !== 0x24) {
          const stop = this.#handle(socket, waiting.toString('latin1', 0, used - 4));
          if (stop) ends.push(stop);
        }
      }
    });
  }

  #handle(socket: Socket, request: string): (() => void) | null {
    const [method = '', uri = ''] = request.split(' ');
    this.requests.push(`${method} ${uri}`);
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const reply = (status: string, headers: string[] = [], body = '') => {
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers];
      if (body) lines.push(`Content-Length: ${body.length}`);
      socket.write([...lines, '', body].join('\r\n'), 'latin1');
    };
    const strange = this.#misbehave(socket, method, reply);
    if (strange !== undefined) return strange;
    if (!this.#knows(request, method, uri)) {
      reply('401 Unauthorized', [`WWW-Authenticate: ${this.#challenge()}`]);
      return null;
    }
    if (this.#options.datagrams && method === 'SETUP') {
      const port = /client_port=(\d+)/.exec(request)?.[1];
      this.#udp?.close();
      this.#udp = port ? new DatagramSender(this.#host, { address: socket.remoteAddress!, port: Number(port) }) : null;
      if (!port) reply('461 Unsupported Transport');
      else
        reply('200 OK', [`Transport: RTP/AVP;unicast;client_port=${port};ssrc=12345678`, 'Session: 0815;timeout=60']);
    } else if (this.#options.sound?.refused && /^SETUP .*track2/.test(request)) reply('406 Not Acceptable');
    else if (method === 'DESCRIBE') reply('200 OK', this.#describeHeaders(), this.#description());
    else if (method === 'SETUP') reply('200 OK', [this.#transport(request), 'Session: 0815;timeout=60']);
    else if (method === 'PLAY') {
      this.plays += 1;
      reply('200 OK', ['Session: 0815', `RTP-Info: url=${uri}/track1;seq=0;rtptime=0`]);
      return this.#play(socket);
    } else reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
    if (method === 'TEARDOWN') this.teardowns += 1;
    return null;
  }

  /** Answers in the way of the mode; undefined where it behaves. */
  #misbehave(
    socket: Socket,
    method: string,
    reply: (status: string, headers?: string[]) => void,
  ): (() => void) | null | undefined {
    const every = (ms: number, run: () => void) => {
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    };
    switch (this.#options.mode) {
      case 'silent':
        return null;
      case 'drip':
        return drip(every, socket);
      case 'endless-header':
        socket.write('RTSP/1.0 200 OK\r\n');
        return every(5, () => socket.write(`X-${'a'.repeat(60)}: ${'b'.repeat(900)}\r\n`));
      case 'huge-body':
        reply('200 OK', ['Content-Length: 2000000000']);
        return null;
      case 'garbage':
        // Any first byte but the one that begins a media frame, whose end would be waited for.
        socket.write(Buffer.concat([Buffer.from('G'), randomBytes(4095)]));
        return null;
      case 'redirect':
        reply('302 Moved', ['Location: rtsp://127.0.0.1:6379/inner']);
        return null;
      case 'login-loop':
        reply('401 Unauthorized', [
          `WWW-Authenticate: Digest realm="x", nonce="${randomBytes(8).toString('hex')}", stale=true`,
        ]);
        return null;
      case 'udp-only':
        if (method === 'SETUP') reply('200 OK', ['Transport: RTP/AVP;unicast;server_port=5000-5001', 'Session: 1']);
        return method === 'SETUP' ? null : undefined;
      default:
        return undefined;
    }
  }

  #challenge(): string {
    return this.#options.login?.scheme === 'basic' ? 'Basic realm="camera"' : 'Digest realm="camera", nonce="abc123"';
  }

  #knows(request: string, method: string, uri: string): boolean {
    const { login } = this.#options;
    if (!login) return true;
    const sent = /^Authorization: *(.+?)\r?$/im.exec(request)?.[1] ?? '';
    const { username, password } = login;
    if (login.scheme === 'basic') return sent === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    const expected = md5(`${md5(`${username}:camera:${password}`)}:abc123:${md5(`${method}:${uri}`)}`);
    return sent.includes(`response="${expected}"`) && sent.includes(`uri="${uri}"`);
  }

  #describeHeaders(): string[] {
    return ['Content-Type: application/sdp', `Content-Base: ${this.url.replace(/\?.*/, '/')}`];
  }

  #description(): string {
    const { vps, sps, pps } = this.film;
    const { mode, sprop = vps === undefined } = this.#options;
    const sets = `;sprop-parameter-sets=${sps.toString('base64')},${pps.toString('base64')}`;
    const foreign = mode === 'foreign-sdp' ? '127.0.0.1' : '0.0.0.0';
    const video = [
      'm=video 0 RTP/AVP 96',
      `a=rtpmap:96 ${vps ? 'H265' : 'H264'}/90000`,
      `a=fmtp:96 packetization-mode=1${sprop ? sets : ''}`,
      mode === 'foreign-sdp' ? 'a=control:rtsp://127.0.0.1:6379/inner/track1' : 'a=control:track1',
    ];
    const silent = ['m=audio 0 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', 'a=control:track2'];
    const audio = this.#options.sound?.lines ?? silent;
    const lines = ['v=0', `o=- 1 1 IN IP4 ${foreign}`, 's=x', `c=IN IP4 ${foreign}`, 't=0 0', 'a=control:*', ...audio];
    const { describe = (sdp) => sdp } = this.#options;
    return describe(`${[...lines, ...(mode === 'no-video' ? [] : video)].join('\r\n')}\r\n`);
  }

  #transport(request: string): string {
    const wanted = /interleaved=(\d+-\d+)/.exec(request)?.[1] ?? '0-1';
    return `Transport: ${this.#options.transport ?? `RTP/AVP/TCP;unicast;interleaved=${wanted};ssrc=12345678`}`;
  }

  #play(socket: Socket): () => void {
    if (this.#options.mode === 'flood') return flood(socket);
    const { film } = this;
    const packetizer = new Packetizer(0, film.vps ? 'H265' : 'H264');
    const sound = this.requests.some((line) => /^SETUP .*track2/.test(line)) ? this.#options.sound : null;
    let heardS = (performance.now() - this.#beganMs) / 1000;
    let next = Math.floor(((performance.now() - this.#beganMs) / 1000) * film.framesPerS);
    const timer = setInterval(
      () => {
        const due = ((performance.now() - this.#beganMs) / 1000) * film.framesPerS;
        for (; next < due; next += 1) {
          if (this.frozen || socket.writableNeedDrain) continue;
          const media = this.#media(packetizer, next);
          if (this.#udp) this.#udp.send(this.#options.datagrams!(packetsIn(media), next));
          else socket.write(media);
        }
        const nowS = (performance.now() - this.#beganMs) / 1000;
        if (sound && !this.mute) socket.write(sound.between(heardS, nowS));
        heardS = nowS;
      },
      Math.max(20, 250 / film.framesPerS),
    );
    return () => clearInterval(timer);
  }

  #media(packetizer: Packetizer, number: number): Buffer {
    const { frames, vps, sps, pps, framesPerS } = this.film;
    const place = number % frames.length;
    const { nals, key, shown = place } = frames[place]!;
    const timestamp = ((number - place + shown) * 90_000) / framesPerS;
    const { mode } = this.#options;
    if (mode === 'no-media') return Buffer.alloc(0);
    if (mode === 'no-pictures') return packetizer.frame([Buffer.from([0x06, 0x05, 0x01, 0xc4, 0x80])], timestamp);
    if (mode === 'noise') return packetizer.frame([noise(number)], timestamp);
    if (mode === 'garbage-rtp') return GARBAGE_RTP;
    if (mode === 'no-key-frame' && key) return Buffer.alloc(0);
    const { units = (all) => all, wire = (all) => all } = this.#options;
    return wire(
      packetizer.frame(units(key ? [...(vps ? [vps] : []), sps, pps, ...nals] : nals, number), timestamp),
      number,
    );
  }
}

/** Length of the receiver report at the front; 0 while its head is not there. */
function frameBytes(data: Buffer): number {
  return data.length < 4 ? 0 : 4 + data.readUInt16BE(2);
}
