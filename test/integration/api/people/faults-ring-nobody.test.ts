import t from 'tap';
import { startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, alertOf, raise, ask } = await startAlertsApi(t);
const CAMERAS = 500;

interface Shown {
  device: string;
  class: string;
  desk: string;
}

const itemsOf = async (path: string, token?: string): Promise<Shown[]> => {
  const { status, body } = await ask('GET', path, token === undefined ? {} : { token });
  if (status !== 200) throw new Error(`${path}: ${status}`);
  return (body as { items: Shown[] }).items;
};
const devices = (items: readonly Shown[]) => new Set(items.map(({ device }) => device));
/** How many there are in all pages. */
const countOf = async (query: string): Promise<number> => {
  let count = 0;
  for (let cursor = ''; ; ) {
    const { body } = await ask('GET', `/alerts?limit=500&${query}${cursor}`);
    const { items, next } = body as { items: Shown[]; next?: string };
    count += items.length;
    if (next === undefined) return count;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
};

t.test('500 dark cameras are no row on the police desk, and the fire among them is', async (t) => {
  const [centre, owner] = [await startReceiver(t), await startReceiver(t)];
  const subscribe = (name: string, url: string, classes?: string[]) =>
    ask('POST', '/subscriptions', { payload: { name, url, jurisdiction: HERE, ...(classes && { classes }) } });
  t.match((await subscribe('centre', centre.url)).body, { classes: null });
  t.match((await subscribe('owner', owner.url, ['fault', 'system'])).body, { classes: ['fault', 'system'] });
  t.equal((await subscribe('nobody', owner.url, ['alarm'])).status, 400);
  const fault = { rule: 'camera-offline', severity: 'moderate', class: 'fault' } as const;
  await Promise.all(Array.from({ length: CAMERAS }, (_, n) => raise(`camera-${n}`, fault)));
  const id = await alertOf('kiosk-1');
  await until('all are alerts', async () => (await countOf('desk=all')) === CAMERAS + 1);
  t.equal(await countOf('desk=maintenance'), CAMERAS);
  t.equal(await countOf('class=fault'), CAMERAS);
  t.equal(await countOf('class=incident'), 1);
  t.strictSame(devices(await itemsOf('/alerts')), new Set(['kiosk-1']));
  t.match(await itemsOf('/alerts?device=camera-7'), [{ class: 'fault', desk: 'maintenance' }], 'who names it finds it');
  t.match((await ask('GET', `/alerts/${id}`)).body, { class: 'incident', desk: 'police' });
  // One of them stands for all that came too fast.
  const own = await countOf('desk=maintenance&parts=false');
  t.ok(own <= 20, `${own} of ${CAMERAS} are told one by one`);
  await until('the owner is told of these', () => owner.once().length === own);
  await until('the centre is told of the fire', () => centre.received.length > 0);
  t.equal(centre.once().length, 1);
  const events = async (query: string) =>
    ((await ask('GET', `/alerts/events?limit=500${query}`)).body as { items: { alert: Shown }[] }).items;
  t.strictSame(devices((await events('')).map(({ alert }) => alert)), new Set(['kiosk-1']));
  t.notOk((await events('&class=fault')).some(({ alert }) => alert.device === 'kiosk-1'));
  const live = await desk.feed.next({ ...CALLER, jurisdiction: HERE }, 0, AbortSignal.timeout(5_000), {
    desk: 'police',
  });
  t.strictSame(new Set(live.entries.map(({ body }) => body.alert.device)), new Set(['kiosk-1']));
  const { police, maintenance } = await desk.queries.openCounts({ ...CALLER, jurisdiction: HERE });
  t.strictSame([police, maintenance], [{ extreme: 1 }, { moderate: CAMERAS }]);
});

const CALLER = { type: 'token', id: 'a', name: 'a', role: 'operator', purpose: null } as const;

t.test('a technician sees the maintenance desk and nothing else', async (t) => {
  const token = TOKENS.technician;
  const fire = await alertOf('kiosk-2');
  const [dark] = (await itemsOf('/alerts?device=camera-1')) as (Shown & { id: string })[];
  for (const query of ['', '?desk=all', '?class=fault', '?device=kiosk-2']) {
    const found = await itemsOf(`/alerts${query}`, token);
    t.ok(
      found.every((one) => one.desk === 'maintenance'),
      query,
    );
  }
  for (const query of ['desk=police', 'class=incident']) {
    for (const path of ['/alerts', '/alerts/events', '/alerts/stream']) {
      t.equal((await ask('GET', `${path}?${query}`, { token })).status, 403, `${path}?${query}`);
    }
  }
  t.equal((await ask('GET', `/alerts/${dark!.id}`, { token })).status, 200);
  t.equal((await ask('GET', `/alerts/${fire}`, { token })).status, 404);
  const { body } = await ask('GET', '/alerts/events?limit=500', { token });
  const told = (body as { items: { alert: Shown }[] }).items;
  t.ok(told.length > 0 && told.every(({ alert }) => alert.desk === 'maintenance'));
  t.equal((await ask('POST', `/alerts/${dark!.id}/ack`, { token })).status, 200, 'which is its own to handle');
  t.equal((await ask('POST', `/alerts/${fire}/ack`, { token })).status, 404);
});
