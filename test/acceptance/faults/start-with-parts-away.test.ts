import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { SmallDisk } from '../../support/faults/small-disk.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { CITYWATCH } from '../../support/gateway/program.ts';
import { startInflux, startRedis } from '../../support/services/services.ts';
import { freshDatabase, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(240_000);

const MiB = 1024 ** 2;

async function fillLevel(gateway: Gateway, device: string, secret: string): Promise<number> {
  const path = `/devices/${device}/telemetry`;
  const body = { values: { fill_pct: 50 } };
  return (await gateway.api('POST', path, { body, token: `${device}:${secret}` })).status;
}

t.test('Redis, InfluxDB and ffmpeg away refuse no start, are named, and heal without another', async (t) => {
  const [redis, influx] = await Promise.all([startRedis(t), startInflux(t)]);
  process.kill(redis.child.pid ?? 0, 'SIGSTOP');
  t.teardown(() => void process.kill(redis.child.pid ?? 0, 'SIGCONT'));
  const password = 'wrong-until-somebody-mends-it';
  const gateway = await Gateway.start(t, {
    DATABASE_URL: (await freshDatabase(t)).url,
    REDIS_URL: redis.url,
    FFMPEG_PATH: '/no/such/ffmpeg',
    INFLUX_URL: influx.url,
    INFLUX_USERNAME: 'gateway',
    INFLUX_PASSWORD: password,
  });
  const secret = await gateway.register({ id: 'k-1' });
  t.equal(await fillLevel(gateway, 'k-1', secret), 202, 'messages are acknowledged');
  const named = async (): Promise<boolean> => (await gateway.notGreen()).filter((l) => / check /.test(l)).length === 2;
  await until('both servers are named with what to check', named, 30_000);
  const lights = (await gateway.notGreen()).join('\n');
  t.match(lights, /^redis: does not answer .*; check REDIS_URL/m);
  t.match(lights, /^influx: refuses user or password; check INFLUX_USERNAME and INFLUX_PASSWORD$/m);
  t.match(lights, /^ffmpeg: \/no\/such\/ffmpeg cannot be run; install ffmpeg/m);
  t.equal((await gateway.api('GET', '/readyz', { token: '' })).status, 200, 'ready without them');
  t.notMatch(lights + gateway.output, password);

  process.kill(redis.child.pid ?? 0, 'SIGCONT');
  const login = Buffer.from(`${influx.username}:${influx.password}`).toString('base64');
  const q = `CREATE USER "gateway" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`;
  await fetch(`${influx.url}/query`, {
    method: 'POST',
    headers: { authorization: `Basic ${login}` },
    body: new URLSearchParams({ q }),
  });
  const isLeft = async (): Promise<boolean> => (await gateway.notGreen()).every((light) => light.startsWith('ffmpeg'));
  await until('only ffmpeg is left', isLeft, 60_000);
  t.ok((await gateway.settledLedger()).balanced, 'what waited is stored');
});

if (process.getuid?.() === 0) {
  t.test('with next to no room it starts, says so as doctor does, and takes no edit until there is some', async (t) => {
    const gateway = await Gateway.prepare(t, await lentServices(t));
    const disk = SmallDisk.mount(t, join(gateway.directory, 'journal'), 512);
    await gateway.start();
    await gateway.stop('SIGTERM');
    disk.fill(100 * MiB);
    await gateway.start();
    const { status, body } = await gateway.api('GET', '/readyz', { token: '' });
    t.equal(status, 503, 'nothing is acknowledged, so it is not ready');
    const { reason } = body.parts.disk;
    t.match(reason, /\d MiB free for journal .*; no message is acknowledged; make room, or use a larger disk/);
    const doctor = await promisify(execFile)(process.execPath, [CITYWATCH, 'doctor'], { env: gateway.env }).catch(
      (error: { stdout: string }) => error,
    );
    t.match(doctor.stdout, `PROBLEM  disk: ${reason.slice(0, reason.indexOf('; make room'))}`);
    t.match(gateway.output, /no message is acknowledged/, 'the log of the start');
    await refusesEdits(t, gateway, 'k-1');
    disk.free();
    await gateway.untilGreen();
    await gateway.register({ id: 'k-1' });
    disk.fill(0);
    await until(
      'it is noticed',
      async () => (await gateway.api('GET', '/readyz', { token: '' })).status === 503,
      15_000,
    );
    await refusesEdits(t, gateway, 'k-2');
    await gateway.stop('SIGTERM');
    disk.fill(0);
    await gateway.start();
    t.match(gateway.output, /no message is acknowledged/, 'not one byte was left, and it started');
    await gateway.stop('SIGKILL');
    disk.fill(0);
    await gateway.start();
    await refusesEdits(t, gateway, 'k-2');
    disk.free();
    await gateway.untilGreen();
    await gateway.register({ id: 'k-2' });
  });
}

async function refusesEdits(t: Test, gateway: Gateway, id: string): Promise<void> {
  const device = { id, kind: 'recycling-kiosk', name: 'Kiosk', jurisdiction: '330203' };
  const body = { ...device, location: { lat: 29.87, lon: 121.55 } };
  const refused = await gateway.api('POST', '/devices', { body });
  t.match(refused, { status: 507, body: { code: 'store.full', detail: /^Nothing was changed/ } });
  t.equal((await gateway.api('GET', `/devices/${id}`)).status, 404, 'nothing half');
}
