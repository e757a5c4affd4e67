import t from 'tap';
import { Grants } from '../../../../src/access/grants/grants.ts';
import { OpenAlerts } from '../../../../src/alerts/desk/open-alerts.ts';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { DAY_MS, HOUR_MS, toRfc3339 } from '../../../../src/core/clock.ts';
import type { Role } from '../../../../src/core/types.ts';
import { DeviceExport } from '../../../../src/devices/import-export/writing/device-export.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { closeAlert, storeAlert } from '../../../support/alerts/alert-rows.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { ManualClock, passTime } from '../../../support/time/clock.ts';

const OWN = '330205';
const THEIRS = '330203';
const THIRD = '330206';

const clock = new ManualClock();
const ground = await openRegistry(t, { clock });
const { database, authority, inForce, grants, jurisdictions, agencies } = ground;
const alerts = new OpenAlerts(database);
/** An export that goes on until its end is asked for. */
const exports: ApiDeps['exports'] = {
  open: async (_question, signal) => ({
    contentType: 'text/csv',
    fileName: 'x.csv',
    pieces: (async function* () {
      yield 'time\r\n';
      await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
    })(),
  }),
};
const { behindApi: registry, search, doors: directory, tokens, kinds } = ground;
const known = { registry, search, directory, tokens, kinds, jurisdictions };
const deviceExport = new DeviceExport({ database, clock });
const api = await startApi(t, { ...known, authority, grants, exports, deviceExport, clock });
const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });

const nation = callerIn('000000');
for (const jurisdiction of [OWN, THEIRS, THIRD]) {
  await ground.registry.create(nation, kiosk({ id: `kiosk-${jurisdiction}`, jurisdiction }));
  await ground.registry.create(nation, kiosk({ id: `camera-${jurisdiction}`, kind: 'camera', jurisdiction }));
}

async function tokenFor(role: Role, jurisdiction: string): Promise<string> {
  // Who made both would be the second person to themselves.
  return (await tokens.create({ ...nation, id: role }, { name: role, role, jurisdiction, purpose: 'case' })).token;
}

const operator = await tokenFor('operator', OWN);
const approver = await tokenFor('approver', THEIRS);
const NOBODY = '00000000-0000-4000-8000-000000000000';
const RANGE = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';

async function ask(token: string, method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object) {
  const headers = { ...bearer(token), 'if-match': '"1"' };
  const answer = await api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
  return { ...answer, body: answer.body as { id: string; state: string; items: { id: string }[] } };
}

async function asked(rights?: string[], days = 1, by = operator): Promise<string> {
  const untilMs = clock.nowMs() + days * DAY_MS;
  const wish = { jurisdiction: THEIRS, case: 'A-2026-7', reason: 'theft', until: toRfc3339(untilMs) };
  const answer = await ask(by, 'POST', '/grants', { ...wish, ...(rights ? { rights } : {}) });
  t.equal(answer.status, 201, answer.text);
  return answer.body.id;
}

const wishFor = (alert: string, over: object = {}) => ({ jurisdiction: THEIRS, reason: 'theft', alert, ...over });
const approve = (id: string, token = approver) => ask(token, 'POST', `/grants/${id}/approve`);
const end = (id: string, token = approver) => ask(token, 'POST', `/grants/${id}/end`);

/** Statuses of what the operator may look at in an area. */
async function sight(area: string): Promise<Record<string, number>> {
  const of = async (path: string) => (await ask(operator, 'GET', path)).status;
  return {
    device: await of(`/devices/kiosk-${area}`),
    latest: await of(`/devices/kiosk-${area}/latest`),
    video: await of(`/streams/camera-${area}/live.m3u8`),
  };
}

const NOTHING = { device: 404, latest: 404, video: 404 };
const EVERYTHING = { device: 200, latest: 200, video: 200 };

t.test('a grant opens one area for its rights, once somebody else of that area approved it', async (t) => {
  t.same(await sight(THEIRS), NOTHING);
  const id = await asked();
  t.same(await sight(THEIRS), NOTHING, 'asking opens nothing');
  const foreign = await tokenFor('approver', THIRD);
  t.equal((await approve(id, foreign)).status, 404, 'who approves elsewhere does not know of it');
  t.equal((await approve(id, operator)).status, 403);
  t.match((await ask(approver, 'GET', '/grants')).body.items, [{ id, state: 'asked' }]);
  t.match((await ask(foreign, 'GET', '/grants')).body.items.length, 0);
  t.match(await approve(id), { status: 200, body: { state: 'approved' } });
  t.equal((await approve(id)).status, 409, 'once');
  t.same(await sight(THEIRS), EVERYTHING);
  t.same(await sight(THIRD), NOTHING, 'and no other area');
  const listed = (await ask(operator, 'GET', '/devices')).body.items.map((one) => one.id);
  t.same(listed, [OWN, THEIRS].flatMap((area) => [`camera-${area}`, `kiosk-${area}`]).toSorted());
  t.equal((await ask(operator, 'POST', `/devices/kiosk-${THEIRS}/commands`, { name: 'lock' })).status, 404);
  t.match(await end(id, operator), { status: 204 }, 'its holder may end it');
  t.same(await sight(THEIRS), NOTHING);
});

