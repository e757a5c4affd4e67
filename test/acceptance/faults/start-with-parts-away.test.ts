import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LocalInflux } from '../../../src/app/local-services/influx.ts';
import { SmallDisk } from '../../support/faults/small-disk.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { runCitywatch } from '../../support/gateway/refused-start.ts';
import { startInflux, startRedis } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(480_000);

const MiB = 1024 ** 2;
const PASSWORD = 'wrong-until-somebody-mends-it';

async function fillLevel(gateway: Gateway, device: string, secret: string): Promise<number> {
  const path = `/devices/${device}/telemetry`;
  const body = { values: { fill_pct: 50 } };
  return (await gateway.api('POST', path, { body, token: `${device}:${secret}` })).status;
}

t.test('parts are away when it starts, and then there is no room on the disk of its journal', async (t) => {
  const [redis, influx] = await Promise.all([startRedis(t), startInflux(t)]);
  process.kill(redis.child.pid ?? 0, 'SIGSTOP');
  t.teardown(() => void process.kill(redis.child.pid ?? 0, 'SIGCONT'));
  const gateway = await Gateway.prepare(t, {
    DATABASE_URL: (await freshDatabase(t)).url,
    REDIS_URL: redis.url,
    FFMPEG_PATH: '/no/such/ffmpeg',
    INFLUX_URL: influx.url,
    INFLUX_USERNAME: 'gateway',
    INFLUX_PASSWORD: PASSWORD,
  });
  const disk = process.getuid?.() === 0 ? SmallDisk.mount(t, join(gateway.directory, 'journal'), 512) : null;
  await gateway.start();
  const secret = await gateway.register({ id: 'k-1' });
  await t.test('Redis, InfluxDB and ffmpeg away refuse no start, are named, and heal without another', async (t) => {
    t.equal(await fillLevel(gateway, 'k-1', secret), 202, 'messages are acknowledged');
    const isNamed = async () => (await gateway.notGreen()).filter((light) => / check /.test(light)).length === 2;
    await until('both servers are named with what to check', isNamed);
    const lights = (await gateway.notGreen()).join('\n');
    t.match(lights, /^redis: does not answer .*; check REDIS_URL/m);
    t.match(lights, /^influx: refuses user or password; check INFLUX_USERNAME and INFLUX_PASSWORD$/m);
    t.match(lights, /^ffmpeg: \/no\/such\/ffmpeg cannot be run; install ffmpeg/m);
    t.equal((await gateway.api('GET', '/readyz', { token: '' })).status, 200, 'ready without them');
    t.notMatch(lights + gateway.output, PASSWORD);

    process.kill(redis.child.pid ?? 0, 'SIGCONT');
    await makeUser(influx);
    const isLeft = async () => (await gateway.notGreen()).every((light) => light.startsWith('ffmpeg'));
    await until('only ffmpeg is left', isLeft, 60_000);
    t.ok((await gateway.settledLedger()).balanced, 'what waited is stored');
  });
  if (disk) await t.test('no room', (t) => noRoom(t, gateway, disk));
});

async function makeUser({ url, username, password }: LocalInflux): Promise<void> {
  const login = Buffer.from(`${username}:${password}`).toString('base64');
  const q = `CREATE USER "gateway" WITH PASSWORD '${PASSWORD}' WITH ALL PRIVILEGES`;
  const headers = { authorization: `Basic ${login}` };
  await fetch(`${url}/query`, { method: 'POST', headers, body: new URLSearchParams({ q }) });
}

/** With next to no room it starts, says so as doctor does, and takes no edit until there is some. */
async function noRoom(t: Test, gateway: Gateway, disk: SmallDisk): Promise<void> {
  await gateway.stop('SIGTERM');
  delete gateway.env.FFMPEG_PATH;
  disk.fill(100 * MiB);
  await gateway.start();
  const isReady = async () => (await gateway.api('GET', '/readyz', { token: '' })).status === 200;
  const { status, body } = await gateway.api('GET', '/readyz', { token: '' });
  t.equal(status, 503, 'nothing is acknowledged, so it is not ready');
  const { reason } = body.parts.disk;
  t.match(reason, /\d MiB free for journal .*; no message is acknowledged; make room, or use a larger disk/);
  const doctor = await runCitywatch(['doctor'], gateway.env);
  t.match(doctor.stdout, `PROBLEM  disk: ${reason.slice(0, reason.indexOf('; make room'))}`);
  t.match(gateway.output, /no message is acknowledged/, 'the log of the start');
  await refusesEdits(t, gateway, 'k-2');
  disk.free();
  await gateway.untilGreen();
  await gateway.register({ id: 'k-2' });
  disk.fill(0);
  await until('it is noticed', async () => !(await isReady()));
  await refusesEdits(t, gateway, 'k-3');
  await gateway.stop('SIGKILL');
  disk.fill(0);
  const said = gateway.output.length;
  await gateway.start();
  t.match(gateway.output.slice(said), /no message is acknowledged/, 'not one byte was left, and it started');
  await refusesEdits(t, gateway, 'k-3');
  disk.free();
  await gateway.untilGreen();
  await gateway.register({ id: 'k-3' });
}

async function refusesEdits(t: Test, gateway: Gateway, id: string): Promise<void> {
  const device = { id, kind: 'recycling-kiosk', name: 'Kiosk', jurisdiction: '330203' };
  const body = { ...device, location: { lat: 29.87, lon: 121.55 } };
  const refused = await gateway.api('POST', '/devices', { body });
  t.match(refused, { status: 507, body: { code: 'store.full', detail: /^Nothing was changed/ } });
  t.equal((await gateway.api('GET', `/devices/${id}`)).status, 404, 'nothing half');
}
