import t from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { Look } from '../../../../src/platform/records/access-register.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { EventReader } from '../../../support/alerts/event-reader.ts';
import { HERE, TOKENS, tokenOf } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';
import { raisingHits } from '../../../support/watchlists/hit.ts';

const WHOLE = '浙B12345';
const MASKED = '浙B***45';
const BY_ROLE = 'plates=whole&purpose=theft&case=A-7';
/** Of the same city, beside the area of the test. */
const BESIDE = '330203';

const clock = new ShiftedClock();
const { api, desk, alerts, looks: pictures, wantedLooks, ask } = await startAlertsApi(t, { clock });
const { port } = await listen(api.app, { host: '127.0.0.1', port: 0 });
const hit = raisingHits(desk);
const looks = wantedLooks as Look[];

/** Looks that were registered since the last question. */
const news = (): Look[] => looks.splice(0);
const platesOf = (items: readonly { data: Record<string, unknown> }[]) => items.map(({ data }) => data.plate);
async function list(path: string, token: string = TOKENS.operator) {
  const { status, body, headers } = await ask('GET', path, { token });
  return { status, body: body as { items: AlertView[]; next?: string; code?: string; issues?: object[] }, headers };
}
const permitFor = (id: string, over: object = {}) => {
  const untilMs = clock.nowMs() + 10 * MINUTE_MS;
  const input = { holder: { type: 'token' as const, id }, purpose: 'trial', case: 'C-9', untilMs, jurisdiction: HERE };
  return alerts.permits.give(ADMIN, { ...input, ...over });
};

const ids = [await hit('k1'), await hit('k2')];
await hit('covert', { seenBy: ['somebody-else'] });

t.test('a list tells plates whole by role, with one row that names what was asked and what was seen', async (t) => {
  t.strictSame(platesOf((await list('/alerts')).body.items), [MASKED, MASKED]);
  t.match(await list('/alerts?plates=whole&purpose=theft'), { status: 400, body: { code: 'request.invalid' } });
  t.match(await list('/alerts?plates=whole&case=A-7'), { status: 400 }, 'nor without a purpose');
  t.match(await list(`/alerts?${BY_ROLE}`, TOKENS.viewer), { status: 403, body: { code: 'auth.forbidden' } });
  t.strictSame(news(), [], 'nothing was seen yet');
  const { body, headers } = await list(`/alerts?${BY_ROLE}&rule=wanted&limit=5`);
  t.strictSame(platesOf(body.items), [WHOLE, WHOLE]);
  t.equal(headers['cache-control'], 'no-store');
  const [look, ...more] = news();
  t.strictSame(more, [], 'one row');
  t.match(look, { viewer: { id: 'operator' }, act: 'plates', purpose: 'theft', case: 'A-7', jurisdiction: HERE });
  t.strictSame(look!.asked!.list, { rule: 'wanted', limit: 5, order: 'newest' });
  t.strictSame(
    [...(look!.asked!.alerts as string[])].sort(),
    [...ids].sort(),
    'without those that others alone may see',
  );
  t.notMatch(JSON.stringify(look), /12345/);
});

t.test('a question that has a plate in it leaves none in the register', async (t) => {
  await list(`/alerts?${BY_ROLE}&rule=${encodeURIComponent(WHOLE)}`);
  await list(`/alerts/events?${BY_ROLE}&limit=1`);
  t.notMatch(JSON.stringify(news()), /12345/);
});

t.test('a permit shows the plates of its case, its area and its time, and no others', async (t) => {
  const { id } = await permitFor('viewer');
  const elsewhere = await hit('k3', { jurisdiction: BESIDE });
  const first = await list('/alerts?plates=whole', TOKENS.viewer);
  t.strictSame(platesOf(first.body.items), [WHOLE, WHOLE]);
  t.match(news(), [{ viewer: { id: 'viewer' }, purpose: 'trial', case: 'C-9', asked: { permit: id } }]);
  t.match(await list('/alerts?plates=whole&case=other', TOKENS.viewer), { status: 403 }, 'for another case');
  t.match(await list(`/alerts/${ids[0]}?plates=whole`, TOKENS.viewer), { body: { data: { plate: WHOLE } } });
  t.match(news(), [{ device: 'k1', asked: { alert: ids[0], permit: id } }]);
  t.notOk(first.body.items.some((alert) => alert.id === elsewhere));
  clock.pass(11 * MINUTE_MS);
  t.match(await list('/alerts?plates=whole', TOKENS.viewer), { status: 403 }, 'its time is over');
  t.strictSame(news(), []);
});

