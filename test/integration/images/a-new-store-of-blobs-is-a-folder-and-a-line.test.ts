import t from 'tap';
import { DAY_MS } from '../../../src/core/clock.ts';
import { blobKey, type ImageTables } from '../../../src/images/image-table.ts';
import { Images } from '../../../src/images/images.ts';
import { bucketWorld } from '../../support/blobs/made-up-bucket.ts';
import { openDatabase } from '../../support/devices/registry.ts';
import { tinyPicture } from '../../support/ingest/images.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const DEVICE = { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };
const database = await openDatabase(t);

t.test('pictures in a bucket that was made up survive a cut, its absence and a restart, and end', async (t) => {
  const world = await bucketWorld();
  const clock = new ManualClock(Date.now());
  const life = (blobs = world.open()) =>
    new Images({ database, ownership: firstOwner(), blobs, clock, observer: quietObserver(), keepMs: 3 * DAY_MS });
  const bytes = tinyPicture();
  const { id } = await life().keep(DEVICE, 'image/png', bytes);
  const image = await life().find(id);
  t.same(await life().read(image!), bytes);

  const BEFORE_THE_PUT_IS_WHOLE = 5;
  const wasCut = await world.cut(BEFORE_THE_PUT_IS_WHOLE, (blobs) =>
    life(blobs).keep(DEVICE, 'image/png', tinyPicture({ salt: 'cut' })),
  );
  t.ok(wasCut);
  const rows = () => database.tables<ImageTables>().selectFrom('image').selectAll().execute();
  t.same(
    (await rows()).map((row) => row.id),
    [id],
    'no row without its bytes',
  );

  const back = await world.takeAway();
  await t.rejects(life().keep(DEVICE, 'image/png', tinyPicture({ salt: 'b' })), { code: 'images.unavailable' });
  clock.setWall(clock.nowMs() + 2 * DAY_MS);
  await life().tidy(clock.nowMs());
  t.equal((await rows()).length, 1, 'a store that is away forgets nothing');
  await back();
  await life().tidy(clock.nowMs());
  t.same(await life().read(image!), bytes);

  const [row] = await rows();
  clock.setWall(clock.nowMs() + 2 * DAY_MS);
  await life().tidy(clock.nowMs());
  t.same(await rows(), []);
  t.equal(await world.open().has(blobKey(row!)), false, 'its time is over in both');
});
