import t from 'tap';
import { listen } from '../../../src/api/server/server.ts';
import { startAlertsApi } from '../../support/alerts-api.ts';
import { bearer, TOKENS } from '../../support/api.ts';
import { EventReader } from '../../support/event-reader.ts';
import { until } from '../../support/until.ts';

/** As many as one token may have at the same time. */
const READERS = 64;

t.test('a token whose live readers are at their limit can still acknowledge an alert', async (t) => {
  const { api, alertOf } = await startAlertsApi(t);
  const { url, port } = await listen(api.app, { host: '127.0.0.1', port: 0 });
  const id = await alertOf('kiosk-a');
  const readers = Array.from({ length: READERS }, () => new EventReader(t, port, { token: TOKENS.operator }));
  await until('all are greeted', () => readers.every(({ events }) => events.length > 0));
  const headers = bearer(TOKENS.operator);
  const more = await fetch(`${url}/api/v1/alerts/stream`, { headers });
  t.equal(more.status, 429, 'one more is refused');
  await more.body?.cancel();
  const acked = await fetch(`${url}/api/v1/alerts/${id}/ack`, { method: 'POST', headers });
  t.equal(acked.status, 200);
});
