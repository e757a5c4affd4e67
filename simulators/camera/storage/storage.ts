import type { AccessUnit, VideoParameters, VideoSource } from '../video/video.ts';
import type { CardCoding, CardSound } from './card-sound.ts';

/** A picture on the card, with the time at which the camera took it by its own clock, Unix ms. */
export interface StoredPicture {
  atMs: number;
  unit: AccessUnit;
}

export interface StorageOptions {
  /** The oldest pictures go when the card holds this much time. */
  keepS: number;
  /** What it keeps of sound; pictures alone where absent. */
  sound?: CardCoding;
}

/** Pictures further apart do not belong to one section. */
const SECTION_MS = 1_000;

/**
 * The memory card of a camera: it keeps what the camera sees, whether anybody watches or not, and is read back by
 * ONVIF recording search and replay. Pictures are shared with the source, so a card of many cameras costs little.
 */
export class Storage {
  readonly #source: VideoSource;
  readonly #options: StorageOptions;
  readonly #nowMs: () => number;
  readonly sound: CardSound | null;
  #pictures: StoredPicture[] = [];
  #last: { atMs: number; atTicks: number } | null = null;
  #unwant: (() => void) | null = null;

  constructor(source: VideoSource, nowMs: () => number, options: StorageOptions, sound: CardSound | null = null) {
    this.sound = sound;
    this.#source = source;
    this.#nowMs = nowMs;
    this.#options = options;
  }

  /** Begins to keep, or goes on after a pause. */
  start(): void {
    this.#unwant ??= this.#source.want((unit) => this.#keep(unit));
  }

  /** The camera has no power: nothing comes to what is kept. */
  stop(): void {
    this.#unwant?.();
    this.#unwant = null;
    this.#last = null;
  }

  parameters(): Promise<VideoParameters> {
    return this.#source.parameters();
  }

  /** From the first picture to the last; null while there is none. */
  get span(): { fromMs: number; toMs: number } | null {
    const [first, last] = [this.#pictures[0], this.#pictures.at(-1)];
    return first && last ? { fromMs: first.atMs, toMs: last.atMs } : null;
  }

  /** A part of the card is lost. */
  erase(fromMs: number, toMs: number): void {
    this.#pictures = this.#pictures.filter(({ atMs }) => atMs < fromMs || atMs >= toMs);
  }

  /** Pictures from the last key frame at or before `fromMs` on, up to `toMs`; each says where a section has ends. */
  read(fromMs: number, toMs: number): { picture: StoredPicture; isLast: boolean; isFirst: boolean }[] {
    const begin = this.#pictures.findLastIndex(({ atMs, unit }) => unit.key && atMs <= fromMs);
    const from = begin < 0 ? this.#pictures.findIndex(({ unit }) => unit.key) : begin;
    const end = this.#pictures.findIndex(({ atMs }) => atMs >= toMs);
    const some = from < 0 ? [] : this.#pictures.slice(from, end < 0 ? undefined : end);
    return some.map((picture, index) => ({
      picture,
      isFirst: index === 0 || picture.atMs - some[index - 1]!.atMs > SECTION_MS,
      isLast: index === some.length - 1 || some[index + 1]!.atMs - picture.atMs > SECTION_MS,
    }));
  }

  /** Told by the picture's own time as long as the camera's clock goes with it. */
  #keep(unit: AccessUnit): void {
    const nowMs = this.#nowMs();
    const told = this.#last ? this.#last.atMs + (unit.atTicks - this.#last.atTicks) / 90 : nowMs;
    const atMs = Math.abs(told - nowMs) > SECTION_MS ? nowMs : told;
    this.#last = { atMs, atTicks: unit.atTicks };
    this.#pictures.push({ atMs, unit });
    const oldestMs = atMs - this.#options.keepS * 1_000;
    const kept = this.#pictures.findIndex((picture) => picture.atMs >= oldestMs);
    // Seldom: each time moves all of them.
    if (kept > 1_000) this.#pictures.splice(0, kept);
  }
}
