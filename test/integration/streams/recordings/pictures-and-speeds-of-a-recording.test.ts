import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TranscodeBudget, transcodeLimits } from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import { KeyPictures } from '../../../../src/streams/playback/key-pictures.ts';
import { RecordedFiles } from '../../../../src/streams/playback/recorded-files.ts';
import type { Speed } from '../../../../src/streams/playback/speed.ts';
import { ThumbnailCache } from '../../../../src/streams/playback/thumbnail-cache.ts';
import { Thumbnails } from '../../../../src/streams/playback/thumbnails.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Playback } from '../../../../src/streams/recordings/playback.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { stillKept } from '../../../../src/streams/recordings/still-kept.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { fragmentedHevc, fragmentedSteps } from '../../../support/streams/fragmented.ts';
import { NOT_CODED } from '../../../support/streams/recordings/not-coded.ts';
import { type FilmRecorded, recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';

const database = await openDatabase(t);
const { pool } = await startStreams(t);
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const gaps = new GapTable({ database, ownership });
const readerOf = (): DiskReader => reader;
const files = new RecordedFiles({ readerOf });
const cacheDirectory = join(directory, 'thumbnails');
const cache = new ThumbnailCache(cacheDirectory, { filesMax: 6, bytesMax: 1024 * 1024 });
const transcodes = new TranscodeBudget({ clock: systemClock, observer: quietObserver() }, transcodeLimits(100));
const made: number[] = [];
const { sockets, spawner } = pool;
const pictures = new KeyPictures({ clock: systemClock, sockets, spawner, transcodes });
const views: View[] = [];
let refusal: Error | null = null;
const register = async (view: View): Promise<void> => {
  if (refusal) throw refusal;
  views.push(view);
};
const parts = { clock: systemClock, recordings, gaps, files, register };
const counted: Pick<KeyPictures, 'make'> = {
  make: (some, width) => {
    made.push(some.length);
    return pictures.make(some, width);
  },
};
const thumbnails = new Thumbnails({ ...parts, pictures: counted, cache });
const playback = new Playback({ ...parts, coded: NOT_CODED, readerOf });
const view = look('cam-1');
/** Six seconds of steps, a hole, and two of another codec. */
const beginMs = Math.floor(systemClock.nowMs() / 1_000) * 1_000 - 3_600_000;
const otherMs = beginMs + 20_000;
let films: FilmRecorded[];

t.before(async () => {
  await cache.start();
  films = [
    await recordFilm(recordings, directory, { device: 'cam-1', startsAtMs: beginMs, film: fragmentedSteps(6) }),
    await recordFilm(recordings, directory, { device: 'cam-1', startsAtMs: otherMs, film: fragmentedHevc() }),
  ];
  const hole = { fromMs: films[0]!.endsAtMs, toMs: otherMs };
  await gaps.write([{ device: 'cam-1', quality: 'main', ...hole, reason: { cause: 'camera', detail: 'it was off' } }]);
});

/** Width and brightness (0 to 255) of a JPEG, by ffmpeg itself. */
function seen(jpeg: Buffer): { width: number; level: number } {
  const path = join(directory, 'one.jpg');
  writeFileSync(path, jpeg);
  const size = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=width', '-of', 'csv=p=0', path]);
  const level = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-i',
    path,
    '-vf',
    'scale=1:1,format=gray',
    '-f',
    'rawvideo',
    '-',
  ]);
  return { width: Number(String(size).trim()), level: level[0]! };
}

t.test('a moment is shown by the key frame at or before it, and a hole by nothing', async (t) => {
  const at = [0, 900, 2_100, 5_999, 8_000, 20_500, 40_000].map((ms) => beginMs + ms);
  const found = await thumbnails.of(view, { atMs: at, width: 160 });
  const told = found.map((one) => ('jpeg' in one ? one.takenAtMs - beginMs : one.missing.cause));
  t.same(told, [0, 0, 2_000, 5_000, 'camera', 20_000, 'not-recorded']);
  t.equal(views.length, 1, 'the look is registered once, and before anything was made');
  const levels = found.flatMap((one) => ('jpeg' in one && one.atMs < otherMs ? [seen(one.jpeg)] : []));
  for (const [index, second] of [0, 0, 2, 5].entries()) {
    const { width, level } = levels[index]!;
    t.equal(width, 160);
    t.ok(Math.abs(level - (20 + 20 * second)) < 4, `${level} in second ${second}`);
  }
  t.same(made, [4], 'the same key frame is made once, and both codecs are');
  await thumbnails.of(view, { atMs: at.slice(0, 3), width: 160 });
  t.same(made, [4, 0], 'what was made is kept');
});

