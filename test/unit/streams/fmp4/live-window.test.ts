import t from 'tap';
import { type Epoch, LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';
import { FragmentParser, type InitSegment } from '../../../../src/streams/fmp4/parser.ts';
import { type Fragment, WallClock } from '../../../../src/streams/fmp4/wall-clock.ts';
import { livePart, masterPlaylist, mediaPlaylist } from '../../../../src/streams/live/hls.ts';
import { fragmentedFilm } from '../../../support/streams/fragmented.ts';
import { packetTimes } from '../../../support/streams/players.ts';

/** When the first picture was taken. */
const START_MS = Date.parse('2026-11-28T08:00:00.000Z');

function epoch(name: string): Epoch {
  const movie = { trackId: 1, timescale: 1000, codec: 'avc1.4d401f', width: 768, height: 576 };
  const init: InitSegment = {
    data: Buffer.from(name),
    movie: { ...movie, sampleDuration: 0, sampleFlags: 0, sound: null },
  };
  return { token: Buffer.from(name.padEnd(6, '-')).toString('hex'), init, leaseEpoch: 1 };
}

function fragment(key: boolean, times: Partial<Fragment> = {}, bytes = 100): Fragment {
  const data = Buffer.alloc(bytes, key ? 1 : 2);
  return { data, decodeTimeMs: 0, startsAtMs: START_MS, durationMs: 500, key, ...times };
}

/** Pictures for `seconds`, with a key frame every `gopMs`. */
function feed(window: LiveWindow, seconds: number, gopMs = 2_000, bytes = 100): void {
  for (let atMs = 0; atMs < seconds * 1000; atMs += 500) window.add(fragment(atMs % gopMs === 0, {}, bytes));
}

t.test('after the first fragment, segments end at key frames and are two seconds long', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  feed(window, 9);
  t.same(
    window.announced().map(({ sequence, durationMs, independent }) => [sequence, durationMs, independent]),
    [
      [0, 500, true],
      [1, 1_500, false],
      [2, 2_000, true],
      [3, 2_000, true],
      [4, 2_000, true],
    ],
  );
  t.equal(window.targetS, 2);
});

t.test('pictures before the first key frame of a run are not shown', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  window.add(fragment(false));
  t.equal(window.newestKey(), null);
  t.equal(window.sizeBytes, 0);
});

t.test('the window slides: old segments go, numbers go on', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  feed(window, 61);
  const announced = window.announced();
  t.equal(announced.length, 5);
  t.equal(announced.at(-1)?.sequence, 30);
  t.equal(livePart(window, `${epoch('a').token}-0.m4s`), null, 'long gone');
  t.ok(livePart(window, `${epoch('a').token}-25.m4s`), 'left the playlist a moment ago, still served');
  t.ok(window.sizeBytes <= 100 * 4 * 8, 'memory is bounded');
});

t.test('a camera that never sends another key frame is cut between them, and the playlist says so', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  feed(window, 35, 60_000);
  t.equal(window.targetS, 10);
  for (const segment of window.announced()) t.ok(segment.durationMs <= 10_499);
  t.notMatch(mediaPlaylist(window), /INDEPENDENT/);
});

t.test('a segment larger than everything allowed does not grow without end', async (t) => {
  const window = new LiveWindow({ segmentMs: 1_900, windowMs: 10_000, bytesMax: 1_000 });
  window.begin(epoch('a'));
  for (let n = 0; n < 100; n += 1) {
    window.add(fragment(n === 0, {}, 300));
    t.ok(window.sizeBytes <= 1_300);
  }
});

t.test('a new run begins with a discontinuity and its own initialisation segment', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  feed(window, 5);
  window.begin(epoch('b'));
  feed(window, 3);
  const lines = (mediaPlaylist(window, '?quality=main') ?? '').split('\n');
  t.equal(lines.filter((line) => line === '#EXT-X-DISCONTINUITY').length, 1);
  t.same(
    lines.filter((line) => line.includes('EXT-X-MAP')),
    [epoch('a'), epoch('b')].map(({ token }) => `#EXT-X-MAP:URI="${token}.mp4?quality=main"`),
  );
  t.equal(livePart(window, `${epoch('b').token}.mp4`)?.toString(), 'b');
  t.equal(livePart(window, `${epoch('a').token}.mp4`)?.toString(), 'a');
});

t.test('the playlist of a window without a fragment does not exist', async (t) => {
  const window = new LiveWindow();
  t.equal(mediaPlaylist(window), null);
  window.begin(epoch('a'));
  t.equal(mediaPlaylist(window), null);
});