t.test('of several areas a permit opens its own', async (t) => {
  const wide: Caller = { ...ADMIN, id: 'wide', jurisdiction: '330200' };
  const { id } = await permitFor(wide.id);
  const wish = { byRole: () => null, case: null };
  const { items } = await alerts.whole.list(wide, { limit: 10 }, { wish, asked: {} });
  t.strictSame(
    items.map(({ jurisdiction, data }) => [jurisdiction, data.plate]).sort(),
    [
      [BESIDE, MASKED],
      [HERE, WHOLE],
      [HERE, WHOLE],
    ].sort(),
  );
  t.match(news(), [{ jurisdiction: HERE, asked: { permit: id, alerts: { length: 2 } } }]);
});

t.test(
  'the log and the stream tell plates whole, each time with a row before it, as long as the permit lasts',
  async (t) => {
    const page = await list(`/alerts/events?${BY_ROLE}`);
    const told = page.body.items as unknown as { alert: AlertView }[];
    t.ok(told.length > 0 && platesOf(told.map(({ alert }) => alert)).every((plate) => plate === WHOLE));
    t.match(news(), [{ case: 'A-7', asked: { log: { limit: 100 } } }]);

    const { id } = await permitFor('viewer');
    const query = '?plates=whole';
    const reader = await EventReader.greeted(t, port, TOKENS.viewer, query);
    const others = await EventReader.greeted(t, port, TOKENS.viewer);
    const heard = (from: EventReader, alert: string) =>
      from.events.find(({ event, data }) => event === 'alert.opened' && data.alert?.id === alert)?.data.alert;
    const one = await hit('k4');
    t.match(await until('it is heard', () => heard(reader, one)), { data: { plate: WHOLE, wanted_plate: WHOLE } });
    t.match(await until('by others too', () => heard(others, one)), { data: { plate: MASKED } });
    const rows = news();
    t.match(rows[0], { viewer: { id: 'viewer' }, case: 'C-9', device: 'k4', asked: { alert: one, permit: id } });
    t.ok(rows.every(({ viewer }) => viewer.id === 'viewer'));
    await alerts.permits.end(ADMIN, id);
    const two = await hit('k5');
    t.match(await until('it is heard', () => heard(reader, two)), { data: { plate: MASKED } }, 'the permit has ended');
    t.strictSame(news(), []);
    await permitFor('viewer');
    clock.pass(11 * MINUTE_MS);
    const three = await hit('k6');
    t.match(await until('it is heard', () => heard(reader, three)), { data: { plate: MASKED } }, 'by itself');
    t.strictSame(news(), []);
  },
);

t.test('where the register is away nothing is shown', async (t) => {
  looks.push = () => {
    throw new Error('the register is away');
  };
  t.match(await list(`/alerts?${BY_ROLE}`), { status: 500 });
  looks.push = Array.prototype.push;
});

t.test('who may see no plates by role is refused with every role that lacks the right', async (t) => {
  for (const role of ['viewer', 'technician', 'integrator'] as const) {
    for (const path of ['/alerts', `/alerts/${ids[0]}`, '/alerts/events', '/alerts/stream']) {
      const { status } = await ask('GET', `${path}?${BY_ROLE}`, { token: tokenOf(role) });
      t.equal(status, role === 'technician' && path.includes(ids[0]!) ? 404 : 403, `${role} ${path}`);
    }
  }
});

t.test('a picture that shows a plate takes the same right, and its row says by which case', async (t) => {
  const { shown } = alerts.evidence;
  const place = { jurisdiction: HERE, police: null };
  Object.assign(alerts.evidence, { shown: async () => ({ ...(await shown()), platesOf: place }) });
  const path = `/alerts/${ids[0]}/evidence/e-1`;
  const seen = pictures as { purpose: string; case: string | null }[];
  t.equal((await ask('GET', path, { token: TOKENS.viewer })).status, 403);
  t.strictSame(seen, []);
  const { id } = await permitFor('viewer');
  t.equal((await ask('GET', path, { token: TOKENS.viewer })).status, 200);
  t.match(seen.splice(0), [{ purpose: 'trial', case: 'C-9' }]);
  t.equal((await ask('GET', path)).status, 200, 'by role');
  t.match(seen.splice(0), [{ purpose: 'alert-evidence', case: null }]);
  await alerts.permits.end(ADMIN, id);
  t.equal((await ask('GET', path, { token: TOKENS.viewer })).status, 403);
});