t.test('it opens what it names and nothing else, and nothing its holder has no right to at home', async (t) => {
  const id = await asked(['video.look', 'plates.search']);
  await approve(id);
  t.same(await sight(THEIRS), { ...NOTHING, video: 200 });
  const listed = (await ask(operator, 'GET', '/devices')).body.items;
  t.notMatch(JSON.stringify(listed), new RegExp(THEIRS));
  const integrator = await tokenFor('integrator', OWN);
  t.equal((await ask(integrator, 'POST', '/grants', {})).status, 403, 'who cannot ask');
  const of = await tokens.verify(operator);
  t.equal(authority.may({ ...of!, role: 'integrator' }, 'video.look', THEIRS), false, 'a role without the right');
  await end(id);
});

t.test('who may edit at home is not told where devices beyond the border are reached', async (t) => {
  const administrator = await tokenFor('administrator', OWN);
  for (const [number, jurisdiction] of [OWN, THEIRS].entries()) {
    const onvif = { xaddr: `http://10.9.${number}.1/onvif/device_service`, username: 'u', password: 'p' };
    const id = `reached-${jurisdiction}`;
    await ground.registry.create(nation, kiosk({ id, kind: 'camera', jurisdiction, onvif }));
  }
  const id = await asked(['registry.read'], 1, administrator);
  await approve(id);
  const alone = await ask(administrator, 'GET', `/devices/reached-${THEIRS}`);
  t.equal(alone.status, 200);
  t.notMatch(alone.text, /10\.9\./, 'nor by the device');
  const { status, text } = await ask(administrator, 'GET', '/devices/export');
  t.equal(status, 200);
  t.match(text, `reached-${THEIRS}`);
  t.match(text, '10.9.0.1', 'the own ones are told');
  t.notMatch(text, '10.9.1.1');
  await end(id);
});

t.test('nobody approves their own, whatever they may', async (t) => {
  const both = await tokenFor('administrator', '330200');
  const wish = { case: 'A-1', reason: 'theft', until: toRfc3339(clock.nowMs() + HOUR_MS) };
  const own = await ask(both, 'POST', '/grants', { jurisdiction: '330205', ...wish });
  t.equal(own.status, 400, 'the own area needs no grant');
  const nationwide = await tokenFor('administrator', THEIRS);
  const elsewhere = await ask(nationwide, 'POST', '/grants', { jurisdiction: OWN, ...wish });
  t.equal((await approve(elsewhere.body.id, nationwide)).status, 404, 'nor approves there');
  await t.rejects(
    database
      .tables<{ access_grant: { approved_by_id: string; approved_by: string; approved_at_ms: number } }>()
      .updateTable('access_grant')
      .set(({ ref }) => ({ approved_by_id: ref('holder_id' as never), approved_by: 'x', approved_at_ms: 1 }))
      .execute(),
    { code: 'store.refused' },
    'not even by hand',
  );
  for (const wrong of [
    { until: toRfc3339(clock.nowMs() - 1) },
    { until: toRfc3339(clock.nowMs() + 91 * DAY_MS) },
    { jurisdiction: '339999' },
    { rights: ['registry.edit'] },
    { case: '' },
  ]) {
    const answer = await ask(operator, 'POST', '/grants', { jurisdiction: THEIRS, ...wish, ...wrong });
    t.equal(answer.status, 400, JSON.stringify(wrong));
  }
});

t.test('an answer that goes on ends within 10 s of the grant, by its day as by hand', async (t) => {
  const begin = async () => {
    const answer = await fetch(`${url}/api/v1/devices/kiosk-${THEIRS}/export?${RANGE}`, { headers: bearer(operator) });
    t.equal(answer.status, 200);
    const state = { ended: false };
    void answer
      .text()
      .catch(() => {})
      .finally(() => {
        state.ended = true;
      });
    return state;
  };
  const short = await asked(undefined, 60 / (DAY_MS / 1000));
  await approve(short);
  const byDay = await begin();
  await clock.advance(50_000);
  t.equal(byDay.ended, false);
  const untilDayMs = await passTime(clock, () => byDay.ended, 100);
  t.ok(untilDayMs <= 20_000, `ended ${untilDayMs} ms later, 10 s of them still granted`);
  t.same(await sight(THEIRS), NOTHING);
  const second = await asked();
  await approve(second);
  const byHand = await begin();
  await end(second);
  const ms = await passTime(clock, () => byHand.ended, 100);
  t.ok(ms <= 10_000, `ended ${ms} ms after the grant`);
});

