import { type Finding, ok } from './steps.ts';
import { type Coded, isMissing, judgePicture, missing, type Seen, type VideoLooks } from './video.ts';

interface Waiting {
  /** The beginning of the sentence, `H.264`. */
  what: string;
  picture: Coded;
}

/**
 * The pictures of one camera during a check. That of its video waits for the snapshot, so that both are decoded in one
 * run of ffmpeg; where that tells nothing, each is looked at alone.
 */
export class CheckPictures {
  readonly #video: Pick<VideoLooks, 'seen' | 'seenBoth' | 'jpeg'>;
  #waiting: Waiting | null = null;
  #seen: Seen | null = null;
  #best: Coded | null = null;

  constructor(video: Pick<VideoLooks, 'seen' | 'seenBoth' | 'jpeg'>) {
    this.#video = video;
  }

  /** The picture to show, of the video rather than the snapshot; null where none was decoded. */
  get best(): Coded | null {
    return this.#best;
  }

  /** Whether one of the video is still to be judged, by {@link lookAtWaiting}. */
  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** Keeps a picture of the video for the snapshot to come. */
  wait(what: string, picture: Coded): Finding {
    this.#waiting = { what, picture };
    return ok(`${what}.`);
  }

  async look(what: string, picture: Coded, signal: AbortSignal): Promise<Finding> {
    const seen = await this.#video.seen(picture, signal);
    if (isMissing(seen)) return missing(seen);
    this.#best ??= picture;
    return judgePicture(what, seen);
  }

  /** Looks at the snapshot, and at what waits for it. */
  async lookAtSnapshot(bytes: Buffer, signal: AbortSignal): Promise<Finding> {
    const jpeg = this.#video.jpeg(bytes);
    if (this.#waiting) {
      const both = await this.#video.seenBoth([this.#waiting.picture, jpeg], signal);
      if (!isMissing(both)) {
        this.#seen = both[0];
        this.#best = this.#waiting.picture;
        return judgePicture('JPEG', both[1]);
      }
    }
    return await this.look('JPEG', jpeg, signal);
  }

  /** What is to be said of the picture that waited; it is decoded alone where it was not seen beside the snapshot. */
  async lookAtWaiting(signal: AbortSignal): Promise<Finding> {
    const { what, picture } = this.#waiting!;
    if (this.#seen) return judgePicture(what, this.#seen);
    const jpeg = this.#best;
    this.#best = null;
    const finding = await this.look(what, picture, signal);
    this.#best ??= jpeg;
    return finding;
  }
}
