import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { until } from '../../time/until.ts';
import type { Place } from './places.ts';

/** Widths of the screens that the console is made for, with their heights, px. */
export const SIZES = {
  1440: { width: 1440, height: 900 },
  1920: { width: 1920, height: 1080 },
  390: { width: 390, height: 844 },
} as const;

/** Goes to a place, and waits until all that was asked for there is answered and drawn. */
export async function goThere(page: Page, url: string, { path, there, doThere }: Place): Promise<void> {
  const isAnswered = answersOf(page);
  await page.goto(`${url}${path}`);
  await page.locator(there).first().waitFor();
  await doThere?.(page);
  await until(`${path} to be answered`, isAnswered);
  await page.evaluate(DRAWN);
}

/** Letters, and pictures that are in view, and one more frame. */
const DRAWN = `(async () => {
  await document.fonts.ready;
  const pictures = [...document.images].filter(({ src, loading }) => src !== '' && loading !== 'lazy');
  await Promise.all(pictures.map((one) => one.decode().catch(() => undefined)));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
})()`;

/** What the API is asked but for streams, which have no end. */
const ASKED = /\/api\/v1\/(?!.*(\/stream(\?|$)|\.m3u8|\/live))/;

/** Tells whether every request that a page made from now on was answered. */
function answersOf(page: Page): () => boolean {
  const open = new Set<object>();
  page.on('request', (request) => {
    if (ASKED.test(request.url())) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return () => open.size === 0;
}

/** Keeps a picture of all of a page, or with `inView` of what is seen of it without scrolling. */
export async function picture(page: Page, path: string, { inView = false } = {}): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const before = page.viewportSize();
  // A page is drawn as far as it is in view, and a picture of more would be empty below.
  const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
  const grows = !inView && before !== null && height > before.height;
  if (grows) await page.setViewportSize({ ...before, height });
  await page.evaluate(DRAWN);
  await page.screenshot({ path, animations: 'disabled' });
  if (grows) await page.setViewportSize(before);
}

/** So many colours are enough for a page with photographs on it, and a third of the bytes. */
const COLOURS = 'split[a][b];[a]palettegen=max_colors=192[p];[b][p]paletteuse=dither=none';

/** Makes a picture small enough for the documentation. */
export async function lighten(path: string, { width }: { width: number }): Promise<void> {
  const small = `${path}.small.png`;
  const filter = `scale=${width}:-1:flags=lanczos,${COLOURS}`;
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', path, '-filter_complex', filter, small]);
  await rename(small, path);
}