t.test('nothing is kept longer than its recording, nor more than there is room for', async (t) => {
  await thumbnails.of(view, { atMs: [0, 1, 2, 3, 4, 5].map((s) => beginMs + s * 1_000), width: 64 });
  t.ok(cache.size.files <= 6, `${cache.size.files}`);
  t.equal(readdirSync(cacheDirectory).length, cache.size.files);
  const [first] = await recordings.within({ device: 'cam-1', quality: 'main', fromMs: otherMs, toMs: otherMs + 1 }, 1);
  await thumbnails.of(view, { atMs: [otherMs], width: 64 });
  const before = cache.size.files;
  await recordings.forget([first!], {
    atMs: systemClock.nowMs(),
    pinned: { files: 0, bytes: 0 },
    reason: 'time',
  } as never);
  await cache.tidy((some) => stillKept(database, some));
  t.ok(cache.size.files < before);
  t.equal(readdirSync(cacheDirectory).length, cache.size.files);
  const [gone] = await thumbnails.of(view, { atMs: [otherMs], width: 64 });
  t.match(gone, { missing: { cause: 'not-recorded' } });
});

t.test('no picture leaves without its row, and a file that is not as its row says shows none', async (t) => {
  refusal = new Error('the register is away');
  await t.rejects(thumbnails.one(view, { atMs: beginMs, width: 160 }), /the register is away/);
  refusal = null;
  await t.rejects(thumbnails.one(view, { atMs: beginMs - 1, width: 160 }), { code: 'not-found', message: /picture/ });
  await t.rejects(thumbnails.one(view, { atMs: systemClock.nowMs() + 1e9, width: 160 }), /still to come/);
  await t.rejects(thumbnails.one(view, { atMs: systemClock.nowMs() - 1e3, width: 160 }), /minute is over/);
  await t.rejects(thumbnails.one(view, { atMs: -62_135_596_800_000, width: 160 }), { code: 'not-found' });
});

/** Serves what playlists name, as the gateway does, to players. */
async function served(speed: Speed, how: 'plain' | 'keys' = 'plain') {
  const span = { fromMs: beginMs, toMs: beginMs + 3_600_000 };
  const playlist = await {
    plain: () => playback.playlist(view, span, speed),
    keys: () => playback.keysPlaylist(view, span, speed),
  }[how]();
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname, searchParams } = new URL(request.url!, 'http://any');
      if (pathname.endsWith('.m3u8')) return response.end(playlist);
      const [, startsAtMs, leaseEpoch, type] = /(\d+)-(\d+)\.(\w+)$/.exec(pathname)!;
      const of = { startsAtMs: Number(startsAtMs), leaseEpoch: Number(leaseEpoch) };
      const asked = Number(searchParams.get('speed') ?? 1) as Speed;
      if (type === 'm4s') return response.end(await playback.keys(view, of, asked));
      const { bytes, read } = await playback.file(view, of, asked);
      const [, from = '0', to = `${bytes - 1}`] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
      const [start, end] = [Number(from), to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)];
      response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${bytes}` });
      return response.end(await read(start, end));
    })().catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/playback.m3u8`, playlist };
}

