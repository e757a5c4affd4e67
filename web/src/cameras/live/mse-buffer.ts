import { Drift } from './drift.ts';
import type { VideoPart } from './message.ts';

/** What was played is forgotten after this, in pieces of some seconds: each removal costs. */
const BEHIND_S = 4;
const FORGET_FROM_S = 10;
/** Waiting for the browser to take it: more than this, and it goes on with the next key frame. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** A picture is left to see at the end of what there is. */
const LEAST_AHEAD_S = 0.05;

/** A codec of RFC 6381 as Media Source Extensions ask for it. */
export function mimeOf(codec: string): string {
  return `video/mp4; codecs="${codec}"`;
}

/** Whether this browser plays fragments of `codec` as they come. */
export function plays(codec: string): boolean {
  return typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(mimeOf(codec));
}

/** What came could not be decoded; or the browser does not do what Media Source Extensions are to do. */
export type MseError = 'broken' | 'refused';

/** Plays pieces of video in an element as they arrive, close to the present. */
export class MseBuffer {
  readonly #video: HTMLVideoElement;
  readonly #onError: (kind: MseError) => void;
  readonly #source = new MediaSource();
  readonly #address: string;
  readonly #drift = new Drift();
  readonly #onWaiting = () => this.#drift.ranOut(performance.now());
  #buffer: SourceBuffer | null = null;
  #waiting: ({ part: VideoPart } | { mime: string })[] = [];
  #waitingBytes = 0;
  #waitsForKey = false;
  #closed = false;

  /** Close it after `onError`. */
  constructor(video: HTMLVideoElement, onError: (kind: MseError) => void) {
    this.#video = video;
    this.#onError = onError;
    this.#address = URL.createObjectURL(this.#source);
    this.#source.addEventListener('sourceopen', () => this.#pump());
    video.addEventListener('waiting', this.#onWaiting);
    video.addEventListener('error', this.#broken);
    video.src = this.#address;
  }

  /** What follows is of this type; it need not be the one before. */
  begin(mime: string): void {
    this.#waiting.push({ mime });
    this.#pump();
  }

  push(part: VideoPart): void {
    if (this.#waitingBytes > WAITING_BYTES_MAX && !part.init) this.#waitsForKey = true;
    else if (part.key) this.#waitsForKey = false;
    if (this.#waitsForKey && !part.init) return;
    this.#waiting.push({ part });
    this.#waitingBytes += part.bytes.length;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    const video = this.#video;
    video.removeEventListener('waiting', this.#onWaiting);
    video.removeEventListener('error', this.#broken);
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(this.#address);
  }

  readonly #broken = (): void => {
    if (!this.#closed) this.#onError('broken');
  };

  #pump(): void {
    if (this.#closed || this.#source.readyState !== 'open' || this.#buffer?.updating) return;
    if (this.#forget()) return;
    const next = this.#waiting[0];
    if (!next) return;
    try {
      if ('mime' in next) this.#become(next.mime);
      else this.#append(next.part);
      this.#waiting.shift();
    } catch (error) {
      this.#onRefusal(error as Error);
      return;
    }
    // Only what is being appended tells of its end.
    if ('mime' in next) this.#pump();
  }

  /** Where there is no room, what was played makes some; what is waiting then goes on. */
  #onRefusal({ name }: Error): void {
    if (name === 'QuotaExceededError' && this.#forget(2, 1)) return;
    // An element that has met an error takes nothing more, and says so by itself.
    if (!this.#closed && name !== 'InvalidStateError') this.#onError('refused');
  }

  /** Fragments follow each other as they come, whatever their times: a camera that began anew begins at another. */
  #become(mime: string): void {
    if (this.#buffer) {
      this.#buffer.changeType(mime);
      return;
    }
    this.#buffer = this.#source.addSourceBuffer(mime);
    this.#buffer.mode = 'sequence';
    this.#buffer.addEventListener('updateend', () => this.#pump());
    this.#buffer.addEventListener('error', this.#broken);
  }

  #append(part: VideoPart): void {
    if (!part.init) this.#correct();
    this.#buffer?.appendBuffer(part.bytes);
    this.#waitingBytes -= part.bytes.length;
    // Muted video may always play; a refusal here only means that the element is being taken away.
    if (this.#video.paused) void this.#video.play().catch(() => undefined);
  }

  #correct(): void {
    const video = this.#video;
    const { buffered } = video;
    const aheadS = buffered.length > 0 ? buffered.end(buffered.length - 1) - video.currentTime : 0;
    const shown = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.currentTime > 0 && !video.seeking;
    const { rate, jumpS } = this.#drift.arrived(aheadS, shown, performance.now());
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (jumpS > 0) video.currentTime += Math.min(jumpS, aheadS - LEAST_AHEAD_S);
  }

  /** Whether a removal was begun: where more than `fromS` was played, all but the last `keepS` of it. */
  #forget(fromS = FORGET_FROM_S, keepS = BEHIND_S): boolean {
    const buffer = this.#buffer;
    const { currentTime } = this.#video;
    if (!buffer || buffer.buffered.length === 0 || currentTime - buffer.buffered.start(0) <= fromS) return false;
    buffer.remove(0, currentTime - keepS);
    return true;
  }
}
