import t from 'tap';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';

const database = await openDatabase(t);
const gaps = new GapTable({ database, ownership: firstOwner() });
const CAM = { device: 'cam-1', quality: 'main' } as const;
const reason = { cause: 'disk-failed', detail: 'EIO' } as const;
const file = (startsAtMs: number, endsAtMs: number, device: string = CAM.device) => ({
  ...CAM,
  device,
  startsAtMs,
  endsAtMs,
});
const rows = async (device: string = CAM.device) => {
  const found = await gaps.within({ ...CAM, device, fromMs: 0, toMs: 8e15 }, 100);
  return found.map(({ fromMs, toMs }) => [fromMs, toMs]);
};

t.test('a hole that has become too short for one has no row', async (t) => {
  await gaps.write([{ ...CAM, fromMs: 0, toMs: null, reason }]);
  await gaps.write([{ ...CAM, fromMs: 10_000, toMs: 15_000, reason }]);
  t.strictSame(await rows(), [
    [0, null],
    [10_000, 15_000],
  ]);
  await gaps.write([
    { ...CAM, fromMs: 0, toMs: 1_000, reason },
    { ...CAM, fromMs: 10_000, toMs: 16_000, reason },
  ]);
  t.strictSame(await rows(), [[10_000, 16_000]]);
});

t.test(
  'files of several cameras are taken out of their own holes, and of lasting ones where that is asked',
  async (t) => {
    await gaps.write([
      { ...CAM, device: 'cam-2', fromMs: 0, toMs: 60_000, reason },
      { ...CAM, device: 'cam-3', fromMs: 0, toMs: null, reason },
    ]);
    const files = [file(0, 10_000, 'cam-2'), file(20_000, 59_000, 'cam-2'), file(4_000, 9_000, 'cam-3')];
    await gaps.cover(files);
    t.strictSame(await rows(), [[10_000, 16_000]], 'one that has no file in it stays');
    t.strictSame(await rows('cam-2'), [[10_000, 20_000]]);
    t.strictSame(await rows('cam-3'), [[0, null]]);
    await gaps.cover(files, { lasting: true });
    t.strictSame(await rows('cam-3'), [
      [0, 4_000],
      [9_000, null],
    ]);
    t.match((await gaps.open(['cam-3'])).get('cam-3 main'), { fromMs: 9_000, cause: 'disk-failed', detail: 'EIO' });
  },
);
