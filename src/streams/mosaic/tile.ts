import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { StreamLease } from '../pool/pool.ts';
import type { RunTarget } from '../pool/run.ts';
import type { Use } from '../pool/uses.ts';
import type { Canvas, Place } from './canvas.ts';
import { PicturesIn, type PicturesInDeps } from './pictures-in.ts';

export interface TileDeps extends PicturesInDeps {
  clock: Clock;
  lease(ask: RunTarget & { use: Use }): Promise<StreamLease>;
}

/** A picture this old is shown with its age, and one that is older not at all. */
const AGED_MS = 3_000;
const OLD_MS = 12_000;
const AGAIN_MS = 5_000;
const TITLE_LETTERS = 32;

/** One camera of a mosaic: its small picture out of the pool, or words that there is none. */
export class Tile {
  readonly #deps: TileDeps;
  readonly #camera: DeviceId;
  readonly #place: Place;
  readonly #pictures: PicturesIn;
  readonly #sinceMs: number;
  #lease: StreamLease | null = null;
  #isAsking = false;
  #notBeforeMs = 0;
  #isOver = false;
  #lastAtMs: number | null = null;

  constructor(deps: TileDeps, camera: DeviceId, place: Place) {
    this.#deps = deps;
    this.#camera = camera;
    this.#place = place;
    this.#pictures = new PicturesIn(deps, place);
    this.#sinceMs = deps.clock.nowMs();
  }

  /** Draws what there is now. A camera that was refused is asked for again now and then. */
  draw(canvas: Canvas): void {
    if (!this.#lease) void this.#ask();
    const nowMs = this.#deps.clock.nowMs();
    const { newest } = this.#pictures;
    this.#lastAtMs = newest?.atMs ?? this.#lastAtMs;
    const ageMs = newest ? nowMs - newest.atMs : Number.POSITIVE_INFINITY;
    if (newest && ageMs <= OLD_MS) {
      canvas.put(this.#place, newest.pixels);
      if (ageMs > AGED_MS) canvas.write(this.#place, `${Math.floor(ageMs / 1000)} S OLD`, -1);
    } else {
      canvas.clear(this.#place);
      const sinceMs = this.#lastAtMs ?? this.#sinceMs;
      canvas.write(this.#place, `NO PICTURE FOR ${Math.max(0, Math.floor((nowMs - sinceMs) / 1000))} S`, 2);
    }
    canvas.write(this.#place, this.#camera.toUpperCase().slice(0, TITLE_LETTERS), 0);
  }

  stop(): void {
    this.#isOver = true;
    this.#pictures.stop();
    this.#lease?.release();
    this.#lease = null;
  }

  async #ask(): Promise<void> {
    const { clock, lease } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (this.#isAsking || nowMs < this.#notBeforeMs) return;
    this.#isAsking = true;
    this.#notBeforeMs = nowMs + AGAIN_MS;
    try {
      const given = await lease({ deviceId: this.#camera, quality: 'sub', use: 'wall' });
      if (this.#isOver) return given.release();
      this.#lease = given;
      const unlisten = given.listen(this.#pictures);
      this.#lease = {
        ...given,
        release: () => {
          unlisten();
          given.release();
        },
      };
    } catch {
      // Its tile says that there is no picture; it is asked for again.
    } finally {
      this.#isAsking = false;
    }
  }
}
