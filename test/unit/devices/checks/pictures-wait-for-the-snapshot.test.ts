import t from 'tap';
import { CheckPictures } from '../../../../src/devices/checks/pictures.ts';
import type { NoPicture, Seen } from '../../../../src/devices/checks/video.ts';

const SIGNAL = new AbortController().signal;
const NONE: NoPicture = { failed: 'nonsense', detail: 'Its picture cannot be decoded.' };
const PAGE = Buffer.from('page');
const seenAs = (width: number): Seen => ({ width, height: 100, brightnessPct: 50, contrastPct: 20 });

/** Pictures are told by their width; `broken` names those that cannot be decoded. */
function open(broken: readonly unknown[] = []) {
  const runs: string[] = [];
  const isBroken = (picture: unknown): boolean => broken.includes(picture);
  const of = (picture: unknown): Seen => seenAs(picture === 'video' ? 640 : 320);
  const pictures = new CheckPictures({
    jpeg: String,
    seen: async (picture) => {
      runs.push(String(picture));
      return isBroken(picture) ? NONE : of(picture);
    },
    seenBoth: async (both) => {
      runs.push(both.join(' and '));
      return both.some(isBroken) ? NONE : [of(both[0]), of(both[1])];
    },
  });
  return { pictures, runs };
}

t.test('video and snapshot are decoded in one run, and each is told by its own size', async (t) => {
  const { pictures, runs } = open();
  t.match(pictures.wait('H.264', 'video'), { grade: 'ok' });
  t.equal(pictures.isWaiting, true);
  t.match(await pictures.lookAtSnapshot(PAGE, SIGNAL), { grade: 'ok', seen: /^JPEG, 320x100/ });
  t.match(await pictures.lookAtWaiting(SIGNAL), { grade: 'ok', seen: /^H.264, 640x100/ });
  t.same(runs, ['video and page']);
  t.equal(pictures.best, 'video');
});

t.test('where one of the two is broken, each is looked at alone', async (t) => {
  for (const [broken, best, grades] of [
    ['page', 'video', ['failed', 'ok']],
    ['video', 'page', ['ok', 'failed']],
  ] as const) {
    const { pictures, runs } = open([broken]);
    pictures.wait('H.264', 'video');
    const snapshot = await pictures.lookAtSnapshot(PAGE, SIGNAL);
    const video = await pictures.lookAtWaiting(SIGNAL);
    t.same([snapshot.grade, video.grade], grades, `${broken} is broken`);
    t.same(runs, ['video and page', 'page', 'video']);
    t.equal(pictures.best, best);
  }
});

t.test('a picture is decoded where no snapshot comes, and is shown rather than the snapshot', async (t) => {
  const { pictures, runs } = open();
  pictures.wait('H.264', 'video');
  t.match(await pictures.lookAtWaiting(SIGNAL), { seen: /^H.264, 640x100/ });
  t.same(runs, ['video']);
  t.equal(pictures.best, 'video');
  const alone = open();
  t.match(await alone.pictures.lookAtSnapshot(PAGE, SIGNAL), { seen: /^JPEG, 320x100/ });
  t.equal(alone.pictures.best, 'page');
});
