import type { Socket } from 'node:net';
import { orAborted } from '../../core/abort.ts';
import { type Clock, DeadlineExceeded } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Cidr } from '../../platform/networks.ts';
import { asFailure, type CameraAddress, StreamFailure } from '../types.ts';
import { Conversation } from './conversation.ts';
import { type VideoTrack, videoTrack } from './sdp.ts';
import { parseStreamUrl } from './stream-url.ts';

/** The way out to cameras: connects to `host` only when its address lies in `networks`. */
export interface TcpPort {
  connect(target: {
    host: string;
    port: number;
    networks: readonly Cidr[];
    setting: string;
    deadlineMs: number;
    signal?: AbortSignal;
  }): Promise<Socket>;
}

export interface CameraSessionDeps {
  clock: Clock;
  tcp: TcpPort;
  networks: readonly Cidr[];
  /** Most megabits a second taken from one camera. */
  megabitsPerS: number;
}

/** The setting that says where cameras may be; refusals name it. */
export const CAMERA_NETWORKS_SETTING = 'CITYWATCH_CAMERA_NETWORKS';

const CONNECT_MS = 5_000;
const SESSION_TIMEOUT_S = 60;
/** Time for the camera to hear TEARDOWN: sessions it does not hear of pile up in it until it refuses new ones. */
const GOODBYE_MS = 300;

/**
 * One connection to one camera, from DESCRIBE to TEARDOWN. Media come interleaved over this connection or not at all;
 * whatever hosts and ports the camera names are only words in our requests to it.
 */
export class CameraSession {
  readonly track: VideoTrack;
  /** Channel numbers of RTP and RTCP, as the camera chose them. */
  readonly channels: readonly [number, number];
  readonly ended: Promise<StreamFailure>;
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  readonly #sessionId: string;
  readonly #stopKeepAlive: () => void;
  #mediaAtMs: number | null = null;

  private constructor(conversation: Conversation, clock: Clock, track: VideoTrack, setUp: SetUp) {
    this.#conversation = conversation;
    this.#clock = clock;
    this.track = track;
    this.channels = setUp.channels;
    this.#sessionId = setUp.sessionId;
    this.ended = conversation.ended;
    this.#stopKeepAlive = clock.every(Math.max(1, setUp.timeoutS / 2) * 1000, () => void this.#keepAlive());
  }

  /** Connects, logs in, reads the description and sets the video track up. Rejects with {@link StreamFailure}. */
  static async open(deps: CameraSessionDeps, camera: CameraAddress, signal: AbortSignal): Promise<CameraSession> {
    const { host, port, uri } = parseStreamUrl(camera.url);
    const target = { host, port, networks: deps.networks, setting: CAMERA_NETWORKS_SETTING, deadlineMs: CONNECT_MS };
    const socket = await deps.tcp.connect({ ...target, signal }).catch((error: unknown) => {
      throw connectFailure(error, signal);
    });
    const { username, password } = camera;
    const login = username === undefined ? null : { username, password: password ?? '' };
    const bytesPerS = Math.max(64 * 1024, (deps.megabitsPerS * 1_000_000) / 8);
    const conversation = new Conversation(socket, { clock: deps.clock, login, bytesPerS });
    try {
      const track = await orAborted(describe(conversation, uri), signal);
      const setUp = await orAborted(setUpTrack(conversation, track), signal);
      return new CameraSession(conversation, deps.clock, track, setUp);
    } catch (error) {
      const failure = signal.aborted ? abortFailure(signal) : asFailure(error, 'nonsense');
      conversation.destroy(failure);
      throw failure;
    }
  }

  /** Starts the media; whole interleaved frames of both channels go to `onFrames` from then on. */
  async play(onFrames: (data: Buffer) => void): Promise<void> {
    this.#conversation.onFrames = (data) => {
      this.#mediaAtMs = this.#clock.monotonicMs();
      onFrames(data);
    };
    this.#conversation.listen(this.channels);
    await this.#conversation.request('PLAY', this.track.aggregateUri, {
      Session: this.#sessionId,
      Range: 'npt=0.000-',
    });
  }

  /** When media last came, on the monotonic clock; null before the first. */
  get mediaAtMs(): number | null {
    return this.#mediaAtMs;
  }

  /** Passes receiver reports on; some cameras end a session without them. */
  sendFrames(data: Buffer): void {
    this.#conversation.sendFrames(data);
  }

  hold(held: boolean): void {
    this.#conversation.hold(held);
  }

  /** Says goodbye and closes; resolves when the connection is gone. */
  async close(failure: StreamFailure): Promise<void> {
    this.#stopKeepAlive();
    this.#conversation.onFrames = () => {};
    this.#conversation.hold(false);
    this.#conversation.tell('TEARDOWN', this.track.aggregateUri, { Session: this.#sessionId });
    const over = new AbortController();
    void this.ended.then(() => over.abort());
    await this.#clock.sleep(GOODBYE_MS, over.signal);
    this.#conversation.destroy(failure);
  }

  async #keepAlive(): Promise<void> {
    // A camera that does not answer is found by the missing media, so a failed keep-alive has no effect of its own.
    await this.#conversation
      .request('OPTIONS', this.track.aggregateUri, { Session: this.#sessionId })
      .catch(() => undefined);
  }
}

interface SetUp {
  sessionId: string;
  timeoutS: number;
  channels: readonly [number, number];
}

async function describe(conversation: Conversation, uri: string): Promise<VideoTrack> {
  const { headers, body } = await conversation.request('DESCRIBE', uri, { Accept: 'application/sdp' });
  const base = headers.get('content-base')?.[0] || headers.get('content-location')?.[0] || uri;
  return videoTrack(body.toString('utf8'), base);
}

async function setUpTrack(conversation: Conversation, track: VideoTrack): Promise<SetUp> {
  const Transport = 'RTP/AVP/TCP;unicast;interleaved=0-1';
  const { headers } = await conversation.request('SETUP', track.controlUri, { Transport });
  const transport = headers.get('transport')?.[0] ?? '';
  const channels = /^RTP\/S?AVPF?\/TCP\b.*;\s*interleaved=(\d{1,3})-(\d{1,3})/i.exec(transport);
  const [rtp, rtcp] = [Number(channels?.[1] ?? 256), Number(channels?.[2] ?? 256)];
  if (rtp > 255 || rtcp > 255 || rtp === rtcp) {
    throw new StreamFailure('refused', 'It does not send media over this connection.');
  }
  const session = /^([!-:<-~]{1,256})(?:\s*;\s*timeout=(\d{1,6}))?/.exec(headers.get('session')?.[0] ?? '');
  if (!session) throw new StreamFailure('nonsense', 'It names no session.');
  return { sessionId: session[1]!, timeoutS: Number(session[2] ?? SESSION_TIMEOUT_S), channels: [rtp, rtcp] };
}

function connectFailure(error: unknown, signal: AbortSignal): StreamFailure {
  if (signal.aborted) return abortFailure(signal);
  if (error instanceof StreamFailure) return error;
  if (!(error instanceof CitywatchError)) return new StreamFailure('unreachable', undefined, error);
  if (error.code === 'outbound.refused') return new StreamFailure('refused-address', error.detail, error);
  return new StreamFailure('unreachable', error.detail, error);
}

/** Why a pull was called off: its own deadline, or somebody who no longer wants it. */
export function abortFailure(signal: AbortSignal): StreamFailure {
  if (signal.reason instanceof StreamFailure) return signal.reason;
  return new StreamFailure(signal.reason instanceof DeadlineExceeded ? 'timeout' : 'stopped');
}
