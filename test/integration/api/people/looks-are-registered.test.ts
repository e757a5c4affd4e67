import { randomBytes } from 'node:crypto';
import t from 'tap';
import { EvidenceLooks } from '../../../../src/alerts/evidence/looks.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { readAudit } from '../../../../src/platform/records/audit-reading.ts';
import { bearer, HERE, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryAudit } from '../../../support/api/memory/reports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';

const { database, registry, directory } = await openRegistry(t);
const register = new AccessRegister({ database, clock: systemClock, needsIncident: () => false });
const asked = { state: 'failed' as const, problem: 'auth', hint: 'Check the password.', atMs: 0, clockSkewMs: null };
const { call } = await startApi(t, {
  accessRegister: register,
  audit: { ...memoryAudit(), list: (caller, filter) => readAudit({ database, register }, caller, filter) },
  cameraSetup: async () => ({ ...asked, profiles: [] }),
});

interface Entry {
  seq: number;
  act: string;
  device: string | null;
  viewer: { type: string; id: string };
}

async function read(query = '', token: string = TOKENS.admin) {
  const { status, body } = await call({
    method: 'GET',
    url: `/api/v1/access-register${query}`,
    headers: bearer(token),
  });
  t.equal(status, 200);
  return body as { items: Entry[]; next?: string };
}

t.test('a look at kept pictures is registered in the area of the camera, also a retired one', async (t) => {
  const admin = callerIn('000000');
  const id = `camera-${randomBytes(4).toString('hex')}`;
  await registry.create(admin, kiosk({ id, jurisdiction: HERE }) as never);
  await registry.retire(admin, id, 1);
  const looks = new EvidenceLooks({
    register,
    areaOf: (camera) => directory.get(camera)?.identity.jurisdiction,
    needsIncident: () => false,
  });
  const entry = await looks.add({
    caller: { ...admin, type: 'person', id: 'li' },
    camera: id,
    purpose: 'alert-evidence',
    alert: 'a-1',
    case: null,
  });
  await t.rejects(looks.add({ caller: admin, camera: 'never-was', purpose: 'x', alert: 'a-1', case: null }), {
    code: 'not-found',
  });
  const { items } = await read(`?device=${id}`);
  t.match(items[0], { act: 'register', viewer: { type: 'token', id: 'admin' } }, 'reading is a look');
  t.match(items[1], { seq: entry, act: 'evidence', device: id, viewer: { type: 'person', id: 'li' } });
  t.equal(items.length, 2);
  t.same((await read('?viewer=li')).items.length, 1);
  t.notMatch(JSON.stringify(await read('', TOKENS.foreign)), id);
});

t.test('the register itself refuses a look at pictures of minors for no incident, whoever asks it', async (t) => {
  const camera = `minors-${randomBytes(4).toString('hex')}`;
  const admin = callerIn('000000');
  await registry.create(admin, kiosk({ id: camera, jurisdiction: HERE, accessClass: 'minors' }) as never);
  const needsIncident = (id: string) => directory.needsIncident(id);
  const strict = new AccessRegister({ database, clock: systemClock, needsIncident });
  const looks = new EvidenceLooks({ register: strict, areaOf: () => HERE, needsIncident });
  const viewer = { type: 'person', id: camera, name: 'Li' } as const;
  const look = { viewer, device: camera, jurisdiction: HERE, purpose: 'search', case: null } as const;
  const refused = { code: 'look.incident-missing' };
  for (const act of ['view', 'snapshot', 'evidence', 'image'] as const) {
    await t.rejects(strict.add({ ...look, act }), refused, act);
    await t.rejects(strict.add({ ...look, act, device: 'never-was' }), refused, 'nobody knows whom it shows');
  }
  const caller = { ...admin, ...viewer };
  const evidence = { caller, camera, purpose: 'alert-evidence', alert: 'a-1' };
  await t.rejects(looks.add({ ...evidence, case: null }), refused, 'an alert is no incident that somebody named');
  await looks.add({ ...evidence, case: 'A-7' });
  await strict.add({ ...look, act: 'register' });
  t.equal((await read(`?viewer=${camera}`)).items.length, 2);
  t.match(await read(`?viewer=${camera}&device=${camera}`), { items: [{ act: 'register' }, { case: 'A-7' }] });
  await registry.update(admin, camera, 1, { accessClass: 'public' });
  await strict.add({ ...look, act: 'view' });
  t.equal((await read(`?viewer=${camera}`)).items.length, 3, 'the class of today counts');
});

t.test('the register is read page by page, newest first', async (t) => {
  for (let n = 0; n < 7; n += 1) {
    await register.add({
      viewer: { type: 'token', id: 'pages', name: 'pages' },
      act: 'view',
      device: KIOSK,
      jurisdiction: HERE,
      purpose: 'routine',
      case: `case-${n}`,
    });
  }
  const seen: number[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page: Awaited<ReturnType<typeof read>> = await read(`?viewer=pages&limit=3${next ? `&cursor=${next}` : ''}`);
    seen.push(...page.items.map(({ seq }) => seq));
    next = page.next;
  }
  t.equal(seen.length, 7);
  t.same(
    seen,
    seen.toSorted((a, b) => b - a),
  );
});

t.test('a device says how asking it over ONVIF went, to those who can do something about it', async (t) => {
  const get = (token: string) => call({ method: 'GET', url: `/api/v1/devices/${KIOSK}`, headers: bearer(token) });
  for (const role of ['admin', 'operator', 'technician'] as const) {
    t.match((await get(TOKENS[role])).body, { setup: { state: 'failed', problem: 'auth', at: /^1970/ } });
  }
  t.notOk('setup' in ((await get(TOKENS.viewer)).body as object));
});

t.test('who reads the audit trail, and about what, is registered first', async (t) => {
  const subject = `device/${randomBytes(4).toString('hex')}`;
  const { status } = await call({
    method: 'GET',
    url: `/api/v1/audit?subject=${encodeURIComponent(subject)}&limit=3`,
    headers: bearer(TOKENS.admin),
  });
  t.equal(status, 200);
  const { items } = await read();
  t.match(
    items.find(({ act }) => act === 'audit'),
    { viewer: { id: 'admin' }, device: null, asked: { subject, limit: 3 } },
  );
  const full = { add: () => Promise.reject(new Error('the register takes nothing')) };
  const unread = readAudit({ database, register: full }, callerIn('000000'), { limit: 1 });
  await t.rejects(unread, /takes nothing/, 'nothing is read without a row');
});
