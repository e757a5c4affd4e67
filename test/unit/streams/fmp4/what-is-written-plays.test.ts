import fc from 'fast-check';
import t, { type Test } from 'tap';
import { bareVideo } from '../../../../src/streams/fmp4/annex-b.ts';
import { BoxError } from '../../../../src/streams/fmp4/boxes.ts';
import { type FragmentHooks, FragmentMaker } from '../../../../src/streams/fmp4/fragment-maker.ts';
import { writeInit } from '../../../../src/streams/fmp4/init-writer.ts';
import { FragmentParser, type InitSegment, type Part } from '../../../../src/streams/fmp4/parser.ts';
import { pictureFormat } from '../../../../src/streams/fmp4/pictures/picture-size.ts';
import { type Codec, nalKind, splitStartCodes } from '../../../../src/streams/relay/nal-unit.ts';
import { fragmentedFilm, fragmentedH264, fragmentedHevc } from '../../../support/streams/fragmented.ts';
import { reorderedFilm } from '../../../support/streams/media/reordered-film.ts';
import { decodeFile, packetTimes } from '../../../support/streams/players.ts';

const TIMESCALE = 90_000;
const BEGINS_S = 30;

interface Film {
  codec: Codec;
  sets: Buffer[];
  pictures: { key: boolean; units: Buffer[] }[];
  /** When each picture is shown, in the order of decoding, as ffmpeg has it. */
  timesS: number[];
  init: InitSegment;
}

/** Pictures of a file that ffmpeg wrote, without the file. */
async function takeApart(file: Buffer): Promise<Film> {
  const parts = new FragmentParser().push(file);
  const [first] = parts;
  if (first?.type !== 'init') throw new Error('no initialisation segment first');
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const { data, format } = bareVideo(first.init, fragments);
  const codec = format === 'h264' ? 'H264' : 'H265';
  const sets: Buffer[] = [];
  const pictures: Film['pictures'] = [];
  let leading: Buffer[] = [];
  for (const unit of splitStartCodes(data)) {
    const kind = nalKind(codec, unit);
    if (kind?.set) sets.push(unit);
    if (kind?.leads) leading.push(unit);
    if (!kind?.picture) continue;
    if (kind.first) {
      pictures.push({ key: kind.key, units: leading });
      leading = [];
    }
    pictures.at(-1)!.units.push(unit);
  }
  return { codec, sets, pictures, timesS: await packetTimes(file), init: first.init };
}

async function reordered(codec: Codec): Promise<Film> {
  const { frames, vps, sps, pps, framesPerS } = reorderedFilm(codec);
  const sets = [...(vps ? [vps] : []), sps, pps];
  const { init } = writeInit({ codec, sets, timescale: TIMESCALE });
  const pictures = frames.map(({ key, nals }) => ({ key, units: nals }));
  return { codec, sets, pictures, timesS: frames.map(({ shown = 0 }) => shown / framesPerS), init };
}

/** What the maker tells. */
function listening() {
  const parts: Part[] = [];
  const told = { ended: 0, disorder: 0 };
  const hooks: FragmentHooks = {
    onPart: (part) => void parts.push(part),
    onEnd: () => void told.ended++,
    onDisorder: () => void told.disorder++,
  };
  return { parts, told, hooks };
}

/** The film as the maker writes it, pictures shown as in the film, but from 30 s on. */
function write({ codec, sets, pictures, timesS }: Film) {
  const { parts, told, hooks } = listening();
  const maker = new FragmentMaker({ codec, sets, timescale: TIMESCALE }, hooks);
  for (const [n, { key, units }] of pictures.entries()) {
    maker.picture(Math.round((BEGINS_S + timesS[n]! - timesS[0]!) * TIMESCALE), key);
    for (const unit of units) maker.unit(unit);
  }
  maker.end();
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  if (parts[0]?.type !== 'init') throw new Error('no initialisation segment first');
  const { init } = parts[0];
  return {
    disorder: told.disorder,
    init,
    fragments,
    file: Buffer.concat([init.data, ...fragments.map(({ data }) => data)]),
  };
}