t.test('a window begins with its first picture, shown for two target durations before it was taken', async (t) => {
  const window = new LiveWindow();
  const clock = new WallClock();
  let newestKey: Fragment | null = null;
  for (const part of new FragmentParser().push(fragmentedFilm(4))) {
    if (part.type === 'init') window.begin({ ...epoch('a'), init: part.init });
    else {
      const one = clock.stamp(part.fragment, START_MS);
      if (one.key) newestKey = one;
      window.add(one);
    }
  }
  const [first, second, short, rest] = window.announced();
  t.match(
    [first, second],
    [
      { still: true, durationMs: 2_000 },
      { still: true, durationMs: 2_000 },
    ],
  );
  t.match(
    [short, rest],
    [
      { still: false, durationMs: 500 },
      { still: false, durationMs: 1_500 },
    ],
  );
  t.equal(window.newestKey()?.fragment, newestKey, 'which no still is made of');
  t.equal(window.recent(60_000)?.fragments.length, 8);
  const text = mediaPlaylist(window) ?? '';
  t.equal(text.match(/PROGRAM-DATE-TIME/g)?.length, 2, 'and says no time');
  t.notMatch(text, /INDEPENDENT/, 'nor that every segment can be decoded alone');
  const { token } = epoch('a');
  const names = [`${token}.mp4`, ...window.announced().map(({ sequence }) => `${token}-${sequence}.m4s`)];
  const file = Buffer.concat(names.map((name) => livePart(window, name) ?? Buffer.alloc(0)));
  t.same((await packetTimes(file)).slice(0, 6), [26, 27, 28, 29, 30, 30.1]);
});

t.test('what was learnt of a camera is promised to the next player', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  for (let n = 0; n < 50; n += 1) {
    window.add(fragment(n % 10 === 0));
    if (n === 0) t.match(mediaPlaylist(window), /TARGETDURATION:2\n/);
  }
  t.match(mediaPlaylist(window), /TARGETDURATION:2\n/, 'what was promised stays');
  window.reset();
  window.begin(epoch('b'));
  window.add(fragment(true));
  t.match(mediaPlaylist(window), /TARGETDURATION:5\n/);
});

t.test('playlists never take back what they promised', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  let before = { sequence: 0, discontinuity: 0, target: 0 };
  for (let n = 0; n < 400; n += 1) {
    if (n % 70 === 69) window.begin(epoch(`run${n}`));
    window.add(fragment(n % 7 === 0 || n % 70 === 69, { durationMs: 480 }));
    const text = mediaPlaylist(window);
    if (!text) continue;
    const number = (tag: string) => Number(new RegExp(`#EXT-X-${tag}:(\\d+)`).exec(text)?.[1]);
    const now = {
      sequence: number('MEDIA-SEQUENCE'),
      discontinuity: number('DISCONTINUITY-SEQUENCE'),
      target: number('TARGETDURATION'),
    };
    t.ok(now.sequence >= before.sequence && now.discontinuity >= before.discontinuity, text);
    if (before.target) t.equal(now.target, before.target);
    for (const [, seconds] of text.matchAll(/#EXTINF:([\d.]+)/g)) t.ok(Math.round(Number(seconds)) <= now.target);
    before = now;
  }
});

t.test('the master playlist says codec, size and bits a second before anything is fetched', async (t) => {
  const window = new LiveWindow();
  t.equal(masterPlaylist(window), null);
  window.begin(epoch('a'));
  for (let n = 0; n < 13; n += 1) window.add(fragment(n % 4 === 0, {}, n < 4 ? 1_000 : 250));
  t.same(masterPlaylist(window, '?quality=sub')?.split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-STREAM-INF:BANDWIDTH=16000,AVERAGE-BANDWIDTH=8000,CODECS="avc1.4d401f",RESOLUTION=768x576',
    'media.m3u8?quality=sub',
    '',
  ]);
});

t.test('each segment says when its first picture was taken', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  for (let n = 0; n < 9; n += 1) window.add(fragment(n % 4 === 0, { startsAtMs: START_MS + n * 500.3 }));
  const times = [...(mediaPlaylist(window) ?? '').matchAll(/#EXT-X-PROGRAM-DATE-TIME:(\S+)/g)];
  t.same(
    times.map(([, time]) => time),
    ['2026-11-28T08:00:00.000Z', '2026-11-28T08:00:00.500Z', '2026-11-28T08:00:02.001Z'],
  );
});

t.test('names that were never given out are unknown', async (t) => {
  const window = new LiveWindow();
  window.begin(epoch('a'));
  feed(window, 5);
  for (const name of [
    '../x.mp4',
    'constructor.mp4',
    '',
    `${epoch('a').token}-99.m4s`,
    `${epoch('a').token}-1.m4s/..`,
  ]) {
    t.equal(livePart(window, name), null, name);
  }
});
