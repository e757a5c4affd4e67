import t from 'tap';
import { chooseStore } from '../../../src/app/compose/telemetry/store.ts';
import { loadConfig } from '../../../src/app/config/config.ts';
import { checkInfluxServer } from '../../../src/app/doctor/servers.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { Influx1Store } from '../../../src/telemetry/stores/influx1.ts';
import { Influx2Store } from '../../../src/telemetry/stores/influx2.ts';
import { serviceDeps } from '../../support/services/services.ts';
import { BUCKET, Influx2StandIn, ORG, TOKEN } from '../../support/telemetry/influx2-standin.ts';

const { clock, observer, secrets } = serviceDeps();
const outbound = new Outbound({ clock, observer });
t.teardown(() => outbound.close());
const { signal } = new AbortController();

function depsWith(env: Record<string, string>) {
  return { config: loadConfig({ env, secrets }), clock, observer, outbound };
}

t.test('a token, an organization and a bucket choose InfluxDB 2.x, and their absence 1.x', async (t) => {
  const INFLUX_URL = 'http://influx.example:8086';
  const address = { url: INFLUX_URL, username: null, password: null, local: false };
  const choose = (env: Record<string, string>) =>
    chooseStore(depsWith(env).config, address, { http: outbound, clock, observer });
  t.type(choose({ INFLUX_URL, INFLUX_TOKEN: TOKEN, INFLUX_ORG: ORG, INFLUX_BUCKET: BUCKET }), Influx2Store);
  t.type(choose({ INFLUX_URL }), Influx1Store);
});

t.test('a start finds out what is wrong with the settings of InfluxDB 2.x, and does not show the token', async (t) => {
  const server = await Influx2StandIn.start(t);
  const env = { INFLUX_URL: server.url, INFLUX_TOKEN: TOKEN, INFLUX_ORG: ORG, INFLUX_BUCKET: BUCKET };
  const look = (more: Record<string, string>) => checkInfluxServer(depsWith({ ...env, ...more }), signal);
  t.match(await look({}), [{ level: 'fine', what: 'InfluxDB v2.7.11' }]);
  const wrong = await look({ INFLUX_TOKEN: 'token-of-somebody-else' });
  t.match(wrong, [{ level: 'problem', what: /401.*INFLUX_TOKEN/ }]);
  t.notMatch(JSON.stringify(wrong), /somebody-else/);
  t.match(await look({ INFLUX_ORG: 'nowhere' }), [{ level: 'problem', what: /INFLUX_ORG/ }]);
  t.match(await look({ INFLUX_BUCKET: 'none' }), [{ level: 'problem', what: /"none".*INFLUX_BUCKET/ }]);
  const old = await checkInfluxServer(depsWith({ INFLUX_URL: server.url }), signal);
  t.match(old, [{ level: 'problem', what: 'version v2.7.11 is not 1.x', remedy: /INFLUX_TOKEN/ }]);
  server.planned.push({ status: 204, headers: { 'x-influxdb-version': '1.8.10' } });
  t.match(await look({}), [{ level: 'problem', what: /1\.8\.10 takes no tokens/ }]);
});
