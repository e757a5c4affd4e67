import Hls, { type ErrorData } from 'hls.js';
import { ApiError } from '../api.ts';
import { noticeEnd } from '../session.ts';
import { codecName, type HlsLook, PART_MS, PLAYLIST_MS, type Source, type SourceEvents, STATES } from './source.ts';

const PLAYLIST_ERRORS: readonly string[] = [Hls.ErrorDetails.MANIFEST_LOAD_ERROR, Hls.ErrorDetails.LEVEL_LOAD_ERROR];

/** Whether this browser plays HLS by a program of ours. */
export function playsHls(): boolean {
  return Hls.isSupported();
}

/** Live video as HLS: where the one connection of the page cannot be had. It is some seconds behind. */
export class HlsSource implements Source {
  readonly #hls = new Hls(settings());
  readonly #look: HlsLook;
  readonly #events: SourceEvents;
  #named = '';

  constructor(video: HTMLVideoElement, look: HlsLook, events: SourceEvents) {
    const hls = this.#hls;
    this.#look = look;
    this.#events = events;
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(data));
    hls.on(Hls.Events.MANIFEST_LOADED, (_name, { levels: [level] }) => {
      this.#named = codecName(level?.attrs?.CODECS);
      events.given({ quality: look.quality });
    });
    hls.loadSource(look.address);
    hls.attachMedia(video);
    // Muted video may always play; a refusal here only means that the element is being taken away, or is still.
    const play = () => void (video.paused && video.play().catch(() => undefined));
    hls.on(Hls.Events.MANIFEST_PARSED, play);
    hls.on(Hls.Events.FRAG_BUFFERED, play);
  }

  /** A stream can stop without any error. */
  stalled(): void {
    this.#events.failed('stalled', true);
  }

  close(): void {
    this.#hls.destroy();
  }

  #onError({ fatal, response, details }: ErrorData): void {
    if (!fatal) return;
    if (details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      this.#events.foreign(this.#named);
      return;
    }
    const status = response?.code ?? 0;
    noticeEnd(new ApiError(status));
    if (status === 503 && this.#look.wall) this.#events.stillsOnly();
    else this.#events.failed((PLAYLIST_ERRORS.includes(details) && STATES[status]) || 'nopicture', status === 0);
  }
}

function settings(): Partial<typeof Hls.DefaultConfig> {
  // Repeating is done by the player, which opens the whole stream again with growing pauses.
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
