import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { BUCKET, Influx2StandIn, ORG, TOKEN } from '../../support/telemetry/influx2-standin.ts';
import { until } from '../../support/time/until.ts';

t.test(
  'with a server of 2.x that goes away and returns, what was accepted is there and can be asked for',
  async (t) => {
    const server = await Influx2StandIn.start(t);
    const settings = { INFLUX_URL: server.url, INFLUX_TOKEN: TOKEN, INFLUX_ORG: ORG, INFLUX_BUCKET: BUCKET };
    const gateway = await Gateway.start(t, { ...(await lentServices(t)), ...settings });
    t.notOk(
      gateway.descendants().some(({ program }) => program === 'influxd'),
      'no private InfluxDB runs beside it',
    );
    const token = `k1:${await gateway.register({ id: 'k1' })}`;
    const ts = Date.now() - 60_000;
    const send = async (from: number) => {
      const body = Array.from({ length: 20 }, (_, i) => ({ ts: ts + from + i, values: { fill_pct: from + i } }));
      t.equal((await gateway.api('POST', '/devices/k1/telemetry', { token, body })).status, 202);
    };
    await send(0);
    await server.stop();
    await send(20);
    await until('the light of InfluxDB goes out', async () => /influx/.test(String(await gateway.notGreen())));
    await server.listen();
    await gateway.untilGreen(20_000);
    const [from, to] = [ts, ts + 1_000].map((atMs) => new Date(atMs).toISOString());
    const path = `/devices/k1/history?fields=fill_pct&from=${from}&to=${to}`;
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
  },
);
