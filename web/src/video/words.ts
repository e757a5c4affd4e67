import { VIDEO_TEXTS } from '../texts/video.ts';
import { wording } from '../texts.ts';

/** A text of the video view. */
export const v = wording(VIDEO_TEXTS);
