import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HttpSender } from '../../support/api/http-sender.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { CITYWATCH } from '../../support/gateway/program.ts';
import { refusedStart } from '../../support/gateway/refused-start.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(480_000);

const DEVICE = 'k-1';
const FIRE_MS = Date.now();

interface Run {
  child: ChildProcess;
  ended: Promise<{ status: number | null; said: string }>;
}

function citywatch(env: Record<string, string>, ...words: string[]): Run {
  const child = spawn(process.execPath, [CITYWATCH, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  return { child, ended: new Promise((resolve) => child.once('close', (status) => resolve({ status, said }))) };
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

async function burn(gateway: Gateway, secret: string): Promise<number> {
  const body = { ts: FIRE_MS, id: 'fire-1', values: { smoke: true } };
  const path = `/devices/${DEVICE}/telemetry`;
  return (await gateway.api('POST', path, { body, token: `${DEVICE}:${secret}` })).status;
}

async function received(t: Test, gateway: Gateway): Promise<number> {
  const { rows, balanced } = await gateway.settledLedger();
  t.ok(balanced, 'the ledger balances');
  return rows.find(({ kind }) => kind === 'recycling-kiosk')?.messages.total ?? 0;
}

async function refusedWithoutItsSecret(t: Test, gateway: Gateway, elsewhere: string): Promise<void> {
  await gateway.stop('SIGTERM');
  const file = join(gateway.directory, 'secrets/cluster');
  await rename(file, join(elsewhere, 'cluster'));
  const says = /another secret .*secrets\/cluster is missing.* from the backup/;
  t.match(await refusedStart(gateway.env), { status: 1, stderr: says });
  t.notOk(existsSync(file), 'no other one is made in its place');
}

t.test('a backup taken while devices report is a whole city elsewhere, whatever was killed on the way', async (t) => {
  const gateway = await Gateway.start(t);
  const secret = await gateway.register({ id: DEVICE });
  const sender = new HttpSender(gateway, { id: DEVICE, secret, baseMs: FIRE_MS - 60_000 });
  t.teardown(() => sender.end());
  sender.go();
  await until('some is acknowledged', () => sender.acked > 20);
  t.equal(await burn(gateway, secret), 202);
  await until('it is an alert', async () => (await gateway.get('/alerts')).items.length > 0);
  const [alert] = (await gateway.get('/alerts')).items;

  const place = await temporaryDirectory(t);
  const cut = citywatch(gateway.env, 'backup', join(place, 'cut'));
  await until('the database is being copied', () => existsSync(join(place, 'cut/postgres/base')));
  cut.child.kill('SIGKILL');
  await cut.ended;
  t.notOk(existsSync(join(place, 'cut/manifest.json')), 'nobody takes it for whole');

  const before = sender.acked;
  const whole = join(place, 'whole');
  const taken = await citywatch(gateway.env, 'backup', whole).ended;
  t.equal(taken.status, 0, taken.said);
  t.same(await gateway.notGreen(), [], 'the gateway took no harm');
  sender.halt();
  await until('all that was sent is acknowledged', () => sender.waiting === 0);

  t.equal((await stat(`${whole}.secrets`)).mode & 0o777, 0o600);
  const secrets = Object.values(JSON.parse(await readFile(`${whole}.secrets`, 'utf8')) as object) as string[];
  for (const file of await filesBelow(whole)) {
    const bytes = await readFile(file);
    if (secrets.some((one) => bytes.includes(one))) t.fail(`${file} shows a secret`);
  }

  const elsewhere = await Gateway.bare(t);
  const { env } = elsewhere;
  const half = citywatch(env, 'restore', whole);
  await until('it is being filled', () => existsSync(join(elsewhere.directory, 'journal')));
  half.child.kill('SIGKILL');
  await half.ended;
  t.match(await refusedStart(env), { status: 1, stderr: /A restore into .* was cut short; run it again/ });
  const restored = await citywatch(env, 'restore', whole).ended;
  t.equal(restored.status, 0, restored.said);

  await gateway.stop('SIGKILL');
  await elsewhere.start();
  await elsewhere.untilGreen();
  const there = await received(t, elsewhere);
  t.ok(there >= before, `${there} messages of at least ${before}`);
  t.match((await elsewhere.get('/alerts')).items, [{ id: alert.id }], 'the alert is there, once');
  t.equal(await burn(elsewhere, secret), 202, 'the device can log in');
  t.equal(await received(t, elsewhere), there + 1, 'and its message is read');
  t.equal((await elsewhere.get('/alerts')).items.length, 1, 'what was sent before is known as the same');
  const to = new Date(Date.now() + 60_000).toISOString();
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const history = await elsewhere.get(`/devices/${DEVICE}/history?fields=weight_kg&from=${from}&to=${to}`);
  const points = JSON.stringify(history).match(/"at":/g)?.length ?? 0;
  t.ok(points >= before, `${points} points in InfluxDB`);

  await refusedWithoutItsSecret(t, elsewhere, place);
});
