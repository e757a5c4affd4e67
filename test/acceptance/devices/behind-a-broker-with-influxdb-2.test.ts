import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { BUCKET, Influx2StandIn, ORG, TOKEN } from '../../support/telemetry/influx2-standin.ts';
import { until } from '../../support/time/until.ts';
import { Broker } from '../../support/uplinks/broker.ts';

const broker = await Broker.start(t, ['k1']);
const server = await Influx2StandIn.start(t);
const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  MQTT_URL: broker.url,
  INFLUX_URL: server.url,
  INFLUX_TOKEN: TOKEN,
  INFLUX_ORG: ORG,
  INFLUX_BUCKET: BUCKET,
});

/** Path of what a device reported within a second from `fromMs`. */
function history(device: string, fromMs: number): string {
  const [from, to] = [fromMs, fromMs + 1_000].map((atMs) => new Date(atMs).toISOString());
  return `/devices/${device}/history?fields=fill_pct&from=${from}&to=${to}`;
}

t.test('readings come through a broker, also those sent while the gateway is dead', async (t) => {
  t.equal(gateway.mqttPort, broker.port, 'it prints where devices connect');
  const isReady = async (): Promise<boolean> => (await fetch(`${gateway.httpUrl}/readyz`)).status === 200;
  await until('it is subscribed', isReady);
  await gateway.register({ id: 'k1' });
  const device = await broker.device(t, 'k1');
  const ts = Date.now();
  const send = (fill: number) => {
    const reading = JSON.stringify({ ts: ts + fill, values: { fill_pct: fill } });
    return device.publishAsync('cw/v1/k1/telemetry', reading, { qos: 1 });
  };
  const latest = async (): Promise<number> => (await gateway.get('/devices/k1/latest')).fields?.fill_pct?.value;
  await send(1);
  await until('the first is there', async () => (await latest()) === 1);
  await gateway.stop('SIGKILL');
  for (let fill = 2; fill <= 40; fill += 1) await send(fill);
  await gateway.start();
  await until('the last is there', async () => (await latest()) === 40);
  await until('all are stored', async () => (await gateway.get(history('k1', ts))).points.length === 40);
});

t.test('an InfluxDB 2.x goes away and returns: what was accepted is there and can be asked for', async (t) => {
  t.notOk(
    gateway.descendants().some(({ program }) => program === 'influxd'),
    'no private InfluxDB runs beside it',
  );
  const token = `k2:${await gateway.register({ id: 'k2' })}`;
  const ts = Date.now() - 60_000;
  const send = async (from: number) => {
    const body = Array.from({ length: 20 }, (_, i) => ({ ts: ts + from + i, values: { fill_pct: from + i } }));
    t.equal((await gateway.api('POST', '/devices/k2/telemetry', { token, body })).status, 202);
  };
  await send(0);
  await server.stop();
  await send(20);
  await until('the light of InfluxDB goes out', async () => /influx/.test(String(await gateway.notGreen())));
  await until('storing was tried in vain', () => /telemetry waits/.test(gateway.output));
  await server.listen();
  await gateway.untilGreen(20_000);
  const path = history('k2', ts);
  await until('all are stored', async () => (await gateway.get(path)).points.length === 40);
  const points: { values: { fill_pct: number } }[] = (await gateway.get(path)).points;
  t.strictSame(
    points.map(({ values }) => values.fill_pct),
    Array.from({ length: 40 }, (_, i) => i),
  );
  const { points: all } = await gateway.get(`${path}&fn=max`);
  t.match(all, [{ values: { fill_pct: 39 } }]);
  t.equal((await gateway.settledLedger()).balanced, true);
  t.notMatch(gateway.output, new RegExp(TOKEN), 'the token is in no log');
});

t.test('a broker that is gone is named, and its password is in no log', async (t) => {
  await broker.kill();
  await until('it is named', async () => {
    const response = await fetch(`${gateway.httpUrl}/readyz`);
    return response.status === 503 && /broker/.test(await response.text());
  });
  t.notMatch(gateway.output, /of-the-broker/);
});