/** Times of all pictures, in seconds, as a player shows them. */
function timesOf(url: string): Promise<number[]> {
  const args = ['-v', 'error', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0', url];
  return new Promise((resolve, reject) => {
    import('node:child_process').then(({ execFile }) =>
      execFile('ffprobe', args, (error, stdout) =>
        error ? reject(error) : resolve(stdout.split('\n').flatMap((line) => (line ? [Number.parseFloat(line)] : []))),
      ),
    );
  });
}

t.test('a recording plays faster, with every picture up to four times', async (t) => {
  for (const speed of [1, 2, 4] as const) {
    const { url, playlist } = await served(speed);
    const times = await timesOf(url);
    t.equal(times.length, 72, 'every picture is there');
    const lengthS = times.at(-1)! - times[0]!;
    t.ok(Math.abs(lengthS - 71 / 12 / speed) < 0.02, `${lengthS} s at ${speed}`);
    t.match(playlist, `#EXTINF:${(6 / speed).toFixed(3)},`);
    t.match(playlist, `#EXT-X-PROGRAM-DATE-TIME:${new Date(beginMs).toISOString()}`);
  }
});

t.test('beyond that it shows key frames, no closer than people see them', async (t) => {
  for (const [speed, shown] of [
    [8, 6],
    [16, 3],
    [64, 1],
  ] as const) {
    const { url, playlist } = await served(speed);
    const times = await timesOf(url);
    t.equal(times.length, shown, `${speed}`);
    const gap = times.length > 1 ? times[1]! - times[0]! : 0;
    t.ok(times.length === 1 || Math.abs(gap - 6 / shown / speed) < 0.01, `${gap} s between at ${speed}`);
    t.match(playlist, `#EXTINF:${(6 / speed).toFixed(3)},`);
  }
});

t.test('key frames for scrubbing stand where a faster playlist has them', async (t) => {
  for (const speed of [2, 4] as const) {
    const { playlist } = await served(speed, 'keys');
    t.equal(playlist.match(new RegExp(`#EXTINF:${(1 / speed).toFixed(3)},`, 'g'))?.length, 6);
    t.match(playlist, new RegExp(`MAP:URI="[^"]+speed=${speed}"`), 'by the faster clock of that playlist');
  }
  const span = { fromMs: beginMs, toMs: beginMs + 3_600_000 };
  await t.rejects(playback.keysPlaylist(view, span, 8), { code: 'request.invalid', issues: [{ path: 'speed' }] });
});

t.test('each key frame of a scrubbing playlist is a picture by itself, at its time', async (t) => {
  const { url, playlist } = await served(1, 'keys');
  t.match(playlist, '#EXT-X-I-FRAMES-ONLY');
  const ranges = [...playlist.matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)/g)];
  t.equal(ranges.length, 6);
  const moments = [...playlist.matchAll(/PROGRAM-DATE-TIME:(\S+)/g)].map(([, at]) => Date.parse(at!) - beginMs);
  t.same(moments, [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
  const map = /BYTERANGE="(\d+)@0"/.exec(playlist)!;
  const part = async (name: string, from: number, bytes: number): Promise<Buffer> => {
    const range = `bytes=${from}-${from + bytes - 1}`;
    const answer = await fetch(new URL(name, url), { headers: { range } });
    return Buffer.from(await answer.arrayBuffer());
  };
  for (const [index, [, bytes, from, name]] of ranges.entries()) {
    const one = join(directory, `key-${index}.mp4`);
    writeFileSync(
      one,
      Buffer.concat([await part(name!, 0, Number(map[1])), await part(name!, Number(from), Number(bytes))]),
    );
    const args = ['-v', 'quiet', '-i', one, '-frames:v', '1', '-vf', 'scale=1:1,format=gray', '-f', 'rawvideo', '-'];
    const [level] = execFileSync('ffmpeg', args);
    t.ok(Math.abs(level! - ((20 + 20 * index - 16) * 255) / 219) < 4, `${level} in second ${index}`);
  }
});

t.test('a time that is too long, empty or before everything is said so', async (t) => {
  await t.rejects(playback.playlist(view, { fromMs: 0, toMs: 1 }, 8), { code: 'not-found' });
  await t.rejects(playback.keysPlaylist(view, { fromMs: 0, toMs: 1 }), { code: 'not-found' });
  const of = { startsAtMs: beginMs, leaseEpoch: 1 };
  rmSync(films[0]!.path);
  const again = new RecordedFiles({ readerOf });
  const blind = new Playback({ ...parts, coded: NOT_CODED, files: again, readerOf });
  await t.rejects(blind.keys(view, of, 8), { code: 'not-found' });
  await t.rejects(blind.file(view, of, 2), { code: 'not-found' });
  const shown = new Thumbnails({ ...parts, files: again, pictures, cache });
  t.match(await shown.of(view, { atMs: [beginMs], width: 99 }), [{ missing: { cause: 'file-lost' } }]);
});
