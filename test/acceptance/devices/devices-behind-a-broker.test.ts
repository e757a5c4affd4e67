import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';
import { Broker } from '../../support/uplinks/broker.ts';

t.test('readings come through a broker, also those sent while the gateway is dead', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const gateway = await Gateway.start(t, { ...(await lentServices(t)), ...lentInflux(t), MQTT_URL: broker.url });
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
  const [from, to] = [ts, ts + 50].map((atMs) => new Date(atMs).toISOString());
  const path = `/devices/k1/history?fields=fill_pct&from=${from}&to=${to}`;
  await until('all are stored', async () => (await gateway.get(path)).points.length === 40);
  await broker.kill();
  await until('a broker that is gone is named', async () => {
    const response = await fetch(`${gateway.httpUrl}/readyz`);
    return response.status === 503 && /broker/.test(await response.text());
  });
  t.notMatch(gateway.output, /of-the-broker/, 'its password is in no log');
});