t.test('another process ends a grant, and each step has its audit row', async (t) => {
  const id = await asked();
  await approve(id);
  const elsewhere = new Grants({
    database,
    clock,
    authority,
    jurisdictions,
    agencies,
    alerts,
    changed: async () => {},
  });
  await elsewhere.end((await tokens.verify(approver))!, id);
  await inForce.load(database);
  t.same(await sight(THEIRS), NOTHING);
  const { rows } = await database.statement(async (tables) => ({
    rows: await tables
      .tables<{ followed_change: { topic: string } }>()
      .selectFrom('followed_change')
      .select('topic')
      .execute(),
  }));
  t.ok(
    rows.some(({ topic }) => topic === 'grants'),
    'others are told',
  );
  const audit = await listAudit(database, nation, { subject: `grant/${id}`, limit: 10 });
  t.same(audit.map(({ action }) => action).toSorted(), ['grant.approve', 'grant.ask', 'grant.end']);
  t.ok(
    audit.every(({ jurisdiction }) => jurisdiction === THEIRS),
    'they belong to the area that was opened',
  );
});

t.test('a grant that is bound to an alert ends with it, and never begins after it', async (t) => {
  const alert = await storeAlert(database, OWN);
  const bound = await ask(operator, 'POST', '/grants', wishFor(alert));
  t.match(bound, { status: 201, body: { alert, case: null, state: 'asked' } });
  const late = await ask(operator, 'POST', '/grants', wishFor(alert, { case: 'A-1' }));
  t.equal((await approve(bound.body.id)).status, 200);
  t.same(await sight(THEIRS), EVERYTHING);
  const going = await fetch(`${url}/api/v1/devices/kiosk-${THEIRS}/export?${RANGE}`, { headers: bearer(operator) });
  const state = { ended: false };
  void going
    .text()
    .catch(() => {})
    .finally(() => {
      state.ended = true;
    });
  await clock.advance(30_000);
  t.equal(state.ended, false, 'it goes on while the alert is open');
  await closeAlert(database, alert);
  t.match(await approve(late.body.id), { status: 409, text: /closed/ }, 'nor is one approved now');
  t.same(await sight(THEIRS), NOTHING, 'it is not in force from the next reading on');
  const ms = await passTime(clock, () => state.ended, 100);
  t.ok(ms <= 10_000, `ended ${ms} ms after the alert`);
  await grants.endWithAlerts();
  const shown = (await ask(operator, 'GET', '/grants')).body.items.filter(({ id }) => id === bound.body.id);
  t.match(shown, [{ state: 'ended', endedBy: 'citywatch' }]);
  const audit = await listAudit(database, nation, { subject: `grant/${bound.body.id}`, limit: 10 });
  t.same(audit.map(({ action }) => action).toSorted(), ['grant.approve', 'grant.ask', 'grant.end']);
});

t.test('only an open alert that the asker may see is taken', async (t) => {
  const foreign = await storeAlert(database, THEIRS);
  const closed = await storeAlert(database, OWN);
  await closeAlert(database, closed);
  const refused = async (alert: string | undefined, over: object, expected: object) => {
    const payload = alert === undefined ? { ...wishFor(''), ...over, alert } : wishFor(alert, over);
    const answer = await ask(operator, 'POST', '/grants', payload);
    t.match(answer, { status: 400, body: { issues: [expected] } }, JSON.stringify(payload));
  };
  await refused(closed, {}, { path: 'alert', message: /is closed/ });
  await refused(foreign, {}, { path: 'alert', message: /no alert or incident that you may see/ });
  await refused(NOBODY, {}, { path: 'alert', message: /no alert or incident that you may see/ });
  await refused('x', {}, { path: 'alert' });
  await refused(undefined, { until: toRfc3339(clock.nowMs() + HOUR_MS) }, { path: 'case' });
  await refused(undefined, { case: 'A-1' }, { path: 'until' });
});

t.test('a list of grants goes on by its cursor, whoever asked for them', async (t) => {
  const lone = await tokenFor('operator', OWN);
  for (let each = 0; each < 5; each += 1) await asked(undefined, 1, lone);
  for (const [who, least] of [
    [lone, 5],
    [approver, 10],
  ] as const) {
    const whole = (await ask(who, 'GET', '/grants?limit=500')).body.items.map(({ id }) => id);
    t.ok(whole.length >= least);
    const pages: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await ask(who, 'GET', `/grants?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      const body = answer.body as { items: { id: string }[]; next?: string };
      pages.push(...body.items.map(({ id }) => id));
      cursor = body.next;
    } while (cursor !== undefined);
    t.same(pages, whole);
  }
  const { next } = (await ask(lone, 'GET', '/grants?limit=2')).body as { next?: string };
  t.equal((await ask(operator, 'GET', `/grants?limit=2&cursor=${next}`)).status, 400, 'of somebody else');
});
