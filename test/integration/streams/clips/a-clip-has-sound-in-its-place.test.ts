import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { clipFile } from '../../../../src/streams/clips/clip-file.ts';
import type { Moment } from '../../../../src/streams/clips/moments.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { soundIn } from '../../../../src/streams/fmp4/samples.ts';
import { fragmentedWithSound, withLateSound } from '../../../support/streams/fragmented.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { decodeFile, heardFrames, packetTimes } from '../../../support/streams/players.ts';

const FROM_MS = 1_700_000_000_000;
const RATE = 16_000;
const FRAME = 1_024;
/** As late as sound may come before it is silence, nearly. */
const LATE_S = 0.8;
const APART_MAX_S = 0.003;

const [head, ...rest] = new FragmentParser().push(
  withLateSound(fragmentedWithSound({ rate: RATE, channels: 1, seconds: 9 }), LATE_S),
);
if (head?.type !== 'init') throw new Error('no film');
const { init } = head;
const film = rest.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
const zeroMs = film[0]!.decodeTimeMs;
const moments: Moment[] = film.map(({ data, decodeTimeMs, durationMs, key }) => ({
  startsAtMs: FROM_MS + decodeTimeMs - zeroMs,
  durationMs,
  key,
  bytes: data.length,
  run: 'one',
  init,
  source: 'recording',
  read: async () => data,
}));
/** When each frame of sound is heard, seconds after the first picture of the film, by its bytes. */
const heardAt = new Map(
  film
    .flatMap(({ data }) => soundIn(data, init.movie))
    .map(({ data, decodeTime }) => [md5(data), decodeTime / RATE - zeroMs / 1_000]),
);

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}

/** Sees that a clip decodes, and that each frame of its sound stands where it stood in the film, and over no other. */
async function isInPlace(t: Test, clip: Buffer, beginsS: number): Promise<number[]> {
  t.equal(await decodeFile(clip), '');
  await othersAgree(t, clip);
  const heard = await heardFrames(clip);
  for (const [index, { atS, md5: bytes }] of heard.entries()) {
    const stoodS = heardAt.get(bytes)!;
    if (Math.abs(atS - (stoodS - beginsS)) > APART_MAX_S) t.fail(`frame ${index} at ${atS}, ${stoodS} in the film`);
    const before = heard[index - 1];
    if (before && atS < before.atS + (FRAME - 1) / RATE) t.fail(`frame ${index} at ${atS} lies over another`);
  }
  return heard.map(({ atS }) => atS);
}

/** The first that begins with a key frame so many seconds after the film. */
const keyAt = (s: number): number =>
  moments.findIndex(({ key, startsAtMs }) => key && startsAtMs - FROM_MS >= s * 1_000);
const beginOf = (at: number): number => (moments[at]!.startsAtMs - FROM_MS) / 1_000;

t.test('what sounds before the first picture is left out, and no sound lies over another', async (t) => {
  const at = keyAt(2);
  t.ok(soundIn(film[at]!.data, init.movie)[0]!.decodeTime / RATE < film[at]!.decodeTimeMs / 1_000 - 0.5, 'it is late');
  const clip = await clipFile(moments.slice(at));
  const heard = await isInPlace(t, clip, beginOf(at));
  t.ok(heard.length > 50);
  t.ok(heard[0]! < (1.5 * FRAME) / RATE, 'and it begins with the picture');
  t.equal((await packetTimes(clip))[0], 0);
});

t.test('sound keeps its place behind a hole, too', async (t) => {
  const [first, second] = [keyAt(2), keyAt(5)];
  // One fragment is missing.
  const clip = await clipFile([...moments.slice(first, second - 1), ...moments.slice(second)]);
  t.ok((await isInPlace(t, clip, beginOf(first))).length > 80);
});
