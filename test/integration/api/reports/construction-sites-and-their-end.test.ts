import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { SiteClosing } from '../../../../src/devices/life/closing.ts';
import type { DeviceFollower } from '../../../../src/devices/registry/followers.ts';
import { ConstructionSites } from '../../../../src/devices/reports/construction-sites.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { viewRegister } from '../../../../src/streams/live/view-register.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Playback } from '../../../../src/streams/recordings/playback.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { memoryReports } from '../../../support/api/memory/reports.ts';
import { UNHEARD } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { NOT_CODED } from '../../../support/streams/recordings/not-coded.ts';

const NINGBO = callerIn('330200');
const YINZHOU = '330212';
const HAISHU = '330203';

/** What followed, as alerts and streams do in a gateway. */
const followed: string[] = [];
const follower: DeviceFollower = {
  follow: async (_tx, devices) => void followed.push(...devices.keys()),
  settle: async () => {},
};
const open = await openRegistry(t, { followers: [follower] });
const { database, registry, behindApi, kinds, tokens, jurisdictions, doors, authority, directory } = open;
const reports = {
  ...memoryReports(() => {}),
  constructionSites: new ConstructionSites({ database, kinds, tree: jurisdictions }),
};
const siteClosing = new SiteClosing({
  ...open,
  clock: systemClock,
  observer: quietObserver(),
  followers: [follower],
  cameraNetworks: [],
  ...UNHEARD,
});
const ownership = firstOwner();
const recorded = new Recordings({ database, ownership, classOf: () => 'public' });
const needsIncident = (id: string) => directory.needsIncident(id);
const register = viewRegister({
  register: new AccessRegister({ database, clock: systemClock, needsIncident }),
  jurisdictionOf: (id) => directory.get(id)?.identity.jurisdiction,
});
const gaps = new GapTable({ database, ownership });
const files = { moments: async () => null };
const ofRecordings = { clock: systemClock, recordings: recorded, gaps, files, readerOf: () => null };
const playback = new Playback({ ...ofRecordings, coded: NOT_CODED, register });
const people = { tokens, jurisdictions, authority };
const parts = { registry: behindApi, directory: doors, kinds, ...people, reports, siteClosing };
const api = await startApi(t, { ...parts, recordings: { playback } as never });

const tokenIn = async (jurisdiction: string, role: 'admin' | 'viewer' = 'viewer'): Promise<string> =>
  (await tokens.create(callerIn('000000'), { name: 'n', role, jurisdiction, purpose: null })).token;
const [city, yinzhou] = [await tokenIn('330200', 'admin'), await tokenIn(YINZHOU, 'admin')];

const ask = (path: string, token = city) =>
  api.call({ method: 'GET', url: `/api/v1/reports/construction-sites${path}`, headers: bearer(token) });

const close = async (id: string, token = city) =>
  await api.call({
    method: 'POST',
    url: `/api/v1/devices/${id}/close`,
    headers: bearer(token),
    payload: { reason: 'the building is done' },
  });

const add = (id: string, kind: string, more: Record<string, unknown> = {}) =>
  registry.create(NINGBO, kiosk({ id, kind, ...more }));
const file = { placeType: 'construction-site', address: '=HYPERLINK("x")' };

t.before(async () => {
  for (let number = 1; number <= 9; number += 1) {
    await add(`site-${number}`, 'site', { file });
    await add(`cam-${number}`, 'camera', { parent: `site-${number}` });
  }
  await add('site-bare', 'site', { file });
  await add('cabinet-bare', 'cabinet', { parent: 'site-bare' });
  await add('cam-planned', 'camera', { parent: 'cabinet-bare', state: 'planned' });
  await add('crossing', 'site', { file: { placeType: 'street' } });
  await add('site-planned', 'site', { file, state: 'planned' });
  const haishu = { jurisdiction: HAISHU, location: { lat: 29.87, lon: 121.54 } };
  await add('site-haishu', 'site', { file, ...haishu });
  await add('cam-deep', 'camera', { parent: 'cabinet-bare', state: 'installed', ...haishu });
});

t.test('nine sites of ten with video pass the gate, and those without are listed', async (t) => {
  t.match((await ask('')).body, {
    items: [
      { jurisdiction: HAISHU, sites: 1, withVideo: 0, percent: 0, passed: false },
      { jurisdiction: YINZHOU, sites: 10, withVideo: 9, percent: 90, passed: true },
    ],
    sum: { sites: 11, withVideo: 9, percent: 81.8, passed: false },
  });
  t.match((await ask('?gate=91&jurisdiction=330212')).body, { sum: { percent: 90, passed: false } });
  t.match((await ask('/devices?video=false')).body, {
    items: [{ device: 'site-bare', cameras: 0 }, { device: 'site-haishu' }],
  });
  const table = await ask('/devices?video=false&format=csv&jurisdiction=330212');
  t.match(table.text, /site-bare,Kiosk at the market,330212,"'=HYPERLINK\(""x""\)",0,0\r\n$/, 'no cell is a formula');
  t.match(table.headers['content-disposition'], /construction-sites-devices\.csv/);
});

