import t from 'tap';
import { readClip } from '../../../simulators/camera/video/mp4.ts';
import { PlainSource } from '../../../simulators/camera/video/sources.ts';
import type { AccessUnit } from '../../../simulators/camera/video/video.ts';

const CLIP = 'simulators/media/cctv-pedestrians.mp4';

t.test('the clip is read: 795 pictures, 10 a second, a key frame every 2 s', async (t) => {
  const clip = await readClip(CLIP);
  t.equal(clip.units.length, 795);
  t.equal(clip.durationTicks, 79.5 * 90_000);
  t.same(
    clip.units.flatMap((unit, index) => (unit.key ? [index] : [])),
    Array.from({ length: 40 }, (_, index) => index * 20),
  );
  t.ok(clip.units.every((unit) => unit.key === unit.nals.some((nal) => (nal.readUInt8(0) & 31) === 5)));
  t.equal(clip.parameters.sps.readUInt8(0) & 31, 7);
  t.equal(clip.parameters.pps.readUInt8(0) & 31, 8);
});

t.test('a source goes round and round with times that never go back', async (t) => {
  const units: AccessUnit[] = [0, 1, 2].map((index) => ({
    nals: [Buffer.from([index])],
    key: index === 0,
    atTicks: index * 900,
  }));
  const parameters = { sps: Buffer.from([7]), pps: Buffer.from([8]) };
  const source = new PlainSource({ parameters, units, durationTicks: 2_700 }, 1);
  t.teardown(() => source.stop());
  const seen: AccessUnit[] = [];
  let unwant = (): void => {};
  await new Promise<void>((resolve) => {
    unwant = source.want((unit) => {
      seen.push(unit);
      if (seen.length === 10) resolve();
    });
  });
  unwant();
  const count = seen.length;
  t.equal(seen[0]?.key, true, 'a new viewer begins with a key frame');
  t.same(
    seen.slice(1).map((unit, index) => unit.atTicks - (seen[index]?.atTicks ?? 0)),
    new Array(9).fill(900),
  );
  const again = await new Promise<AccessUnit>((resolve) => {
    unwant = source.want(resolve);
  });
  unwant();
  t.ok(again.key && again.atTicks > (seen.at(-1)?.atTicks ?? 0));
  t.equal(seen.length, count, 'nothing comes to one who has left');
});
