import { CodeReader, pixelsOf } from './code-reader.ts';

/** A photo of a telephone is larger than a code needs. */
const SIDE_MAX_PX = 1_600;
/** Of which the decoder may take so long, ms. */
const DECODE_MS = 2_000;

/** What the code in a photo says; null where none is seen. Rejects for a file that is no picture. */
export async function readCode(photo: Blob): Promise<string | null> {
  const picture = await createImageBitmap(photo);
  const reader = new CodeReader();
  try {
    const { width, height } = picture;
    return await reader.read(picture, () => pixelsOf(picture, { width, height, sideMaxPx: SIDE_MAX_PX }), DECODE_MS);
  } finally {
    reader.close();
    picture.close();
  }
}
