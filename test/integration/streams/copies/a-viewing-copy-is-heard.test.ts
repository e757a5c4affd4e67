import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Burner } from '../../../../src/streams/copies/burner.ts';
import { CopyFiles } from '../../../../src/streams/copies/copy-files.ts';
import { Letters } from '../../../../src/streams/copies/letters.ts';
import { piecesOf } from '../../../../src/streams/copies/pieces.ts';
import type { ExportFile } from '../../../../src/streams/exports/export.ts';
import { TranscodeBudget, transcodeLimits } from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import { FragmentParser, type InitSegment } from '../../../../src/streams/fmp4/parser.ts';
import { samplesOf, soundIn } from '../../../../src/streams/fmp4/samples.ts';
import { judge } from '../../../support/judges.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { fragmentedFilm, fragmentedWithSound } from '../../../support/streams/fragmented.ts';
import { decodeFile, packetTimes } from '../../../support/streams/players.ts';
import { startStreams } from '../../../support/streams/streams.ts';

const FROM_MS = 1_700_000_000_000;
const HOLE_MS = 20_000;
const RATE = 16_000;
const APART_MAX_S = 0.01;

const { pool } = await startStreams(t);
const font = { path: (await judge('fonts')).command, name: 'WenQuanYiMicroHei' };
const letters = await Letters.open(font, 20);
const transcodes = new TranscodeBudget({ clock: systemClock, observer: quietObserver() }, transcodeLimits(100));
const burner = new Burner({ clock: systemClock, sockets: pool.sockets, spawner: pool.spawner, transcodes });

interface Heard {
  /** When it begins, seconds after the first picture. */
  atS: number;
  md5: string;
}

interface Recorded extends Heard {
  endS: number;
}

/** A recording in files, and what sounds in each: seconds after its first picture. */
interface Film {
  init: InitSegment;
  fragments: Buffer[];
  heard: Recorded[];
  /** When each picture is shown, seconds after the first. */
  shown: number[];
  lengthS: number;
}

function filmOf(file: Buffer): Film {
  const parts = new FragmentParser().push(file);
  const { init } = parts.find((part) => part.type === 'init')!;
  const found = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const { movie } = init;
  const zeroS = samplesOf(found[0]!.data, movie)[0]!.decodeTime / movie.timescale;
  const heard = found.flatMap(({ data }) =>
    soundIn(data, movie).map((one) => {
      const atS = one.decodeTime / movie.sound!.timescale - zeroS;
      return { md5: md5(one.data), atS, endS: atS + one.duration / movie.sound!.timescale };
    }),
  );
  const shown = found.flatMap(({ data }) =>
    samplesOf(data, movie).map(({ decodeTime }) => decodeTime / movie.timescale - zeroS),
  );
  const lengthS = found.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  return { init, fragments: found.map(({ data }) => data), heard, shown, lengthS };
}

/** What of it sounds while there is a picture. */
function withPictures({ heard, lengthS }: Film): Heard[] {
  return heard.filter(({ atS, endS }) => atS >= 0 && endS <= lengthS + 0.001);
}

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}

/** The packets of sound of a file, as ffprobe finds them; it must not complain. */
function heardIn(path: string): Heard[] {
  const entries = ['-select_streams', 'a', '-show_entries', 'packet=pts_time,data_hash', '-show_data_hash', 'md5'];
  const out = execFileSync('ffprobe', ['-v', 'error', ...entries, '-of', 'json', path], { maxBuffer: 64 * 1024 ** 2 });
  const { packets } = JSON.parse(String(out)) as { packets: { pts_time: string; data_hash: string }[] };
  return packets.map((one) => ({ atS: Number(one.pts_time), md5: one.data_hash.replace('MD5:', '') }));
}

/** One copy of some files, made as the work makes it; resolves with the paths of its videos. */
async function copied(films: { film: Film; startsAtMs: number; continuity: string }[]): Promise<string[]> {
  const folder = await temporaryDirectory(t);
  const files = new CopyFiles(join(folder, 'copy'));
  await files.start();
  const rows: ExportFile[] = [];
  for (const [number, { film, startsAtMs, continuity }] of films.entries()) {
    const path = join(folder, `${number}.mp4`);
    writeFileSync(path, Buffer.concat([film.init.data, ...film.fragments]));
    let piece = 0;
    for await (const one of piecesOf(path, startsAtMs)) {
      const coded = await burner.burn(one, { letters, text: 'somebody' }, new AbortController().signal);
      await files.piece(number, piece, coded);
      piece += 1;
    }
    await files.done(number);
    const endsAtMs = startsAtMs + film.lengthS * 1_000;
    const row = { number, path: `cam-1/${number}.mp4`, device: 'cam-1', startsAtMs, endsAtMs, continuity };
    rows.push(row as ExportFile);
  }
  return (await files.join(rows)).map(({ path }) => join(folder, 'copy', path));
}

