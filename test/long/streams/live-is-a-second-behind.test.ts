import t from 'tap';
import { numberedFilm, PICTURES, READ_NUMBERS, type ReadNumber } from '../../support/streams/pictures/numbered-film.ts';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { watchedConsole } from '../../support/web/watched-console.ts';

/** What a page is to be behind its cameras at most, for 95 of 100 looks. */
const BEHIND_MS = 1_200;
const READINGS = 1_200;

t.test('four pictures are about a second behind their cameras', async (t) => {
  const sent = Array.from({ length: 4 }, () => new Map<number, number>());
  const note = (camera: number, picture: number) => void sent[camera]!.set(picture % PICTURES, Date.now());
  const { url } = await watchedConsole(t, { film: numberedFilm(), sent: note });
  const view = await openBrowser(t);
  await signIn(view, url);
  await until('four playing', async () => (await view.page.locator('.tile-playing').count()) === 4, 60_000);
  const behindMs: number[] = [];
  await until(
    'enough looks',
    async () => {
      const seen: ReadNumber[] = await view.page.evaluate(READ_NUMBERS);
      for (const [tile, { number, atMs }] of seen.entries()) {
        const sentAtMs = sent[tile]!.get(number);
        if (sentAtMs !== undefined) behindMs.push(atMs - sentAtMs);
      }
      return behindMs.length >= READINGS;
    },
    180_000,
  );
  behindMs.sort((a, b) => a - b);
  const at = (share: number) => Math.round(behindMs[Math.floor(behindMs.length * share)]!);
  t.comment(`behind: median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(0.999)} ms, of ${behindMs.length} looks`);
  t.ok(at(0.95) <= BEHIND_MS, `p95 ${at(0.95)} ms`);
});