async function plays(t: Test, film: Film): Promise<void> {
  const { init, fragments, file } = write(film);
  const { codec, width, height } = film.init.movie;
  t.match(init.movie, { codec, width, height }, 'what it is, in the words of ffmpeg');
  t.equal(await decodeFile(file), '', 'every picture decodes without a complaint');
  const expected = film.timesS.map((s) => Math.round((BEGINS_S + s - film.timesS[0]!) * 1_000));
  t.same(
    (await packetTimes(file)).map((s) => Math.round(s * 1_000)),
    expected,
    'and is shown when it was',
  );
  for (const { key, durationMs: ms } of fragments) t.ok(ms > 0 && ms <= 600, `${ms} ms, key frame ${key}`);
  const keys = film.pictures.flatMap(({ key }, n) => (key ? [expected[n]!] : []));
  const begun = fragments.filter(({ key }) => key).map(({ decodeTimeMs }) => Math.round(decodeTimeMs));
  t.equal(begun.length, keys.length, 'a fragment begins with every key frame');
  for (const [n, ms] of begun.entries()) t.ok(keys[n]! - ms >= 0 && keys[n]! - ms <= 400, 'hardly before it is shown');
}

t.test('H.264 as cameras send it', async (t) => plays(t, await takeApart(fragmentedFilm(5))));

t.test('H.264 of a size that is cropped', async (t) => plays(t, await takeApart(fragmentedH264('in order'))));

t.test('pictures that do not come as they are shown', async (t) => {
  for (const film of [
    await takeApart(fragmentedH264('out of order')),
    await reordered('H264'),
    await reordered('H265'),
  ]) {
    t.ok(film.timesS.some((s, n) => s < (film.timesS[n - 1] ?? 0)));
    await plays(t, film);
  }
});

t.test('a stream that goes back again and again is left to somebody else', async (t) => {
  const film = await takeApart(fragmentedFilm(5));
  const timesS = film.timesS.map((s, n) => s - 0.3 * Math.floor(n / 5));
  t.equal(write({ ...film, timesS }).disorder, 1);
  const once = film.timesS.map((s, n) => (n < 20 ? s : s - 0.5));
  const { disorder, fragments } = write({ ...film, timesS: once });
  t.equal(disorder, 0, 'but once it is borne');
  t.ok(fragments.every(({ durationMs }) => durationMs > 0 && durationMs <= 600));
});

t.test('H.265', async (t) => plays(t, await takeApart(fragmentedHevc())));

t.test('sets that describe no picture are refused, whatever their bytes', async () => {
  const film = await takeApart(fragmentedFilm(1));
  const hevc = await takeApart(fragmentedHevc());
  const damage = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(damage, fc.boolean(), (changes, isH264) => {
      const { codec, sets } = isH264 ? film : hevc;
      const sps = Buffer.from(sets.find((set) => nalKind(codec, set)?.set === 'sps')!);
      for (const [at, value] of changes) sps[at % sps.length] = value;
      try {
        const { width, height, ...others } = pictureFormat(codec, sps);
        const fits = others.lumaBits <= 15 && others.chromaBits <= 15 && others.temporalLayers <= 7;
        return fits && width > 0 && width <= 16_384 && height > 0 && height <= 16_384;
      } catch (error) {
        return error instanceof BoxError;
      }
    }),
    { numRuns: 2_000 },
  );
});