const film = filmOf(fragmentedWithSound({ rate: RATE, channels: 1, seconds: 23 }));

t.test('what was recorded with sound is heard in the copy, as it was and when it was', async (t) => {
  const [path, ...more] = await copied([{ film, startsAtMs: FROM_MS, continuity: 'a' }]);
  t.same(more, []);
  const data = readFileSync(path!);
  t.equal(await decodeFile(data), '', 'both decode');
  const probed = execFileSync('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_name',
    '-of',
    'csv=p=0',
    path!,
  ]);
  t.same(String(probed).trim().split('\n'), ['h264', 'aac']);
  const wanted = withPictures(film);
  const heard = heardIn(path!);
  t.strictSame(
    heard.map((one) => one.md5),
    wanted.map((one) => one.md5),
    'over the pieces that it was made of, each byte as it was',
  );
  const apart = heard.map(({ atS }, at) => Math.abs(atS - wanted[at]!.atS));
  t.ok(Math.max(...apart) < APART_MAX_S, `at most ${Math.max(...apart)} s from its pictures`);
  const pictures = await packetTimes(data);
  t.equal(pictures.length, film.shown.length);
  t.ok(pictures.every((atS, at) => Math.abs(atS - film.shown[at]!) < APART_MAX_S));
});

/** A film cut in two files in the middle; its sound is written where it was, before or after the cut. */
function halvesOf({ init, fragments, heard, shown }: Film): [Film, Film] {
  const middle = Math.floor(fragments.length / 2);
  const cut = fragments.findIndex((data, at) => at >= middle && samplesOf(data, init.movie)[0]!.key);
  return [fragments.slice(0, cut), fragments.slice(cut)].map((some) => {
    const ticks = some.flatMap((data) => samplesOf(data, init.movie)).reduce((sum, { duration }) => sum + duration, 0);
    return { init, fragments: some, heard, shown, lengthS: ticks / init.movie.timescale };
  }) as [Film, Film];
}

t.test('sound goes on from file to file, and is left out with what was not recorded', async (t) => {
  const [first, second] = halvesOf(film);
  const at = (startsAtMs: number, one: Film, continuity = 'a') => ({ film: one, startsAtMs, continuity });
  const secondMs = FROM_MS + first.lengthS * 1_000;
  const [whole] = await copied([at(FROM_MS, first), at(secondMs, second)]);
  const wanted = withPictures(film);
  t.strictSame(
    heardIn(whole!).map((one) => one.md5),
    wanted.map((one) => one.md5),
    'nothing is lost between two files of one run',
  );

  const [path] = await copied([at(FROM_MS, first), at(secondMs + HOLE_MS, second, 'b')]);
  const data = readFileSync(path!);
  t.equal(await decodeFile(data), '');
  const heard = heardIn(path!);
  t.ok(
    heard.every(({ atS }, index) => index === 0 || atS - heard[index - 1]!.atS >= 1_023 / RATE),
    'no sound over another',
  );
  const byMd5 = new Map(film.heard.map((one) => [one.md5, one.atS]));
  const apart = heard.filter((one) => byMd5.has(one.md5)).map((one) => Math.abs(one.atS - byMd5.get(one.md5)!));
  t.ok(Math.max(...apart) < APART_MAX_S, 'both runs stand where their pictures stand: the hole is left out');
  t.equal((await packetTimes(data)).length, film.shown.length);
});

t.test('where sound came later, a video with it begins; without any it stays as it is', async (t) => {
  const silent = filmOf(fragmentedFilm(3));
  const paths = await copied([
    { film: silent, startsAtMs: FROM_MS, continuity: 'a' },
    { film, startsAtMs: FROM_MS + 60_000, continuity: 'b' },
  ]);
  t.equal(paths.length, 2);
  t.equal(heardIn(paths[0]!).length, 0);
  t.ok(heardIn(paths[1]!).length > 300);
  for (const path of paths) t.equal(await decodeFile(readFileSync(path)), '');
});
