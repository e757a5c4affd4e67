/** What the gateway takes (src/api/server/limits.ts), less a little. */
const BYTES_MAX = 8 * 1024 * 1024 - 64 * 1024;
const TAKEN = ['image/jpeg', 'image/png'];
/** Of a photo that has to become smaller, or another kind of file. */
const SIDE_MAX_PX = 2_560;
const QUALITY = 0.85;

/**
 * A photo as the gateway takes it: as it is where that is possible, so that it still says where it was taken. Rejects
 * for a file that is no picture.
 */
export async function preparedPhoto(file: Blob): Promise<{ type: string; bytes: ArrayBuffer }> {
  const picture = await createImageBitmap(file);
  try {
    if (TAKEN.includes(file.type) && file.size <= BYTES_MAX) {
      return { type: file.type, bytes: await file.arrayBuffer() };
    }
    const scale = Math.min(1, SIDE_MAX_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
    if (!made) throw new TypeError('no picture');
    return { type: made.type, bytes: await made.arrayBuffer() };
  } finally {
    picture.close();
  }
}
