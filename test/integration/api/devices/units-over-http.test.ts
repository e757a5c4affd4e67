import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { openUnits } from '../../../support/devices/units.ts';

const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';

/** The API on real units; `post` and `ask` are its administrator. */
async function world(t: Test) {
  const parts = await openRegistry(t);
  const { database, behindApi: registry, directory, tokens, kinds, jurisdictions } = parts;
  const { units, history } = openUnits(parts);
  await tokens.ensureBootstrap(BOOTSTRAP);
  const idempotency = new Idempotency({ database, clock: systemClock });
  const devices = { registry, directory: parts.doors, tokens, kinds, jurisdictions };
  const api = await startApi(t, { ...devices, units, unitHistory: history, idempotency });
  const ask = (method: 'GET' | 'POST', path: string, payload?: object, more: Record<string, string> = {}) =>
    api.call({
      method,
      url: `/api/v1${path}`,
      headers: { ...bearer(BOOTSTRAP), ...more },
      ...(payload ? { payload } : {}),
    });
  const post = async (path: string, payload: object, more = {}) => {
    const { status, body, headers } = await ask('POST', path, payload, more);
    // biome-ignore lint/suspicious/noExplicitAny: the fields differ from route to route
    return { status, headers, body: body as any };
  };
  return { ask, post, directory };
}

t.test('a technician names, swaps, takes back and takes down a unit, and reads where it hung', async (t) => {
  const { ask, post, directory } = await world(t);
  await post('/devices', kiosk({ id: 'k-1' }));
  await post('/devices', kiosk({ id: 'k-2' }));

  const named = await post('/devices/k-1/units', { unit: { serial: ' 007 ', mac: '02-00-5E-10-00-01' } });
  t.match(named, { status: 200, body: { unit: { serial: '007' }, version: 2 }, headers: { etag: '"2"' } });
  const taken = await post('/devices/k-2/units', { unit: { serial: '007' } });
  t.match(taken, { status: 409, body: { code: 'conflict.state', issues: [{ path: 'unit' }] } });
  t.match(taken.body.issues[0].message, /hangs at k-1; take it down there first/);

  const swap = { unit: { serial: '1e5' }, replaces: named.body.unit.id, reason: '屏幕不亮' };
  const key = { 'idempotency-key': 'swap-1' };
  const swapped = await post('/devices/k-1/swap', swap, key);
  t.match(swapped, { status: 200, body: { unit: { serial: '1e5' }, version: 3 } });
  t.ok(directory.authenticate('k-1', swapped.body.secret));
  const again = await post('/devices/k-1/swap', swap, key);
  t.match(again, { status: 200, body: { version: 3, secretWithheld: true } });
  t.notOk('secret' in again.body, 'a request that is repeated swaps once, and shows the secret once');
  const late = await post('/devices/k-1/swap', swap);
  t.match(late, {
    status: 409,
    body: { issues: [{ path: 'replaces', message: /1e5 does since .* by CITYWATCH_ADMIN_TOKEN/ }] },
  });

  const replaces = swapped.body.unit.id;
  const undone = await post('/devices/k-1/swap/undo', { replaces, reason: 'wrong pole' });
  t.match(undone, { status: 200, body: { unit: { serial: '007' }, version: 4 } });
  const down = await post('/devices/k-1/units/take-down', { replaces: named.body.unit.id, reason: 'workshop' });
  t.match(down, { status: 200, body: { unit: { serial: null }, secret: /.{43}/ } });

  for (const [payload, path] of [
    [{ unit: { serial: '000000' }, replaces, reason: 'x' }, 'unit.serial'],
    [{ unit: { serial: 'x', colour: 'red' }, replaces, reason: 'x' }, 'unit.colour'],
    [{ unit: { serial: 'X-1' }, replaces }, 'reason'],
    [{ serial: 7 }, 'serial'],
  ] as const) {
    const { status, body } = await post('/devices/k-1/swap', payload);
    t.match({ status, path: body.issues?.[0]?.path }, { status: 400, path }, JSON.stringify(payload));
  }

  const stays = (await ask('GET', '/devices/k-1/units?limit=2')).body as { items: unknown[]; next: string };
  t.match(stays.items, [
    { how: 'taken-down', to: null, reason: 'workshop', by: 'CITYWATCH_ADMIN_TOKEN' },
    { how: 'undone', unit: { serial: '007', mac: '02:00:5e:10:00:01' }, to: /Z$/ },
  ]);
  const rest = (await ask('GET', `/devices/k-1/units?limit=2&cursor=${stays.next}`)).body as typeof stays;
  t.match(rest.items, [{ how: 'swapped' }, { how: 'assigned' }]);
  const where = (await ask('GET', '/units?serial=007')).body as typeof stays;
  t.match(where.items, [
    { device: 'k-1', how: 'undone' },
    { device: 'k-1', how: 'assigned' },
  ]);
  for (const mark of ['mac=02-00-5E-10-00-01', `id=${named.body.unit.id}`]) {
    t.strictSame((await ask('GET', `/units?${mark}`)).body, where, mark);
  }
  t.equal((await ask('GET', '/devices/k-9/units')).status, 404);
});

t.test('a unit is asked for by one mark, and nothing is found for one that nobody has', async (t) => {
  const { ask } = await world(t);
  t.strictSame((await ask('GET', '/units?mac=02:00:5e:10:00:02')).body, { items: [] });
  t.strictSame((await ask('GET', '/units?id=nobody')).body, { items: [] });
  for (const wrong of ['', '?mac=02:00', '?serial=007&id=x', '?id=']) {
    t.equal((await ask('GET', `/units${wrong}`)).status, 400, wrong);
  }
});
