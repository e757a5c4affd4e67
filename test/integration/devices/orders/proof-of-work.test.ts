import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../../src/core/clock.ts';
import type { PhotoInput } from '../../../../src/devices/photos/photos.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openOrders, openPhotos, orderFor } from '../../../support/devices/orders.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';
import { phonePhoto, TELLTALE } from '../../../support/ingest/photos.ts';

const KEEPER = callerIn('330212', 'operator');
const LI = { ...callerIn('330212', 'technician'), id: 'li', name: 'Li' };
const WANG = { ...callerIn('330212', 'technician'), id: 'wang', name: 'Wang' };
const HAISHU = callerIn('330203');
const WHY = { purpose: 'maintenance', case: null };

const parts = await openOrders(t);
const { registry, orders, list, clock, database } = parts;
const { photos, directory, blobs } = await openPhotos(t, parts);
for (const id of ['k-1', 'k-2', 'k-3']) await registry.create(callerIn('330212'), kiosk({ id }));
await registry.create(callerIn('330212'), kiosk({ id: 'school', accessClass: 'minors' }));

const photoFor = (over: Partial<PhotoInput> = {}): PhotoInput => {
  return { id: randomUUID(), what: 'before', sent: phonePhoto(), ...over };
};

async function files(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])).sort();
}

t.test('a photo of an order is kept without its metadata, which is told as the claim of a telephone', async (t) => {
  const { order } = await orders.open(LI, orderFor('k-1'));
  const sent = photoFor();
  const kept = await photos.keep(LI, { order: order.number }, sent);
  t.match(kept, { id: sent.id, device: 'k-1', order: order.number, what: 'before', by: 'Li', keptMs: clock.nowMs() });
  t.match(kept.claimedByPhone, { position: { lat: 29.8716667, accuracyM: 4.7 }, localTime: '2026-11-21T08:00:05' });
  t.strictSame(await photos.ofOrder(order.number), [kept]);
  for (const path of await files()) t.notMatch((await readFile(path)).toString('latin1'), TELLTALE, path);

  const found = await photos.find(WANG, sent.id);
  t.equal((await photos.look(WANG, found, WHY)).length, kept.bytes);
  const { rows } = await sql<Record<string, unknown>>`select * from access_register`.execute(database.tables());
  const asked = { photo: sent.id, order: order.number };
  t.match(rows, [{ viewer_name: 'Wang', act: 'photo', device: 'k-1', purpose: 'maintenance', asked }]);
  const [entry] = await listAudit(database, callerIn('330212'), { subject: `order/${order.number}`, limit: 1 });
  t.match(entry, {
    action: 'photo.keep',
    after: { id: sent.id, claimedByPhone: { localTime: '2026-11-21T08:00:05' } },
  });
});

t.test('a photo that comes again changes nothing, and brings back bytes that were lost', async (t) => {
  const { order } = await orders.open(LI, orderFor('k-2'));
  const where = { order: order.number };
  const sent = photoFor({ what: 'after' });
  const answers = await Promise.all(Array.from({ length: 5 }, () => photos.keep(LI, where, sent)));
  for (const answer of answers) t.strictSame(answer, answers[0]);
  const mine = (await files()).filter((path) => path.includes(sent.id));
  t.equal(mine.length, 1);
  await rm(mine[0]!);
  await t.rejects(photos.look(LI, await photos.find(LI, sent.id), WHY), { code: 'not-found' });
  t.strictSame(await photos.keep(LI, where, sent), answers[0]);
  t.equal((await photos.look(LI, await photos.find(LI, sent.id), WHY)).length, answers[0]!.bytes);
  const mismatch = { code: 'idempotency.mismatch' };
  await t.rejects(photos.keep(LI, where, { ...sent, what: 'sign' }), mismatch);
  await t.rejects(photos.keep(LI, where, { ...sent, sent: phonePhoto({}, 'y') }), mismatch);
  await t.rejects(photos.keep(WANG, where, sent), mismatch);
  const race = [phonePhoto({}, '1'), phonePhoto({}, '2')].map((sent) => photoFor({ sent, id: order.unitBefore }));
  const outcomes = await Promise.allSettled(race.map((each) => photos.keep(LI, where, each)));
  t.strictSame(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'an id is for one photo');
});

t.test('nobody beyond the border keeps or sees one, and minors are shown for an incident only', async (t) => {
  const { order } = await orders.open(LI, orderFor('school'));
  const sent = photoFor();
  await photos.keep(LI, { order: order.number }, sent);
  for (const refused of [
    () => photos.find(HAISHU, sent.id),
    () => photos.keep(HAISHU, { order: order.number }, photoFor()),
    () => photos.keep(HAISHU, { order: order.number }, sent),
    () => photos.keep(HAISHU, { device: 'school' }, photoFor()),
    () => photos.keep(LI, { order: 'W-2026-999' }, photoFor()),
    () => photos.find(LI, randomUUID()),
  ]) {
    await t.rejects(refused as () => Promise<unknown>, { code: 'not-found' });
  }
  const found = await photos.find(LI, sent.id);
  await t.rejects(photos.look(LI, found, WHY), { code: 'look.incident-missing' });
  await photos.look(LI, found, { ...WHY, case: 'A-2026-1' });
  await t.rejects(photos.keep(LI, { device: 'school' }, photoFor({ sent: Buffer.from('<svg/>') })), {
    code: 'request.invalid',
    issues: [{ path: 'body', message: 'is neither JPEG nor PNG' }],
  });
});

t.test('photos go with their order, and so does what a crash left alone', async (t) => {
  const { order } = await orders.open(KEEPER, orderFor('k-3'));
  const kept = await photos.keep(LI, { order: order.number }, photoFor());
  const alone = await photos.keep(LI, { device: 'k-3' }, photoFor());
  const step = { id: randomUUID(), version: 1, to: 'cancelled' as const };
  await orders.step(KEEPER, order.number, step);
  const count = (await files()).length;
  await blobs.put('2026-01-01/left-alone.jpg', Buffer.from('x'));
  const at = (hours: number) => new Date(clock.nowMs() - hours * HOUR_MS);
  const left = join(directory, '2026-01-01', 'left-alone.jpg');
  await utimes(left, at(0), at(0));
  await photos.tidy();
  t.equal((await files()).filter((path) => path === left).length, 1, 'it may be on its way');

  await clock.advance(30 * DAY_MS + HOUR_MS);
  await list.prune();
  await photos.tidy();
  await t.rejects(photos.find(LI, kept.id), { code: 'not-found' });
  await t.rejects(photos.find(LI, alone.id), { code: 'not-found' });
  t.ok((await photos.ofOrder('W-2026-1')).length <= 1);
  t.strictSame(
    (await files()).filter((path) => path.includes(kept.id) || /left-alone/.test(path)),
    [],
  );
  t.ok((await files()).length <= count - 2, 'and those of open orders stay');
  t.ok((await files()).length > 0);
});
