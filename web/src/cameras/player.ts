import Hls, { type ErrorData } from 'hls.js';
import { ApiError } from '../api.ts';
import { lookPurpose, noticeEnd } from '../session.ts';
import { backoffMs, every } from '../ticker.ts';

export type PlayerState =
  | 'starting'
  | 'playing'
  | 'paused'
  | 'stalled'
  | 'nopicture'
  | 'full'
  | 'forbidden'
  | 'nostream'
  | 'unsupported';

export interface PlayerOptions {
  video: HTMLVideoElement;
  camera: string;
  quality: 'main' | 'sub';
  onState(state: PlayerState): void;
}

/** The gateway holds the first playlist until there is a picture, at most 15 s. */
const PLAYLIST_MS = 20_000;
const PART_MS = 10_000;
/** A picture that stands still for so long is fetched anew. */
const STALL_MS = 8_000;
const BACKOFF_MAX_MS = 15_000;

/** Why there is no picture, by the status of the playlist. What is not listed is worth another try soon. */
const STATES: Record<number, PlayerState> = { 403: 'forbidden', 404: 'nostream', 429: 'full', 503: 'full' };

/** Shows the live picture of a camera in a video element and keeps at it until it is stopped. */
export class Player {
  readonly #options: PlayerOptions;
  #hls: Hls | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopWatch: () => void = () => {};
  #attempt = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  start(): void {
    if (!Hls.isSupported()) {
      this.#options.onState('unsupported');
      return;
    }
    this.#options.onState('starting');
    this.#open();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#close();
    this.#options.onState('paused');
  }

  #open(): void {
    const { video, camera, quality } = this.#options;
    const hls = new Hls(settings());
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(data));
    const look = `quality=${quality}&purpose=${lookPurpose.value}`;
    hls.loadSource(`/api/v1/streams/${encodeURIComponent(camera)}/live.m3u8?${look}`);
    hls.attachMedia(video);
    // Muted video may always play; a refusal here only means that the element is being taken away.
    hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
    this.#watch();
  }

  #close(): void {
    this.#stopWatch();
    this.#hls?.destroy();
    this.#hls = null;
  }

  /** Looks once a second whether the picture moves: a stream can stop without any error. */
  #watch(): void {
    const { video, onState } = this.#options;
    let seen = video.currentTime;
    let movedAtMs = Date.now();
    let moved = false;
    this.#stopWatch = every(1_000, () => {
      if (video.currentTime !== seen) {
        seen = video.currentTime;
        movedAtMs = Date.now();
        moved = true;
        this.#attempt = 0;
        onState('playing');
      } else if (moved && Date.now() - movedAtMs > STALL_MS) this.#again('stalled');
      else if (Date.now() - movedAtMs > PLAYLIST_MS + PART_MS) this.#again('nopicture');
    });
  }

  #onError({ fatal, response, details }: ErrorData): void {
    if (!fatal) return;
    const status = response?.code ?? 0;
    noticeEnd(new ApiError(status));
    const isPlaylist = details === Hls.ErrorDetails.MANIFEST_LOAD_ERROR;
    this.#again((isPlaylist && STATES[status]) || 'nopicture');
  }

  #again(state: PlayerState): void {
    this.#close();
    this.#options.onState(state);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), backoffMs(this.#attempt, BACKOFF_MAX_MS));
    this.#attempt += 1;
  }
}

function settings(): Partial<typeof Hls.DefaultConfig> {
  // Repeating is done here, by opening the whole stream again with growing pauses.
  const once = (limitMs: number) => ({
    default: { maxTimeToFirstByteMs: limitMs, maxLoadTimeMs: limitMs, timeoutRetry: null, errorRetry: null },
  });
  return {
    enableWorker: false,
    liveSyncDurationCount: 2,
    liveMaxLatencyDurationCount: 6,
    maxLiveSyncPlaybackRate: 1.1,
    maxBufferLength: 10,
    backBufferLength: 5,
    manifestLoadPolicy: once(PLAYLIST_MS),
    playlistLoadPolicy: once(PLAYLIST_MS),
    fragLoadPolicy: once(PART_MS),
  };
}
