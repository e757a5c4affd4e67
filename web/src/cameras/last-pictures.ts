import { effect } from '@preact/signals';
import { whoIs } from '../session.ts';

/** As many as a page has tiles; each takes some 500 kB. */
const PICTURES_MAX = 64;
const WIDTH_MAX = 480;

export interface LastPicture {
  picture: HTMLCanvasElement;
  /** Unix ms, by the gateway's clock. */
  takenMs: number;
}

/** What each camera showed last on this page, the one that was drawn least lately first. Never kept beyond the page. */
const pictures = new Map<string, LastPicture>();

// What one person has seen is nothing for the next one at this desk.
effect(() => {
  void whoIs.value;
  pictures.clear();
});

/** The last picture of a camera on this page, if there was one. */
export function lastOf(camera: string): LastPicture | null {
  return pictures.get(camera) ?? null;
}

/** Keeps a small copy of what a canvas shows. */
export function remember(camera: string, shown: HTMLCanvasElement, takenMs: number): void {
  const picture = pictures.get(camera)?.picture ?? document.createElement('canvas');
  const scale = Math.min(1, WIDTH_MAX / shown.width);
  picture.width = Math.round(shown.width * scale);
  picture.height = Math.round(shown.height * scale);
  picture.getContext('2d')?.drawImage(shown, 0, 0, picture.width, picture.height);
  pictures.delete(camera);
  pictures.set(camera, { picture, takenMs });
  const [oldest] = pictures.keys();
  if (pictures.size > PICTURES_MAX && oldest !== undefined) pictures.delete(oldest);
}

export function forgetLast(camera: string): void {
  pictures.delete(camera);
}
