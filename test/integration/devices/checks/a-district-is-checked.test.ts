import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Standing } from '../../../../src/access/standing.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { DeviceIdentity } from '../../../../src/core/types.ts';
import { CHECKS_QUEUE } from '../../../../src/devices/checks/district/ends.ts';
import { CheckJobs } from '../../../../src/devices/checks/district/jobs.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { NO_ZONES } from '../../../support/access/tree.ts';
import { districtWorker } from '../../../support/devices/district.ts';
import { callerIn, openDatabase, openRegistry } from '../../../support/devices/registry.ts';
import { startScript } from '../../../support/processes.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

const CHILD = join(import.meta.dirname, '../../../support/devices/district-child.ts');
const CALLER = callerIn('330212', 'technician');
const ALL = 60;
const { signal } = new AbortController();

/** Sixty cameras of one district in two subnets, and one of its neighbour. */
async function world(t: Test) {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const beds = await openRegistry(t, { database });
  const devices: DeviceIdentity[] = Array.from({ length: ALL + 1 }, (_, number) => ({
    id: `cam-${number}`,
    kind: 'camera',
    kindVersion: 3,
    jurisdiction: number === ALL ? '330203' : '330212',
  }));
  const bodies = devices.map(({ id, jurisdiction }, number) => ({
    id,
    kind: 'camera',
    name: id,
    jurisdiction,
    location: { lat: 29.8, lon: 121.5 },
    stream: { url: `rtsp://10.0.${number < 40 ? 1 : 2}.${number + 1}/1` },
    confirm: true,
  }));
  for (const body of bodies) await beds.registry.create(callerIn('000000'), body);
  const cancelled: string[] = [];
  const jobs = new CheckJobs({
    type: 'checks',
    database,
    clock: systemClock,
    tree: NO_ZONES,
    within: ({ code }) => devices.filter(({ jurisdiction }) => jurisdiction === code),
    isMeant: (kind) => kind === 'camera',
    ring: () => {},
    cancelled: (id) => void cancelled.push(id),
  });
  return { ...beds, url, jobs, cancelled };
}

async function verdicts({ database }: Pick<Awaited<ReturnType<typeof world>>, 'database'>) {
  const { rows } = await sql<{ number: number; device: string; grade: string | null; at_ms: number | null }>`
    select number, device, grade, at_ms from check_row order by number`.execute(database.tables());
  return rows;
}

t.test('a job goes on behind a kill with what is left, and its report has every device once', async (t) => {
  const beds = await world(t);
  const { jobs, database, url } = beds;
  const job = await jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: true });
  t.match(job, { state: 'running', total: ALL, done: 0 });
  const [first, second] = (await verdicts(beds)).map(({ device }) => Number(device.slice(4)) < 40);
  t.notSame(first, second, 'the subnets take turns');
  const child = await startScript(t, CHILD, [url, '30']);
  child.process.kill('SIGKILL');
  // What it was writing when it died is written, or refused, once another one has taken over.
  const ownership = await nextOwner(database);
  const before = (await verdicts(beds)).filter(({ grade }) => grade !== null);
  t.ok(before.length > 5 && before.length < ALL, `${before.length} were checked before the kill`);

  const checked: string[] = [];
  const ordered: string[] = [];
  const checking = (device: string) => void checked.push(device);
  const failing = (device: string) => void ordered.push(device);
  const { work } = districtWorker(database, ownership, checking, { failed: failing });
  await work.releaseClaims();
  await work.pump(CHECKS_QUEUE, signal);
  await work.idle();
  const after = await verdicts(beds);
  t.equal(checked.length, ALL - before.length, 'nothing is checked again');
  const wrong = checked.filter((device) => device.endsWith('3'));
  t.same(ordered.toSorted(), wrong.toSorted(), 'an order is opened for each that fails');
  t.same(
    before.map(({ number }) => after[number]),
    before,
    'what was durable stayed as it was',
  );
  t.match(await jobs.get(CALLER, job.id), { state: 'done', done: ALL, ok: 54, warning: 0, failed: 6 });
  t.same(await work.waiting(), []);

  const devices: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await jobs.report(CALLER, job.id, { limit: 25, ...(after === undefined ? {} : { after }) });
    devices.push(...page.items.map(({ device }) => device));
    if (page.next === null) break;
    after = page.next;
  }
  t.equal(new Set(devices).size, ALL);
  const failed = await jobs.report(CALLER, job.id, { limit: 100, grade: 'failed' });
  t.equal(failed.items.length, 6);
  t.match(failed.items[0]?.steps, [{ name: 'reach', seen: /here is cam-/ }]);
});

