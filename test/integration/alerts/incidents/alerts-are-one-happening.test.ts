import t from 'tap';
import { OpenAlerts } from '../../../../src/alerts/desk/open-alerts.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, raise, ask } = await startAlertsApi(t);

async function opened(device: string, jurisdiction = HERE): Promise<string> {
  const data = { plate: '浙B***45' };
  await raise(device, { severity: 'moderate', rule: 'kiosk-full', jurisdiction, data });
  const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device, open: true })).items[0];
  return (await until(`the alert of ${device}`, find)).id;
}
const of = (id: string) => desk.queries.get(ADMIN, id);
const typesOf = async (id: string) => {
  const { entries } = await desk.queries.events(ADMIN, 0, 500);
  return entries.filter(({ alertId }) => alertId === id).map(({ type }) => type.slice('alert.'.length));
};

interface Incident {
  id: string;
  version: number;
}
interface Line {
  text: string | null;
  type: string;
  alert: string | null;
  actor: string;
}

t.test('alerts are put together, taken apart again, and closed together, with one history', async (t) => {
  const [a, b, c] = [await opened('shop-a'), await opened('shop-b'), await opened('shop-c')];
  const made = await ask('POST', '/incidents', { payload: { title: '市场火灾', alerts: [a, b] } });
  t.match(made, { status: 201, body: { state: 'open', alerts: 2, openedBy: 'operator' } });
  const { id } = made.body as Incident;
  t.match([await of(a), await of(b)], [{ incident: id }, { incident: id }]);
  const second = await ask('POST', '/incidents', { payload: { title: 'another', alerts: [a] } });
  t.match(second, {
    status: 409,
    body: { detail: new RegExp(`part of another incident \\(${id}\\): split it first`) },
  });
  const merged = await ask('POST', `/incidents/${id}/merge`, { payload: { alerts: [b, c] } });
  t.match(merged.body, { alerts: 3 });
  const split = await ask('POST', `/incidents/${id}/split`, { payload: { alerts: [b] } });
  t.match(split.body, { alerts: 2 });
  const versions = [made, merged, split].map(({ body }) => (body as Incident).version);
  t.ok(versions[0]! < versions[1]! && versions[1]! < versions[2]!, `another version each time: ${versions}`);
  t.match(await of(b), { incident: null, handling: 'new' });
  const list = (await ask('GET', `/alerts?incident=${id}`)).body as { items: { id: string }[] };
  t.strictSame(new Set(list.items.map((one) => one.id)), new Set([a, c]), 'the count is that of the list');
  const stale = { payload: { verdict: 'confirmed' }, match: `"${versions[1]}"` };
  t.equal((await ask('POST', `/incidents/${id}/close`, stale)).status, 412);
  const closed = await ask('POST', `/incidents/${id}/close`, {
    payload: { verdict: 'confirmed', text: '已扑灭 B12345' },
  });
  t.match(closed.body, { state: 'closed', closedBy: 'operator', alerts: 2 });
  t.match([await of(a), await of(c)], [{ handling: 'closed', verdict: 'confirmed' }, { handling: 'closed' }]);
  t.match(await of(b), { handling: 'new' }, 'what was taken out goes on alone');
  t.strictSame(await typesOf(b), ['opened', 'merged', 'split']);
  const more = await ask('POST', `/incidents/${id}/merge`, { payload: { alerts: [b] } });
  t.match(more, { status: 409, body: { detail: /closed by operator: open another/ } });
  const { items } = (await ask('GET', `/incidents/${id}/history`)).body as { items: Line[] };
  const deeds = items.filter(({ alert }) => alert === null).map(({ type }) => type);
  t.strictSame(deeds.reverse(), ['incident.opened', 'incident.merged', 'incident.split', 'incident.closed']);
  const told = items.flatMap(({ alert, text }) => (alert === null && text !== null ? [text] : []));
  t.strictSame(told, ['已扑灭 浙B***45']);
  const ofAlerts = items.filter(({ alert }) => alert === b).map(({ type }) => type);
  t.strictSame(
    ofAlerts.reverse(),
    ['alert.opened', 'alert.merged', 'alert.split'],
    'also of one that is no part any more',
  );
  const audit = await listAudit(desk.database, ADMIN, { subject: `incident/${id}`, limit: 10 });
  t.strictSame(audit.map(({ action }) => action).reverse(), deeds);
});

t.test('one that is taken apart leaves its alerts as they are', async (t) => {
  const a = await opened('shop-d');
  const made = await ask('POST', '/incidents', { payload: { title: 'nothing', alerts: [a] } });
  const { id, version } = made.body as Incident;
  t.equal((await ask('DELETE', `/incidents/${id}`, { match: '"9"' })).status, 412);
  t.equal((await ask('DELETE', `/incidents/${id}`, { match: `"${version}"` })).status, 204);
  t.match(await of(a), { incident: null, handling: 'new', condition: 'active' });
  t.match((await ask('GET', `/incidents/${id}`)).body, { state: 'closed', alerts: 0 });
});

