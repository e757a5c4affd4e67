import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import { bearer, DEVICE_SECRET, HERE, KIOSK, startApi, TOKENS } from '../../support/api/api.ts';

const full = async (): Promise<void> => {
  throw new CitywatchError('store.full', { detail: 'Nothing was changed: the disk is full.', retryAfterS: 60 });
};

t.test('an edit without room is refused before anything of it is done; all else is taken', async (t) => {
  const { call, registry, messages } = await startApi(t, { room: { forEdits: full } });
  const headers = bearer(TOKENS.admin);
  const before = registry.devices.size;
  const location = { lat: 29.87, lon: 121.55 };
  const device = { id: 'new-1', kind: 'recycling-kiosk', name: 'New', jurisdiction: HERE, location };
  const made = await call({
    method: 'POST',
    url: '/api/v1/devices',
    body: device,
    headers: { ...headers, 'idempotency-key': 'k-1' },
  });
  t.match(made, { status: 507, body: { code: 'store.full', detail: /^Nothing was changed/ } });
  t.equal(made.headers['retry-after'], '60');
  t.equal(registry.devices.size, before);
  const version = { ...headers, 'if-match': '"1"' };
  const url = `/api/v1/devices/${KIOSK}`;
  t.equal((await call({ method: 'PATCH', url, body: { name: 'x' }, headers: version })).status, 507);
  t.equal((await call({ method: 'DELETE', url, headers: version })).status, 507);
  t.equal((await call({ method: 'GET', url, headers })).status, 200);
  const sent = await call({
    method: 'POST',
    url: `${url}/telemetry`,
    body: { values: { fill_pct: 1 } },
    headers: bearer(`${KIOSK}:${DEVICE_SECRET}`),
  });
  t.equal(sent.status, 202, 'a device is answered by the journal alone');
  t.equal(messages.length, 1);
});
