import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Player, Stream } from '../video/stream.ts';
import type { Quality, VideoParameters } from '../video/video.ts';
import { PAYLOAD_TYPE } from './rtp.ts';
import type { RtspAnswer, RtspInput } from './rtsp-message.ts';

type Request = Extract<RtspInput, { type: 'request' }>;

export interface SessionDeps {
  name: string;
  streams: Record<Quality, Stream>;
  timeoutS: number;
}

const TRACK = 'trackID=1';
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN';

/** One RTSP session on one connection: at most one track of one quality, interleaved on that connection (RFC 2326). */
export class RtspSession {
  readonly #deps: SessionDeps;
  readonly #socket: Socket;
  #id: string | null = null;
  #quality: Quality | null = null;
  #player: Player | null = null;
  #playing = false;

  constructor(deps: SessionDeps, socket: Socket) {
    this.#deps = deps;
    this.#socket = socket;
  }

  get playing(): boolean {
    return this.#playing;
  }

  async answer(request: Request): Promise<RtspAnswer> {
    const { method } = request;
    if (method === 'OPTIONS') return { status: 200, headers: { Public: METHODS } };
    if (method === 'DESCRIBE') return this.#describe(request);
    if (method === 'SETUP') return this.#setup(request);
    if (!METHODS.includes(method)) return { status: 501, headers: { Public: METHODS } };
    const session = request.headers.get('session')?.split(';')[0];
    // Without a session GET_PARAMETER is only a sign of life.
    if (method === 'GET_PARAMETER' && session === undefined) return { status: 200 };
    if (this.#id === null || session !== this.#id) return { status: 454 };
    if (method === 'PLAY') return this.#play(request);
    if (method === 'PAUSE') this.#pause();
    if (method === 'TEARDOWN') this.close();
    return { status: 200, headers: { Session: session } };
  }

  /** Leaves the stream; the connection may go on. */
  close(): void {
    this.#pause();
    this.#id = null;
    this.#player = null;
  }

  async #describe({ uri }: Request): Promise<RtspAnswer> {
    const quality = qualityOf(uri);
    if (!quality) return { status: 404 };
    const parameters = await this.#deps.streams[quality].parameters().catch(() => null);
    if (!parameters) return { status: 503 };
    const base = `${uri.split('?')[0]?.replace(/\/$/, '')}/`;
    const headers = { 'Content-Base': base, 'Content-Type': 'application/sdp' };
    return { status: 200, headers, body: describe(this.#deps.name, base, parameters) };
  }

  #setup({ uri, headers }: Request): RtspAnswer {
    const quality = qualityOf(uri);
    if (!quality || !uri.includes(TRACK)) return { status: 404 };
    if (this.#playing) return { status: 455 };
    const transport = headers.get('transport') ?? '';
    const match = /RTP\/AVP\/TCP(?:;[^,]*?)?;interleaved=(\d{1,3})-(\d{1,3})/i.exec(transport);
    if (!match && !/RTP\/AVP\/TCP/i.test(transport)) return { status: 461 };
    const channel = Number(match?.[1] ?? 0);
    if (channel > 254) return { status: 461 };
    this.#id ??= randomBytes(8).toString('hex');
    this.#quality = quality;
    const socket = this.#socket;
    this.#player = {
      channel,
      write: (bytes) => void socket.write(bytes),
      backlogBytes: () => socket.writableLength,
    };
    const chosen = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    return { status: 200, headers: { Transport: chosen, Session: `${this.#id};timeout=${this.#deps.timeoutS}` } };
  }

  #play({ uri }: Request): RtspAnswer {
    if (!this.#player || !this.#quality) return { status: 455 };
    const stream = this.#deps.streams[this.#quality];
    const player = this.#player;
    // After the answer is on its way, so that no packet comes before it.
    if (!this.#playing) setImmediate(() => this.#playing && stream.play(player));
    this.#playing = true;
    // Without sequence and time, as cameras do that begin at their next key frame: it is not known yet.
    const info = `url=${uri.split('?')[0]?.replace(/\/$/, '')}/${TRACK}`;
    return { status: 200, headers: { Session: this.#id ?? '', Range: 'npt=now-', 'RTP-Info': info } };
  }

  #pause(): void {
    if (this.#player && this.#quality) this.#deps.streams[this.#quality].leave(this.#player);
    this.#playing = false;
  }
}

/** `rtsp://host/main`, `rtsp://host/sub/trackID=1`, `rtsp://host/ch7/main`; anything else is no stream. */
function qualityOf(uri: string): Quality | null {
  const match = /^rtsp:\/\/[^/]+\/(?:ch\d+\/)?(main|sub)(?:\/(?:trackID=1)?)?(?:\?.*)?$/.exec(uri);
  return (match?.[1] as Quality | undefined) ?? null;
}

function describe(name: string, base: string, { sps, pps }: VideoParameters): string {
  const profile = sps.subarray(1, 4).toString('hex').toUpperCase();
  const sets = `${sps.toString('base64')},${pps.toString('base64')}`;
  return [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    `s=${name.replace(/[\r\n]/g, ' ') || '-'}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=range:npt=now-',
    `a=control:${base}`,
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} H264/90000`,
    `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${sets}`,
    `a=control:${base}${TRACK}`,
    '',
  ].join('\r\n');
}
