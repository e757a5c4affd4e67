import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { startApi, type TestParts } from '../../../support/api/api.ts';
import { openOrders, openPhotos, orderFor } from '../../../support/devices/orders.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';
import { openUnits, unitOf } from '../../../support/devices/units.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { builtConsole } from '../../../support/web/built-console.ts';
import { PHOTO } from '../../../support/web/fake-orders.ts';

const AREA = '330212';
const SESSION = 's'.repeat(43);
const ZHANG: Caller = { ...callerIn(AREA, 'technician'), type: 'person', id: 'p-zhang', name: '小张' };

/** The real server on the real registry, work orders, photos and units; it can be stopped, and started again. */
async function gateway(t: Test) {
  const parts = await openOrders(t);
  const { photos } = await openPhotos(t, parts);
  const { units, history } = openUnits(parts);
  const session = { id: 'a0a0a0a0-0000-4000-8000-000000000000', caller: ZHANG, username: 'zhang', duties: [] };
  const given: TestParts = {
    registry: parts.behindApi,
    directory: parts.doors,
    kinds: parts.kinds,
    jurisdictions: parts.jurisdictions,
    orders: parts.orders,
    orderList: parts.list,
    photos,
    units,
    unitHistory: history,
    idempotency: new Idempotency({ database: parts.database, clock: systemClock }),
    sessions: {
      start: async () => ({ ...session, secret: SESSION }),
      verify: async (id) => (id === SESSION ? session : null),
      end: async () => {},
    },
    pages: await builtConsole(),
  };
  const open = async (port: number) => {
    const api = await startApi(t, given);
    const { url } = await listen(api.app, { host: '127.0.0.1', port });
    return { url, app: api.app };
  };
  let running = await open(0);
  const { port } = running.app.server.address() as AddressInfo;
  const start = async () => {
    running = await open(port);
  };
  return { ...parts, units, photos, url: running.url, stop: () => running.app.close(), start };
}

t.test('a job goes on while the gateway is stopped, and the real one takes it in once', async (t) => {
  const world = await gateway(t);
  await world.registry.create(callerIn(AREA), kiosk({ id: 'k-1', name: '回收箱 1' }));
  await world.units.assign(callerIn(AREA), 'k-1', { unit: unitOf('S-1'), reason: null });
  const { order } = await world.orders.open(callerIn(AREA, 'operator'), orderFor('k-1'));
  const view = await openBrowser(t, { width: 360, height: 740 });
  const { page } = view;
  await signIn(view, world.url, 'zhang');
  await page.goto(`${world.url}/orders/${order.number}`);
  await page.getByRole('button', { name: 'Take it' }).waitFor();
  await page.getByText('ready for work without network').waitFor();

  await world.stop();
  await page.reload();
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByRole('button', { name: 'Swap the unit' }).click();
  await page.getByLabel('Serial number of the new unit').fill('007');
  await page.getByLabel('Why').fill('屏幕不亮');
  await page.locator('.deed-form').getByRole('button', { name: 'Swap the unit' }).click();
  await page.getByRole('button', { name: 'Photo' }).click();
  await page.locator('input[name=photo-after]').setInputFiles(PHOTO);
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.locator('.deed-form textarea').fill('works again');
  await page.locator('.deed-form').getByRole('button', { name: 'Finish' }).click();
  await page.getByText('Waits to be sent: 4').waitFor();

  await world.start();
  await page.getByText('Everything was sent.').waitFor();
  await page.locator('.secret-text').waitFor();
  const whole = await world.list.get(ZHANG, order.number);
  t.match(whole, { state: 'done', version: 3, assignee: '小张' });
  t.match(whole.swaps.at(-1), { serial: '007', how: 'swapped', by: '小张' });
  t.same(
    whole.steps.map(({ what, by, note }) => [what, by, note]),
    [
      ['opened', 'test', null],
      ['changed', '小张', null],
      ['changed', '小张', 'works again'],
    ],
  );
  const kept = await world.photos.ofOrder(order.number);
  t.match(kept, [{ what: 'after', by: '小张', type: 'image/png' }]);
  t.equal(kept.length, 1);
  const secret = await page.locator('.secret-text').textContent();
  t.ok(await world.doors.authenticate('k-1', secret ?? ''), 'the secret that was shown is that of the new unit');
  const { rows } = await sql`select 1 from assignment where position_id = 'k-1'`.execute(world.database.tables());
  t.equal(rows.length, 3, 'the blank one, the old one, the new one');
  t.same(view.offences, []);
});