t.test('whatever comes as pictures, fragments are sound, in order and bounded', async () => {
  const { sets } = await takeApart(fragmentedFilm(1));
  const step = fc.oneof(fc.integer({ min: -180_000, max: 300_000 }), fc.constantFrom(0, 1, 3_600));
  const picture = fc.tuple(step, fc.boolean(), fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 5 }));
  fc.assert(
    fc.property(fc.array(picture, { maxLength: 60 }), (pictures) => {
      const { parts, hooks } = listening();
      const maker = new FragmentMaker({ codec: 'H264', sets, timescale: TIMESCALE }, hooks);
      let stamp = BEGINS_S * TIMESCALE;
      for (const [more, key, units] of pictures) {
        stamp += more;
        maker.picture(stamp, key);
        for (const bytes of units) maker.unit(Buffer.alloc(bytes, 0x41));
      }
      maker.end();
      let endsMs = 0;
      return parts.slice(1).every((part) => {
        if (part.type !== 'fragment') return false;
        const { data, decodeTimeMs, durationMs } = part.fragment;
        const follows = decodeTimeMs >= endsMs - 0.01;
        endsMs = decodeTimeMs + durationMs;
        return follows && durationMs > 0 && data.length < 8 * 1024 * 1024;
      });
    }),
    { numRuns: 40 },
  );
});

t.test('a picture of more units or bytes than any has is cut short', async (t) => {
  const { sets } = await takeApart(fragmentedFilm(1));
  const { parts, hooks } = listening();
  const maker = new FragmentMaker({ codec: 'H264', sets, timescale: TIMESCALE }, hooks);
  maker.picture(0, true);
  for (let n = 0; n < 100; n += 1) maker.unit(Buffer.alloc(1_000_000));
  maker.picture(3_600, true);
  for (let n = 0; n < 100_000; n += 1) maker.unit(Buffer.alloc(2));
  maker.end();
  const bytes = parts.reduce((sum, part) => sum + (part.type === 'fragment' ? part.fragment.data.length : 0), 0);
  t.ok(bytes < 9_000_000, `${bytes} bytes`);
});

t.test('a fragment of crumbs is short, so that what they cost beside their bytes is bounded', async (t) => {
  const { sets } = await takeApart(fragmentedFilm(1));
  const { parts, hooks } = listening();
  const maker = new FragmentMaker({ codec: 'H264', sets, timescale: TIMESCALE }, hooks);
  for (let picture = 1; picture <= 100; picture += 1) {
    maker.picture(picture, picture === 1);
    for (let n = 0; n < 1_000; n += 1) maker.unit(Buffer.alloc(2));
  }
  maker.end();
  const most = Math.max(...parts.map((part) => (part.type === 'fragment' ? part.fragment.data.length : 0)));
  t.ok(most < 20_000 * 6, `${most} bytes in units of 2 bytes and a length of 4`);
});

t.test('a camera of key frames alone makes no more fragments than others', async (t) => {
  const { sets } = await takeApart(fragmentedFilm(1));
  const { parts, hooks } = listening();
  const maker = new FragmentMaker({ codec: 'H264', sets, timescale: TIMESCALE }, hooks);
  for (let n = 1; n <= 250; n += 1) {
    maker.picture(n * 3_600, true);
    maker.unit(Buffer.alloc(500, 0x65));
  }
  maker.end();
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  t.ok(fragments.length <= 22, `${fragments.length} fragments of ten seconds`);
  t.ok(fragments.every(({ key }) => key));
});

t.test('a description holds every set of its stream, or is refused', async () => {
  const films = { H264: await takeApart(fragmentedFilm(1)), H265: await takeApart(fragmentedHevc()) };
  const many = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(fc.constantFrom('H264', 'H265'), many, many, fc.boolean(), (codec, sps, pps, large) => {
      const { sets } = films[codec];
      const all = sets.flatMap((set) => {
        const name = nalKind(codec, set)?.set;
        const more = Array<Buffer>(name === 'sps' ? sps : name === 'pps' ? pps : 1).fill(set);
        return large ? [...more, Buffer.concat([set, Buffer.alloc(70_000, 1)])] : more;
      });
      try {
        const { init } = writeInit({ codec, sets: all, timescale: TIMESCALE });
        const { data } = bareVideo(init, []);
        return splitStartCodes(data).length === Math.min(1_000, all.length);
      } catch (error) {
        return error instanceof BoxError;
      }
    }),
    { numRuns: 200 },
  );
});