t.test('another district is in no number, and closes nothing', async (t) => {
  t.match((await ask('', yinzhou)).body, { items: [{ jurisdiction: YINZHOU }], sum: { sites: 10 } });
  t.match((await ask(`?jurisdiction=${HAISHU}`, yinzhou)).body, { items: [], sum: { sites: 0, passed: null } });
  t.notMatch((await ask('/devices', yinzhou)).text, /haishu/);
  t.equal((await close('site-haishu', yinzhou)).status, 404);
  const beyond = await close('site-bare', yinzhou);
  t.match(beyond.body, { code: 'conflict.reference' }, 'a camera of another district hangs there');
  t.notMatch(beyond.text, /cam-deep/);
  t.match(await registry.get(NINGBO, 'site-bare'), { state: 'in-service' });
});

t.test('a site is closed with all that hangs there, all or nothing, each with its audit row', async (t) => {
  await sql`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`.execute(
    database.tables(),
  );
  await sql`create trigger refuse before insert on audit_entry for each row
    when (new.action = 'site.close') execute function refuse()`.execute(database.tables());
  t.ok((await close('site-bare')).status >= 500);
  t.match(await registry.get(NINGBO, 'cam-deep'), { state: 'installed' }, 'nothing of it happened');
  t.equal(directory.get('cam-deep')?.state, 'installed');
  await sql`drop trigger refuse on audit_entry`.execute(database.tables());
  followed.length = 0;
  const retired = ['cam-deep', 'cam-planned', 'cabinet-bare', 'site-bare'];
  t.match(await close('site-bare'), { status: 200, body: { retired } });
  for (const id of retired) {
    t.equal((await registry.get(NINGBO, id)).state, 'retired');
    t.equal(directory.get(id)?.state, 'retired');
  }
  t.strictSame(followed.toSorted(), retired.toSorted(), 'alerts and what else goes with them follow');
  const { rows } = await sql<{ action: string; subject: string; after: object }>`
    select action, subject, after from audit_entry order by seq desc limit 5`.execute(database.tables());
  t.strictSame(
    rows.map(({ action, subject }) => `${action} ${subject}`),
    ['site.close device/site-bare', ...retired.toReversed().map((id) => `device.retire device/${id}`)],
  );
  t.match(rows[0]!.after, { reason: 'the building is done', retired: 4 });
  t.match((await ask('')).body, { sum: { sites: 10 } }, 'it is no construction site any more');
  t.match((await close('site-bare')).body, { code: 'conflict.state' });
  t.match((await close('cam-1')).body, { code: 'conflict.state', detail: /DELETE/ });
});

t.test('what was recorded there is shown on to who could see the cameras, and each look is registered', async (t) => {
  const [startsAtMs, endsAtMs] = [Date.parse('2026-11-20T08:00:00Z'), Date.parse('2026-11-20T08:01:00Z')];
  for (const device of ['cam-1', 'cam-2']) {
    const head = {
      device,
      quality: 'main',
      startsAtMs,
      previousEndsAtMs: null,
      continuity: 'c',
      leaseEpoch: 1,
    } as const;
    await recorded.add([{ head, disk: 'recordings', endsAtMs, bytes: 1_000, leadBytes: 10, sha256: '00'.repeat(32) }]);
  }
  await registry.update(NINGBO, 'cam-2', 1, { accessClass: 'minors' });
  for (const id of ['site-1', 'site-2']) t.equal((await close(id)).status, 200);
  const of = (path: string, token: string) =>
    api.call({ method: 'GET', url: `/api/v1/streams/${path}`, headers: bearer(token) });
  const span = 'from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z';
  const [reader, haishu] = [await tokenIn(YINZHOU), await tokenIn(HAISHU)];
  t.match((await of(`cam-1/recordings?${span}`, reader)).body, { stretches: [{ files: 1, bytes: 1_000 }] });
  const play = async (id: string, token: string, more = '') =>
    await of(`${id}/playback.m3u8?${span}&purpose=inquiry${more}`, token);
  t.match(await play('cam-1', reader), { status: 200, text: /EXTINF:60/ });
  t.match(await play('cam-2', reader), { body: { code: 'look.incident-missing' } });
  t.equal((await play('cam-2', reader, '&case=A-7')).status, 200);
  const { rows } = await sql<object>`
    select device, act, jurisdiction, case_number as "case" from access_register order by seq`.execute(
    database.tables(),
  );
  const look = { act: 'view', jurisdiction: YINZHOU };
  t.strictSame(rows, [
    { device: 'cam-1', ...look, case: null },
    { device: 'cam-2', ...look, case: 'A-7' },
  ]);
  for (const path of [`cam-1/recordings?${span}`, `cam-1/recordings/${startsAtMs}-1.mp4?purpose=inquiry`])
    t.equal((await of(path, haishu)).status, 404);
  t.equal((await play('cam-1', haishu)).status, 404);
  t.equal((await of('cam-1/live.m3u8?purpose=inquiry', reader)).status, 404, 'there is nothing live any more');
});
