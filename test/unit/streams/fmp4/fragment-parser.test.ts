import fc from 'fast-check';
import t from 'tap';
import { bareVideo } from '../../../../src/streams/fmp4/annex-b.ts';
import { BoxError } from '../../../../src/streams/fmp4/boxes.ts';
import { FragmentParser, type InitSegment, type Part } from '../../../../src/streams/fmp4/parser.ts';
import { samplesOf } from '../../../../src/streams/fmp4/samples.ts';
import { fragmentedFilm, fragmentedHevc, fragmentedSlowWithSound } from '../../../support/streams/fragmented.ts';
import { decodeFile, heardFrames, packetTimes } from '../../../support/streams/players.ts';

const film = fragmentedFilm(6);

function parse(chunks: Buffer[]): Part[] {
  const parser = new FragmentParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function initOf(parts: Part[]): InitSegment {
  const [first] = parts;
  if (first?.type !== 'init') throw new Error('no initialisation segment first');
  return first.init;
}

t.test('a film is cut into its initialisation segment and half-second fragments', async (t) => {
  const parts = parse([film]);
  const { movie } = initOf(parts);
  t.match(movie, { codec: 'avc1.4d401f', width: 768, height: 576 });
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  t.equal(fragments.length, 12);
  t.same(
    fragments.map(({ key }) => key),
    [true, false, false, false, true, false, false, false, true, false, false, false],
  );
  for (const [index, { decodeTimeMs, durationMs }] of fragments.entries()) {
    t.equal(Math.round(decodeTimeMs), 30_000 + index * 500);
    t.equal(Math.round(durationMs), 500);
  }
});

t.test('an H.265 film says its codec in the words of RFC 6381', async (t) => {
  const { movie } = initOf(parse([fragmentedHevc()]));
  // Main profile, compatible with 1 and 2 (bits in reverse: 6), main tier, level 2.1 (63), progressive frames (90).
  t.match(movie, { codec: 'hvc1.1.6.L63.90', width: 640, height: 360 });
});

t.test('sound between pictures that are far apart goes with the next of them, and none is lost', async (t) => {
  const slow = fragmentedSlowWithSound(8);
  const parts = parse([slow]);
  const { data: head, movie } = initOf(parts);
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const pictures = fragments.flatMap(({ data }) => samplesOf(data, movie));
  t.equal(pictures.length, (await packetTimes(slow)).length);
  const file = Buffer.concat([head, ...fragments.map(({ data }) => data)]);
  t.equal(await decodeFile(file), '');
  const [was, is] = [await heardFrames(slow), await heardFrames(file)];
  // What sounds after the last picture has none to go with.
  t.ok(is.length > was.length - 33, `${is.length} of ${was.length}`);
  for (const [at, { atS, md5 }] of is.entries()) {
    if (md5 !== was[at]!.md5 || Math.abs(atS - was[at]!.atS - 30) > 0.001) t.fail(`frame ${at} at ${atS}`);
  }
});

t.test('of sound without pictures no more than a mebibyte waits', async (t) => {
  const [first, ...others] = fragmentsOf(fragmentedSlowWithSound(8, '96k'));
  const probe = new FragmentParser();
  probe.push(first!);
  const pictures = others.filter((one) => probe.push(one).length > 0);
  const sound = others.find((one) => !pictures.includes(one))!;
  const parser = new FragmentParser();
  parser.push(first!);
  for (let bytes = 0; bytes < 8 * 2 ** 20; bytes += sound.length) t.same(parser.push(sound), []);
  const [part] = parser.push(pictures.at(-1)!);
  if (part?.type !== 'fragment') throw new Error('no fragment');
  t.ok(part.fragment.data.length < 2 ** 20 + pictures.at(-1)!.length, `${part.fragment.data.length} bytes`);
});

/** What comes before the first fragment, with it; then each fragment. */
function fragmentsOf(stream: Buffer): Buffer[] {
  const ends: number[] = [];
  for (let at = 0; at < stream.length; at += stream.readUInt32BE(at)) {
    if (stream.toString('latin1', at + 4, at + 8) === 'mdat') ends.push(at + stream.readUInt32BE(at));
  }
  return ends.map((end, index) => stream.subarray(ends[index - 1] ?? 0, end));
}

t.test('the pieces in which bytes arrive do not matter', async () => {
  const whole = parse([film]);
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sizes, (cuts) => {
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of cuts) {
        chunks.push(film.subarray(at, at + size));
        at += size;
      }
      chunks.push(film.subarray(at));
      const parts = parse(chunks.filter((chunk) => chunk.length > 0));
      return JSON.stringify(digest(parts)) === JSON.stringify(digest(whole));
    }),
    { numRuns: 50 },
  );
});

function digest(parts: Part[]): unknown[] {
  return parts.map((part) =>
    part.type === 'init'
      ? [part.init.data.length, part.init.movie]
      : [part.fragment.data.length, part.fragment.decodeTimeMs, part.fragment.key],
  );
}

t.test('damaged bytes are refused or survived, never anything else', async () => {
  const damage = fc.array(fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(damage, (changes) => {
      const data = Buffer.from(film.subarray(0, 80_000));
      for (const [at, value] of changes) data[at] = value;
      try {
        const parts = parse([data]);
        const fragment = parts.find((part) => part.type === 'fragment');
        if (fragment?.type === 'fragment') bareVideo(initOf(parts), [fragment.fragment]);
        return true;
      } catch (error) {
        return error instanceof BoxError;
      }
    }),
    { numRuns: 500 },
  );
});

t.test('lengths beyond the limits are refused at once, not waited for', async (t) => {
  const huge = Buffer.alloc(16);
  huge.writeUInt32BE(0x7fffffff, 0);
  huge.write('mdat', 4, 'latin1');
  t.throws(() => parse([huge]), BoxError);
  huge.writeUInt32BE(1, 0);
  huge.writeBigUInt64BE(0xffff_ffff_ffff_ffffn, 8);
  t.throws(() => parse([huge]), BoxError);
  huge.writeUInt32BE(0, 0);
  t.throws(() => parse([huge]), BoxError);
});

t.test('bytes that are no film are refused', async (t) => {
  t.throws(() => parse([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')]), BoxError);
  t.throws(() => parse([film.subarray(28)]), BoxError, 'no ftyp first');
});

t.test('a key fragment becomes bare video with its parameter sets in front', async (t) => {
  const parts = parse([film]);
  const fragment = parts.find((part) => part.type === 'fragment')!;
  if (fragment.type !== 'fragment') throw new Error('no fragment');
  const { format, data } = bareVideo(initOf(parts), [fragment.fragment]);
  t.equal(format, 'h264');
  const types: number[] = [];
  for (let at = data.indexOf('00000001', 0, 'hex'); at >= 0; at = data.indexOf('00000001', at + 4, 'hex')) {
    types.push(data[at + 4]! & 0x1f);
  }
  t.same(types.slice(0, 2), [7, 8]);
  t.ok(types.includes(5), 'holds a key frame');
});