t.test('what is like it joins by itself when it opens', async (t) => {
  const a = await opened('market-1');
  const payload = { title: 'the market', alerts: [a], takes: { kind: 'market' } };
  const { id } = (await ask('POST', '/incidents', { payload })).body as Incident;
  const [b, other] = [await opened('market-2'), await opened('school-1')];
  t.match([await of(b), await of(other)], [{ incident: id }, { incident: null }]);
  t.strictSame(await typesOf(b), ['opened'], 'with its opening');
  await ask('POST', `/incidents/${id}/close`, { payload: { verdict: 'confirmed' } });
  t.match(await of(await opened('market-3')), { incident: null }, 'not any more');
  t.equal((await ask('POST', '/incidents', { payload: { ...payload, takes: {} } })).status, 400);
});

t.test('what joined or was raised again after the read is not closed unseen', async (t) => {
  const a = await opened('fair-1');
  const payload = { title: 'the fair', alerts: [a], takes: { kind: 'fair' } };
  const made = (await ask('POST', '/incidents', { payload })).body as Incident;
  const { id } = made;
  const read = async () => ((await ask('GET', `/incidents/${id}`)).body as Incident).version;
  const close = (version: number) =>
    ask('POST', `/incidents/${id}/close`, { payload: { verdict: 'no_action' }, match: `"${version}"` });
  const before = await read();
  t.equal(before, made.version, 'the answer of a deed says the version of a read');
  const b = await opened('fair-2');
  t.match(await close(before), { status: 412, body: { detail: /joined it or was raised again/ } });
  t.match([await of(a), await of(b)], [{ handling: 'new' }, { handling: 'new' }]);
  const joined = await read();
  await raise('fair-1', { severity: 'moderate', rule: 'kiosk-full', jurisdiction: HERE });
  await until('raised again', async () => (await of(a)).occurrences === 2);
  t.equal((await close(joined)).status, 412);
  const raised = await read();
  // One that leaves does not bring back a version that somebody holds.
  await ask('POST', `/incidents/${id}/split`, { payload: { alerts: [b] } });
  const left = await read();
  t.ok(left > raised, `${left} after ${raised}`);
  t.equal((await ask('DELETE', `/incidents/${id}`, { match: `"${raised}"` })).status, 412);
  t.match(await close(left), { status: 200, body: { state: 'closed', alerts: 1 } });
  t.match([await of(a), await of(b)], [{ handling: 'closed' }, { handling: 'new' }]);
});

t.test('across the border nothing of it is seen but what is one’s own', async (t) => {
  const [here, there] = [await opened('edge-1'), await opened('edge-2', '510700')];
  const payload = { title: 'on the border', alerts: [here, there] };
  const refused = await ask('POST', '/incidents', { payload });
  t.match(refused, { status: 400, body: { issues: [{ path: 'alerts[1]', message: /see GET \/alerts/ }] } });
  const { id } = await desk.incidents.open(ADMIN, { ...payload, takes: null });
  t.match((await ask('GET', `/incidents/${id}`)).body, { alerts: 1 }, 'of two, one');
  t.match((await ask('GET', `/incidents/${id}`, { token: TOKENS.foreign })).body, { alerts: 1 });
  const lines = (await ask('GET', `/incidents/${id}/history`)).body as { items: Line[] };
  t.notOk(lines.items.some(({ alert }) => alert === there));
  t.equal((await ask('POST', `/incidents/${id}/close`, { payload: { verdict: 'drill' } })).status, 404);
  const own = await desk.incidents.open(ADMIN, {
    title: 'there',
    alerts: [await opened('edge-3', '510700')],
    takes: null,
  });
  t.equal((await ask('GET', `/incidents/${own.id}`)).status, 404);
  const seen = ((await ask('GET', '/incidents')).body as { items: Incident[] }).items.map((one) => one.id);
  t.ok(seen.includes(id) && !seen.includes(own.id));
});

t.test('what is bound to an incident ends with it', async (t) => {
  const open = new OpenAlerts(desk.database);
  const a = await opened('bound-1');
  const { id } = (await ask('POST', '/incidents', { payload: { title: 'bound', alerts: [a] } })).body as Incident;
  const li: Caller = { ...ADMIN, type: 'person', id: 'li', jurisdiction: HERE };
  const zhao: Caller = { ...li, jurisdiction: '510700' };
  t.equal(await open.stateFor(li, id), 'open');
  t.equal(await open.stateFor(zhao, id), null);
  t.strictSame(await open.among(desk.database, [id, a]), new Set([id, a]));
  await ask('POST', `/incidents/${id}/close`, { payload: { verdict: 'confirmed' } });
  t.equal(await open.stateFor(li, id), 'closed');
  t.strictSame(await open.among(desk.database, [id, a]), new Set());
});
