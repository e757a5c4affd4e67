import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../../src/core/clock.ts';
import type { CheckReport } from '../../../../src/devices/checks/checks.ts';
import { Acceptances } from '../../../../src/devices/life/acceptances.ts';
import { LifeSteps } from '../../../../src/devices/life/life-steps.ts';
import type { PhotoInput } from '../../../../src/devices/photos/photos.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openOrders, openPhotos, orderFor } from '../../../support/devices/orders.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';
import { phonePhoto, TELLTALE } from '../../../support/ingest/photos.ts';
import { quietObserver } from '../../../support/services/services.ts';

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

function reportOf(grade: 'ok' | 'failed'): CheckReport {
  const problem = grade === 'ok' ? null : 'offline';
  const step = { name: 'connected', grade, seen: 'Last heard 3 h ago.', problem, hint: 'Restart it.', tookMs: 1 };
  return { grade, cause: grade === 'ok' ? null : step, steps: [step], atMs: 0, tookMs: 1, unit: null };
}

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

t.test('a device is accepted with a check, a sign and a purpose, or not at all', async (t) => {
  await registry.create(callerIn('330212'), kiosk({ id: 'k-4', state: 'installed' }));
  const device = parts.directory.identity('k-4')!;
  const checked: string[] = [];
  const check = async (_caller: unknown, { id }: { id: string }) => {
    checked.push(id);
    return report;
  };
  let report = reportOf('failed');
  const acceptances = new Acceptances({ ...parts, observer: quietObserver(), check });
  const sign = await photos.keep(LI, { device: 'k-4' }, photoFor({ what: 'sign' }));
  const pole = await photos.keep(LI, { device: 'k-4' }, photoFor());
  const elsewhere = await photos.keep(LI, { device: 'k-1' }, photoFor({ what: 'sign' }));
  const said = { photo: sign.id, purpose: '垃圾分类', note: null, despite: null };
  const accept = (over: object, who = LI) => acceptances.accept(who, device, { id: randomUUID(), ...said, ...over });
  for (const [over, path, message] of [
    [{ photo: randomUUID() }, 'photo', /no photo of this device.*what=sign/],
    [{ photo: elsewhere.id }, 'photo', /no photo of this device/],
    [{ photo: pole.id }, 'photo', /shows `before` and not the sign/],
    [{ purpose: null }, 'purpose', /say what the device is for/],
  ] as const) {
    await t.rejects(accept(over), { code: 'request.invalid', issues: [{ path, message }] });
  }
  t.strictSame(checked, [], 'nothing is troubled for what is refused anyway');
  const why = /failed at `connected` \(offline\).*here why/;
  await t.rejects(accept({}), { code: 'request.invalid', issues: [{ path: 'despite', message: why }] });
  await t.rejects(accept({}, HAISHU as never), { code: 'not-found' });
  t.equal((await registry.get(LI, 'k-4')).state, 'installed');

  const asked = { id: randomUUID(), ...said, despite: '网络下周接通', note: '验收单 2026-118' };
  const accepted = await acceptances.accept(LI, device, asked);
  t.match(accepted, { by: 'Li', purpose: '垃圾分类', photo: sign.id, grade: 'failed', steps: [{ name: 'connected' }] });
  t.match(await registry.get(LI, 'k-4'), { state: 'accepted', purpose: '垃圾分类', version: 2 });
  t.equal(parts.directory.get('k-4')?.state, 'accepted');
  t.strictSame(await acceptances.accept(LI, device, asked), accepted, 'the same request is answered the same');
  await t.rejects(acceptances.accept(WANG, device, asked), { code: 'idempotency.mismatch' });
  await t.rejects(accept({}), { code: 'conflict.state', message: /is accepted; only what is installed/ });
  const [row] = await listAudit(database, callerIn('330212'), { subject: 'device/k-4', limit: 1 });
  const after = { state: 'accepted', acceptance: asked.id, photo: sign.id, grade: 'failed', reason: '验收单 2026-118' };
  t.match(row, { action: 'device.accept', before: { state: 'installed', purpose: null }, after });

  const life = new LifeSteps({ ...parts, observer: quietObserver() });
  await life.step(LI, 'k-4', { from: 'accepted', to: 'installed', reason: '误操作' });
  report = reportOf('ok');
  await clock.advance(HOUR_MS);
  const race = Array.from({ length: 3 }, () => accept({ purpose: null }));
  const outcomes = await Promise.allSettled(race);
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1, 'once, however many say so');
  const { items } = await acceptances.list('k-4', { limit: 9 });
  t.match(items, [{ grade: 'ok', purpose: '垃圾分类', despite: null }, accepted]);
  const first = await acceptances.list('k-4', { limit: 1 });
  t.match((await acceptances.list('k-4', { limit: 1, after: first.next! })).items, [accepted]);
});

t.test('photos go with their order, and so does what a crash left alone', async (t) => {
  const { order } = await orders.open(KEEPER, orderFor('k-3'));
  const kept = await photos.keep(LI, { order: order.number }, photoFor());
  const alone = await photos.keep(LI, { device: 'k-3' }, photoFor());
  const step = { id: randomUUID(), version: 1, to: 'cancelled' as const };
  await orders.step(KEEPER, order.number, step);
  const page = await photos.ofDevice('k-3', { limit: 1 });
  const rest = await photos.ofDevice('k-3', { limit: 9, after: page.next! });
  t.same([...page.items, ...rest.items].map(({ id }) => id).toSorted(), [kept.id, alone.id].toSorted());
  const count = (await files()).length;
  await blobs.put('2026-01-01/left-alone.jpg', Buffer.from('x'));
  const at = (hours: number) => new Date(clock.nowMs() - hours * HOUR_MS);
  const left = join(directory, '2026-01-01', 'left-alone.jpg');
  await utimes(left, at(0), at(0));
  await photos.tidy(clock.nowMs());
  t.equal((await files()).filter((path) => path === left).length, 1, 'it may be on its way');

  await clock.advance(30 * DAY_MS + HOUR_MS);
  await list.prune(clock.nowMs());
  await photos.tidy(clock.nowMs());
  await t.rejects(photos.find(LI, kept.id), { code: 'not-found' });
  await t.rejects(photos.find(LI, alone.id), { code: 'not-found' });
  t.ok((await photos.ofOrder('W-2026-1')).length <= 1);
  t.strictSame(
    (await files()).filter((path) => path.includes(kept.id) || /left-alone/.test(path)),
    [],
  );
  t.ok((await files()).length <= count - 2, 'and those of open orders stay');
  t.equal((await photos.ofOrder(order.number)).length, 0);
  const signs = await sql<{ id: string }>`select id from site_photo where what = 'sign'`.execute(database.tables());
  t.equal(signs.rows.length, 1, 'what an acceptance names stays, and no other sign');
});
