import t from 'tap';
import { listen } from '../../../src/api/server/server.ts';
import { startAlertsApi } from '../../support/alerts/alerts-api.ts';
import { EventReader } from '../../support/alerts/event-reader.ts';
import { bearer, TOKENS } from '../../support/api/api.ts';
import { until } from '../../support/time/until.ts';

const ASKED = 98;
/** As many live readers as one caller may have. */
const SHARE = 64;

t.test('one caller has its share of live readers and no more, and can still act on what they read', async (t) => {
  const { api, alertOf } = await startAlertsApi(t);
  const { url, port } = await listen(api.app, { host: '127.0.0.1', port: 0 });
  const id = await alertOf('kiosk-a');
  const read = (token: string) => new EventReader(t, port, { token });
  const readers = Array.from({ length: ASKED }, () => read(TOKENS.operator));
  const answered = (status: number) => readers.filter(({ head }) => head.startsWith(`HTTP/1.1 ${status} `));
  await until('all are answered', () => readers.every(({ head }) => head !== ''));
  t.equal(answered(200).length, SHARE);
  t.equal(answered(429).length, ASKED - SHARE);
  for (const { head } of answered(429)) t.match(head, /^retry-after: 10$/im);

  const headers = bearer(TOKENS.operator);
  const acked = await fetch(`${url}/api/v1/alerts/${id}/ack`, { method: 'POST', headers });
  t.equal(acked.status, 200);
  const other = read(TOKENS.viewer);
  await until('another caller is greeted', () => other.events.length > 0);

  const [gone] = answered(200);
  gone?.socket.destroy();
  const again = await until('the place of one who left to be free', async () => {
    const reader = read(TOKENS.operator);
    await until('the answer', () => reader.head !== '');
    return reader.head.startsWith('HTTP/1.1 200 ') ? reader : undefined;
  });
  t.match(again.head, /text\/event-stream/);
});
