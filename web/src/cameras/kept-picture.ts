/** Pictures wider than this are kept smaller. */
const WIDTH_MAX = 1_280;

/** A canvas over a video: it holds the last picture while there is no live one, or stills where there never is. */
export class KeptPicture {
  readonly #canvas: HTMLCanvasElement;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    canvas.hidden = true;
  }

  /** Keeps what the video shows now; without a picture in it, what was kept before stays. */
  keep(video: HTMLVideoElement): void {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.#draw(video, video.videoWidth, video.videoHeight);
  }

  /** Shows a still; rejects when it is none. */
  async show(still: Blob): Promise<void> {
    const picture = await createImageBitmap(still);
    this.#draw(picture, picture.width, picture.height);
    picture.close();
  }

  /** The live picture is back. */
  drop(): void {
    this.#canvas.hidden = true;
  }

  #draw(source: CanvasImageSource, width: number, height: number): void {
    if (width === 0 || height === 0) return;
    const scale = Math.min(1, WIDTH_MAX / width);
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.getContext('2d')?.drawImage(source, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#canvas.hidden = false;
  }
}
