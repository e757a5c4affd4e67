import type { Socket } from 'node:net';
import { type Clock, DeadlineExceeded } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import type { Cidr } from '../../platform/outbound/networks.ts';
import { asFailure, type CameraAddress, StreamFailure } from '../pool/types.ts';
import { CHANNELS, type SetUp } from './camera-answers.ts';
import { Conversation } from './conversation.ts';
import type { DatagramSession, DatagramWishes } from './datagrams/datagrams.ts';
import { FRAME_HEADER_BYTES } from './rtsp-reader.ts';
import type { VideoTrack } from './sdp.ts';
import { type Agreed, agree, type Playback } from './session/agreement.ts';
import { readSenderReport } from './sound/sender-report.ts';
import { type SoundFrame, SoundPacker } from './sound/sound-packer.ts';
import type { SoundTrack } from './sound/sound-track.ts';
import { parseStreamUrl } from './stream-url.ts';
import { VideoPacker } from './video-packer.ts';

export type { Playback };

/** The way out to cameras: connects to `host` only when its address lies in `networks`. */
export interface TcpPort {
  connect(target: {
    host: string;
    port: number;
    networks: readonly Cidr[];
    setting: string;
    deadlineMs: number;
    signal?: AbortSignal;
    onBytes: (bytes: Buffer) => void;
  }): Promise<Socket>;
}

export interface CameraSessionDeps {
  clock: Clock;
  tcp: TcpPort;
  networks: readonly Cidr[];
  /** Most megabits a second taken from one camera. */
  megabitsPerS: number;
  /** As of the conversation. */
  oneLogin?: boolean;
  /** For cameras that send over UDP alone; without it they are refused. */
  udp?: DatagramWishes | null;
}

const RTCP_TYPE_MIN = 192;
const RTCP_TYPE_MAX = 223;

/** The setting that says where cameras may be; refusals name it. */
export const CAMERA_NETWORKS_SETTING = 'CITYWATCH_CAMERA_NETWORKS';

const CONNECT_MS = 5_000;
/** Time for the camera to hear TEARDOWN: sessions it does not hear of pile up in it until it refuses new ones. */
const GOODBYE_MS = 300;

/**
 * One connection to one camera, from DESCRIBE to TEARDOWN. Media come interleaved over this connection, or where that
 * is allowed as datagrams; whatever hosts and ports the camera names are only words in our requests to it.
 */
export class CameraSession {
  readonly ended: Promise<StreamFailure>;
  /** The video of the camera, cleaned; fed from {@link start} on. */
  readonly packer: VideoPacker;
  /** Its sound, which goes beside the video; null where none is taken, and in a playback. */
  readonly sound: SoundPacker | null;
  /** What is taken of its sound; null for nothing. */
  readonly soundTrack: SoundTrack | null;
  /** What of its sound is left out, in words of ours. */
  readonly soundNote: string | null;
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  /** What the camera says of its video. */
  readonly track: VideoTrack;
  readonly #setUp: SetUp;
  readonly #soundChannels: readonly number[];
  readonly #datagrams: DatagramSession['datagrams'] | null;
  readonly #stopKeepAlive: () => void;
  readonly #playback: Playback | null;
  #keepAlives: string[];
  #started: Promise<unknown> | null = null;
  #mediaAtMs: number | null = null;

  private constructor(conversation: Conversation, clock: Clock, agreed: Agreed) {
    const { track, setUp, keepAlives, playback, sound, datagrams } = agreed;
    this.#conversation = conversation;
    this.#clock = clock;
    this.track = track;
    this.#playback = playback;
    this.#setUp = setUp;
    this.#keepAlives = keepAlives;
    this.ended = conversation.ended;
    this.packer = new VideoPacker(track, {
      clock,
      hold: (held) => conversation.hold(held),
      pictured: (picture) => this.sound?.pictured(picture),
    });
    const taken = { videoRate: track.clockRate, taken: (frame: SoundFrame) => this.packer.sound(frame) };
    this.soundTrack = sound.track;
    this.sound = sound.track && !playback ? new SoundPacker(sound.track, taken) : null;
    this.soundNote = sound.note;
    this.#soundChannels = sound.channels;
    this.#datagrams = datagrams;
    this.#stopKeepAlive = clock.every((setUp.timeoutS / 2) * 1000, () => void this.#keepAlive());
  }

  /**
   * Connects, logs in, reads the description and sets the video track up. Rejects with {@link StreamFailure}. With
   * `playback` the packets go there, and the packers get none.
   */
  static async open(
    deps: CameraSessionDeps,
    camera: CameraAddress,
    signal: AbortSignal,
    playback: Playback | null = null,
  ): Promise<CameraSession> {
    const { host, port, uri } = parseStreamUrl(camera.url);
    let conversation: Conversation | null = null;
    const socket = await deps.tcp
      .connect({
        host,
        port,
        networks: deps.networks,
        setting: CAMERA_NETWORKS_SETTING,
        deadlineMs: CONNECT_MS,
        signal,
        onBytes: (bytes) => conversation?.receive(bytes),
      })
      .catch((error: unknown) => {
        throw connectFailure(error, signal);
      });
    const { username, password } = camera;
    const login = username === undefined ? null : { username, password: password ?? '' };
    const bytesPerS = Math.max(64 * 1024, (deps.megabitsPerS * 1_000_000) / 8);
    conversation = new Conversation(socket, { clock: deps.clock, login, bytesPerS, oneLogin: deps.oneLogin === true });
    try {
      const { clock, udp = null } = deps;
      const wishes = { clock, uri, playback, sound: camera.sound === true, udp, bytesPerS };
      const agreed = await orAborted(agree(conversation, wishes), signal);
      return new CameraSession(conversation, deps.clock, agreed);
    } catch (error) {
      const failure = signal.aborted ? abortFailure(signal) : asFailure(error, 'nonsense');
      conversation.destroy(failure);
      throw failure;
    }
  }