t.test('a job belongs to its area: others see none of it, and a device that moved away is out of it', async (t) => {
  const { jobs, database } = await world(t);
  await t.rejects(jobs.create(CALLER, { jurisdiction: '330203', kinds: null, opensOrders: false }), {
    code: 'not-found',
  });
  await t.rejects(jobs.create(CALLER, { jurisdiction: '330212', kinds: ['kiosk'], opensOrders: false }), {
    code: 'request.invalid',
  });
  const job = await jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: false });
  await t.rejects(jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: false }), {
    code: 'conflict.state',
  });
  const foreign = callerIn('330203');
  await t.rejects(jobs.get(foreign, job.id), { code: 'not-found' });
  await t.rejects(jobs.report(foreign, job.id, { limit: 1 }), { code: 'not-found' });
  await t.rejects(jobs.cancel(foreign, job.id), { code: 'not-found' });
  t.same((await jobs.list(foreign, { limit: 10 })).items, []);
  const { work } = districtWorker(database, await nextOwner(database), () => {});
  await work.pump(CHECKS_QUEUE, signal);
  await work.idle();
  await sql`update position set jurisdiction = '330203' where id = 'cam-7'`.execute(database.tables());
  const { items } = await jobs.report(CALLER, job.id, { limit: 100 });
  t.equal(items.length, ALL - 1);
  t.same(
    items.filter(({ device }) => device === 'cam-7'),
    [],
  );
  t.match((await jobs.list(CALLER, { limit: 10 })).items, [{ id: job.id, state: 'done' }]);
});

t.test('a job that is called off begins nothing more, and what was checked stays', async (t) => {
  const beds = await world(t);
  const { jobs, database, cancelled } = beds;
  const job = await jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: false });
  let checked = 0;
  const calledOff = new AbortController();
  const off = once(calledOff.signal, 'abort');
  const { work, districts } = districtWorker(database, await nextOwner(database), async () => {
    checked += 1;
    if (checked > 20) await off;
    if (checked !== 20) return;
    await jobs.cancel(CALLER, job.id);
    districts.cancelled(job.id);
    calledOff.abort();
  });
  await work.pump(CHECKS_QUEUE, signal);
  await work.idle();
  const ended = await jobs.get(CALLER, job.id);
  t.match(ended, { state: 'cancelled' });
  t.ok(ended.done >= 5 && ended.done < ALL, `${ended.done} stayed`);
  t.ok(checked < ALL, `${checked} were begun`);
  t.same(cancelled, [job.id]);
  const rows = (await listAudit(database, callerIn('000000'), { limit: 10 })).filter(({ subject }) =>
    subject.startsWith('check/'),
  );
  t.same(
    rows.map(({ action }) => action),
    ['check.cancel', 'check.begin'],
  );
  t.match(await jobs.cancel(CALLER, job.id), { state: 'cancelled' }, 'once more changes nothing');
  t.ok(
    await jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: false }),
    'and the area is free again',
  );
});

t.test('what cannot be written is checked again, until it is', async (t) => {
  const { jobs, database } = await world(t);
  const job = await jobs.create(CALLER, { jurisdiction: '330212', kinds: null, opensOrders: false });
  let refused = 0;
  const { work } = districtWorker(database, await nextOwner(database), (device) => {
    if (device !== 'cam-5' || refused > 0) return;
    refused += 1;
    throw new Error('the database is away');
  });
  await work.pump(CHECKS_QUEUE, signal);
  await work.idle();
  t.equal(refused, 1);
  t.match(await jobs.get(CALLER, job.id), { state: 'done', done: ALL });
});

t.test('a right that is withdrawn in the middle ends the job, and a smaller area leaves the rest alone', async (t) => {
  const { jobs, database, authority, tokens } = await world(t);
  const standing = new Standing({ database, clock: systemClock, authority });
  const made = await tokens.create(callerIn('000000'), { name: 'Li', role: 'technician', jurisdiction: '330212' });
  const li = (await tokens.verify(made.token))!;
  const checked: string[] = [];
  let revoking: Promise<unknown> = Promise.resolve();
  const checking = async (device: string): Promise<void> => {
    checked.push(device);
    if (checked.length === 20) revoking = tokens.revoke(callerIn('000000'), made.id);
    // However long the database takes, nothing that is begun from here on ends before the right is gone.
    await revoking;
  };
  const { work } = districtWorker(database, await nextOwner(database), checking, {
    standing: (caller) => standing.now(caller, 'devices.check'),
    placeOf: (device) => ({ jurisdiction: device === 'cam-5' ? '330203' : '330212' }),
  });
  const run = async (): Promise<void> => {
    await work.pump(CHECKS_QUEUE, signal);
    await work.idle();
  };
  const job = await jobs.create(li, { jurisdiction: '330212', kinds: null, opensOrders: false });
  await run();
  const ended = await jobs.get(CALLER, job.id);
  t.equal(ended.state, 'cancelled');
  t.ok(checked.length >= 20 && checked.length < 40, `${checked.length} were begun`);
  const audit = await listAudit(database, callerIn('000000'), { subject: `check/${job.id}`, limit: 1 });
  t.match(audit, [{ action: 'check.withdrawn', after: { by: 'Li' } }]);

  const whole = await tokens.create(callerIn('000000'), { name: 'Wu', role: 'technician', jurisdiction: '330212' });
  const wu = (await tokens.verify(whole.token))!;
  const second = await jobs.create(wu, { jurisdiction: '330212', kinds: null, opensOrders: false });
  await run();
  t.match(await jobs.get(CALLER, second.id), { state: 'done', done: ALL, warning: 1 });
  const { items } = await jobs.report(CALLER, second.id, { limit: 9, grade: 'warning' });
  t.match(items, [{ device: 'cam-5', steps: [{ problem: 'not-theirs' }] }]);
  t.equal(await standing.now({ ...wu, type: 'person' }, 'devices.check'), null, 'nobody of this name');
  t.equal(await standing.now(wu, 'people.keep'), null, 'never more than the role has');
});
