import { signal } from '@preact/signals';
import { forgetLast, lastOf, remember } from './last-pictures.ts';

/** Pictures wider than this are kept smaller. */
const WIDTH_MAX = 1_280;

/** A canvas over a video: it holds the last picture while there is no live one, or stills where there never is. */
export class KeptPicture {
  /** When what it shows was taken, Unix ms; null while it shows nothing. */
  readonly takenMs = signal<number | null>(null);
  readonly #canvas: HTMLCanvasElement;
  readonly #camera: string;
  readonly #remembers: boolean;

  /**
   * Without `remembers` its pictures end with it. Else the next place of this camera on the page begins with the last
   * of them.
   */
  constructor(canvas: HTMLCanvasElement, { camera, remembers }: { camera: string; remembers: boolean }) {
    this.#canvas = canvas;
    this.#camera = camera;
    this.#remembers = remembers;
    canvas.hidden = true;
    const last = remembers ? lastOf(camera) : null;
    if (last) this.#draw(last.picture, last.picture.width, last.picture.height, last.takenMs);
  }

  /** Keeps what the video shows now; without a picture in it, what was kept before stays. */
  keep(video: HTMLVideoElement, takenMs: number): void {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.#draw(video, video.videoWidth, video.videoHeight, takenMs);
    this.#remember();
  }

  /** Shows a still; rejects when it is none. */
  async show(still: Blob, takenMs: number): Promise<void> {
    const picture = await createImageBitmap(still);
    this.#draw(picture, picture.width, picture.height, takenMs);
    picture.close();
    this.#remember();
  }

  /** The live picture is back. */
  drop(): void {
    this.#canvas.hidden = true;
    this.takenMs.value = null;
  }

  /** This person may not see it any more. */
  forget(): void {
    this.drop();
    forgetLast(this.#camera);
  }

  #remember(): void {
    if (this.#remembers && this.takenMs.value !== null) remember(this.#camera, this.#canvas, this.takenMs.value);
  }

  #draw(source: CanvasImageSource, width: number, height: number, takenMs: number): void {
    if (width === 0 || height === 0) return;
    const scale = Math.min(1, WIDTH_MAX / width);
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.getContext('2d')?.drawImage(source, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#canvas.hidden = false;
    this.takenMs.value = takenMs;
  }
}