  /** Lets the camera play, once; a refusal ends the session with its reason. */
  async start(): Promise<void> {
    this.#started ??= this.#play().catch((error: unknown) => this.#conversation.destroy(asFailure(error, 'nonsense')));
    await this.#started;
  }

  /** When media last came, on the monotonic clock; null before the first. */
  get mediaAtMs(): number | null {
    return this.#mediaAtMs;
  }

  /** Passes receiver reports on; some cameras end a session without them. */
  sendFrames(data: Buffer): void {
    // Those of the sound have other channels at the camera than here.
    if (data[1]! <= CHANNELS[1]) this.#conversation.sendFrames(data);
  }

  hold(held: boolean): void {
    this.#conversation.hold(held);
  }

  /** Says goodbye and closes; resolves when the connection is gone. */
  async close(failure: StreamFailure): Promise<void> {
    this.#stopKeepAlive();
    this.#conversation.onFrame = () => {};
    this.#conversation.hold(false);
    this.#conversation.tell('TEARDOWN', this.track.aggregateUri, this.#session);
    const over = new AbortController();
    void this.ended.then(() => over.abort());
    await this.#clock.sleep(GOODBYE_MS, over.signal);
    this.#conversation.destroy(failure);
  }

  get #session(): Record<string, string> {
    const { sessionId } = this.#setUp;
    return sessionId === null ? {} : { Session: sessionId };
  }

  async #play(): Promise<void> {
    this.#conversation.onFrame = (data) => this.#takeFrame(data);
    this.#conversation.listen([...this.#setUp.channels, ...this.#soundChannels]);
    if (this.#datagrams) this.#datagrams.onMedia = (packet) => this.#takeVideo(packet);
    const { aggregateUri, controlUri } = this.track;
    if (this.#playback) {
      await this.#conversation.request('PLAY', aggregateUri, { ...this.#session, ...this.#playback.play });
      return;
    }
    try {
      await this.#conversation.request('PLAY', aggregateUri, { ...this.#session, Range: 'npt=0.000-' });
    } catch (error) {
      if (asFailure(error, 'nonsense').reason !== 'refused') throw error;
      // Cameras that know no range, or only the track they set up.
      await this.#conversation.request('PLAY', controlUri, this.#session);
    }
  }

  /** RTP and RTCP are told apart by what they are: cameras mix them on one channel, or exchange the two. */
  #takeFrame(data: Buffer): void {
    const type = data[FRAME_HEADER_BYTES + 1] ?? 0;
    const isSound = this.#soundChannels.includes(data[1] ?? -1);
    const packet = data.subarray(FRAME_HEADER_BYTES);
    if (type >= RTCP_TYPE_MIN && type <= RTCP_TYPE_MAX) {
      const report = this.sound && readSenderReport(packet);
      if (report) this.sound!.reported(isSound ? 'sound' : 'video', report);
      return;
    }
    if (isSound) this.#takeSound(packet);
    else this.#takeVideo(packet);
  }

  #takeSound(packet: Buffer): void {
    if (this.#playback) this.#playback.takeSound(packet);
    else this.sound?.push(packet, this.#clock.monotonicMs());
  }

  #takeVideo(packet: Buffer): void {
    this.#mediaAtMs = this.#clock.monotonicMs();
    if (this.#playback) this.#playback.take(packet);
    else this.packer.push(packet);
  }

  /**
   * A camera that does not answer is found by the missing media, so a failed keep-alive has no effect of its own; one
   * that refuses the method is asked by the next.
   */
  async #keepAlive(): Promise<void> {
    const [method = 'OPTIONS'] = this.#keepAlives;
    try {
      await this.#conversation.request(method, this.track.aggregateUri, this.#session);
    } catch (error) {
      const { reason } = asFailure(error, 'nonsense');
      if (reason === 'refused' && this.#keepAlives.length > 1) {
        this.#keepAlives = this.#keepAlives.slice(1);
        await this.#keepAlive();
      }
    }
  }
}

function connectFailure(error: unknown, signal: AbortSignal): StreamFailure {
  if (signal.aborted) return abortFailure(signal);
  if (error instanceof StreamFailure) return error;
  if (!(error instanceof CitywatchError)) return new StreamFailure('unreachable', undefined, error);
  if (error.code === 'outbound.refused') return new StreamFailure('refused-address', error.detail, error);
  return new StreamFailure('unreachable', error.detail, error);
}

/** Why a pull was called off before the camera had answered: a deadline of ours, or somebody who no longer wants it. */
export function abortFailure({ reason }: AbortSignal): StreamFailure {
  if (reason instanceof StreamFailure) return reason;
  return new StreamFailure(reason === 'overdue' || reason instanceof DeadlineExceeded ? 'timeout' : 'stopped');
}
