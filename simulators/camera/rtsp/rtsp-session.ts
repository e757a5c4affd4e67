import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { CameraFaults } from '../faults.ts';
import type { CardSound } from '../storage/card-sound.ts';
import { readClockRange, replay } from '../storage/replay.ts';
import type { Storage } from '../storage/storage.ts';
import type { Player, Stream } from '../video/stream.ts';
import { codecOf, type Quality, type VideoParameters } from '../video/video.ts';
import { playSound } from './live-sound.ts';
import { PAYLOAD_TYPE } from './rtp.ts';
import type { RtspAnswer, RtspInput } from './rtsp-message.ts';

type Request = Extract<RtspInput, { type: 'request' }>;

export interface SessionDeps {
  name: string;
  streams: Record<Quality, Stream>;
  timeoutS: number;
  /** What is played back; null for a camera without a card. */
  storage: Storage | null;
  /** What goes along with live pictures; null for a camera that hears nothing. */
  sound: CardSound | null;
  faults(): CameraFaults;
}

const TRACK = 'trackID=1';
const SOUND_TRACK = 'trackID=2';
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN';

/**
 * One RTSP session on one connection: at most the pictures of one quality and their sound, interleaved on that
 * connection (RFC 2326).
 */
export class RtspSession {
  readonly #deps: SessionDeps;
  readonly #socket: Socket;
  #id: string | null = null;
  #quality: Quality | null = null;
  #player: Player | null = null;
  #soundChannel: number | null = null;
  #silence: (() => void) | null = null;
  #playing = false;
  /** Set up to play back from the card. */
  #replays = false;
  #replaying: AbortController | null = null;

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
    this.#soundChannel = null;
  }

  async #describe({ uri }: Request): Promise<RtspAnswer> {
    const quality = qualityOf(uri);
    if (!quality || (isReplay(uri) && !this.#deps.storage)) return { status: 404 };
    const parameters = await this.#deps.streams[quality].parameters().catch(() => null);
    if (!parameters) return { status: 503 };
    const base = `${uri.split('?')[0]?.replace(/\/$/, '')}/`;
    const headers = { 'Content-Base': base, 'Content-Type': 'application/sdp' };
    return { status: 200, headers, body: describe(this.#deps.name, base, parameters) + this.#soundOf(uri, base) };
  }

  #setup({ uri, headers }: Request): RtspAnswer {
    const quality = qualityOf(uri);
    const isSound = uri.includes(SOUND_TRACK);
    if (!quality || !(isSound ? this.#soundOf(uri, '') : uri.includes(TRACK))) return { status: 404 };
    if (this.#playing) return { status: 455 };
    if (isReplay(uri) && !this.#deps.storage) return { status: 404 };
    this.#replays = isReplay(uri);
    const transport = headers.get('transport') ?? '';
    const match = /RTP\/AVP\/TCP(?:;[^,]*?)?;interleaved=(\d{1,3})-(\d{1,3})/i.exec(transport);
    if (!match && !/RTP\/AVP\/TCP/i.test(transport)) return { status: 461 };
    const channel = Number(match?.[1] ?? 0);
    if (channel > 254) return { status: 461 };
    this.#id ??= randomBytes(8).toString('hex');
    this.#quality = quality;
    const socket = this.#socket;
    if (isSound) this.#soundChannel = channel;
    else
      this.#player = {
        channel,
        write: (bytes) => void socket.write(bytes),
        backlogBytes: () => socket.writableLength,
      };
    const chosen = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    return { status: 200, headers: { Transport: chosen, Session: `${this.#id};timeout=${this.#deps.timeoutS}` } };
  }

  /** What a description says of sound; nothing where there is none. */
  #soundOf(uri: string, base: string): string {
    const sound = isReplay(uri) ? this.#deps.storage?.sound : this.#deps.sound;
    return sound ? [...sound.lines, `a=control:${base}${SOUND_TRACK}`, ''].join('\r\n') : '';
  }

  #play(request: Request): RtspAnswer {
    const { uri } = request;
    if (!this.#player || !this.#quality) return { status: 455 };
    if (this.#replays) return this.#replay(request);
    const stream = this.#deps.streams[this.#quality];
    const player = this.#player;
    // After the answer is on its way, so that no packet comes before it.
    if (!this.#playing) {
      setImmediate(() => {
        if (!this.#playing) return;
        stream.play(player);
        const [sound, channel] = [this.#deps.sound, this.#soundChannel];
        if (sound && channel !== null) this.#silence = playSound(sound, { channel, write: player.write });
      });
    }
    this.#playing = true;
    // Without sequence and time, as cameras do that begin at their next key frame: it is not known yet.
    const info = `url=${uri.split('?')[0]?.replace(/\/$/, '')}/${TRACK}`;
    return { status: 200, headers: { Session: this.#id ?? '', Range: 'npt=now-', 'RTP-Info': info } };
  }

  /** ONVIF replay: from a moment on, in the direction of time. */
  #replay({ headers }: Request): RtspAnswer {
    const { storage, faults } = this.#deps;
    if (headers.get('require') !== 'onvif-replay') return { status: 551 };
    const range = readClockRange(headers.get('range'));
    if (!range || !storage) return { status: 457 };
    this.#pause();
    const controller = new AbortController();
    this.#replaying = controller;
    this.#playing = true;
    const socket = this.#socket;
    const { channel } = this.#player!;
    const soundChannel = this.#soundChannel;
    const write = async (bytes: Buffer): Promise<void> => {
      if (socket.destroyed) controller.abort();
      else if (!socket.write(bytes)) await once(socket, 'drain', { signal: controller.signal }).catch(() => {});
    };
    const asked = { ...range, paced: headers.get('rate-control') !== 'no', cseq: Number(headers.get('cseq')) };
    const { replayCutAfter: cutAfter, replayTimeless: timeless, replayEveryMs: everyMs } = faults();
    const told = { asked, faults: { cutAfter, timeless, everyMs }, signal: controller.signal };
    // After the answer is on its way, so that no packet comes before it.
    setImmediate(() => {
      void replay(storage, { channel, soundChannel, write }, told).then(
        (isCut) => isCut && socket.destroy(),
        () => socket.destroy(),
      );
    });
    return { status: 200, headers: { Session: this.#id ?? '', Range: headers.get('range') ?? '' } };
  }

  #pause(): void {
    this.#replaying?.abort();
    this.#replaying = null;
    this.#silence?.();
    this.#silence = null;
    if (this.#player && this.#quality) this.#deps.streams[this.#quality].leave(this.#player);
    this.#playing = false;
  }
}

/** `rtsp://host/main`, `rtsp://host/sub/trackID=1`, `rtsp://host/ch7/main`; anything else is no stream. */
function qualityOf(uri: string): Quality | null {
  const match = /^rtsp:\/\/[^/]+\/(?:ch\d+\/|replay\/)?(main|sub)(?:\/(?:trackID=[12])?)?(?:\?.*)?$/.exec(uri);
  return (match?.[1] as Quality | undefined) ?? null;
}

function isReplay(uri: string): boolean {
  return /^rtsp:\/\/[^/]+\/replay\//.test(uri);
}

function describe(name: string, base: string, parameters: VideoParameters): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    `s=${name.replace(/[\r\n]/g, ' ') || '-'}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=range:npt=now-',
    `a=control:${base}`,
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} ${codecOf(parameters)}/90000`,
    `a=fmtp:${PAYLOAD_TYPE} ${formatOf(parameters)}`,
    `a=control:${base}${TRACK}`,
    '',
  ].join('\r\n');
}

function formatOf({ vps, sps, pps }: VideoParameters): string {
  const text = (set: Buffer): string => set.toString('base64');
  if (vps) return `sprop-vps=${text(vps)};sprop-sps=${text(sps)};sprop-pps=${text(pps)}`;
  const profile = sps.subarray(1, 4).toString('hex').toUpperCase();
  return `packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${text(sps)},${text(pps)}`;
}
