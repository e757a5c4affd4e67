import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';
import { type Login, mosquitto, type Outcome } from '../../support/uplinks/mosquitto.ts';

const READINGS = 300;
const BACKFILLS = 20;
const RECORDS = 1_000;
/** The gateway writes down that each of the two kiosks was registered. */
const REGISTRATIONS = 2;

const gateway = await Gateway.start(t, { ...(await lentServices(t)), ...lentInflux(t) });

async function kiosks(name: string): Promise<Record<'own' | 'other', Login>> {
  const login = async (id: string): Promise<Login> => {
    return { port: gateway.mqttPort, id, secret: await gateway.register({ id }) };
  };
  return { own: await login(`${name}-own`), other: await login(`${name}-other`) };
}

const telemetry = (id: string) => ['-q', '1', '-t', `cw/v1/${id}/telemetry`];

t.test('readings of mosquitto_pub are exactly as many points', async (t) => {
  const { own, other } = await kiosks('writer');
  const baseMs = Date.now() - 60_000;
  const lines = Array.from({ length: READINGS }, (_, number) =>
    JSON.stringify({ ts: baseMs + number, values: { weight_kg: number, temp_c: -12.5, smoke: false } }),
  );
  const range = `from=${new Date(baseMs).toISOString()}&to=${new Date(baseMs + READINGS).toISOString()}&limit=10000`;
  const history = async (id: string) => (await gateway.get(`/devices/${id}/history?fields=weight_kg&${range}`)).points;

  t.match(await mosquitto('mosquitto_pub', own, [...telemetry(own.id), '-l'], { lines }), { status: 0, stderr: '' });
  await until('the last reading is stored', async () => (await history(own.id)).length >= READINGS);
  const wanted = Array.from({ length: READINGS }, (_, number) => {
    return { at: new Date(baseMs + number).toISOString(), values: { weight_kg: number } };
  });
  t.same(await history(own.id), wanted, 'each with its time and value');

  t.match(await mosquitto('mosquitto_pub', own, [...telemetry(own.id), '-l'], { lines }), { status: 0 });
  const last = { ts: baseMs - 1, values: { weight_kg: 4_999 } };
  await mosquitto('mosquitto_pub', own, [...telemetry(own.id), '-m', JSON.stringify(last)]);
  const stored = async () => (await gateway.get(`/devices/${own.id}/latest`)).fields.weight_kg?.value;
  t.equal(await stored(), READINGS - 1, 'a reading that comes late is not the latest');
  await gateway.settledLedger();
  t.equal((await history(own.id)).length, READINGS, 'and sent once more they are still as many');

  const { body: check } = await gateway.api('POST', `/devices/${own.id}/check`, { body: {} });
  t.match(check, { grade: 'failed', cause: { name: 'connected', problem: 'not-connected' } }, 'it has hung up');
  t.match(check.steps, [{}, { name: 'publishing', grade: 'ok' }, { name: 'fits', grade: 'ok' }]);
  const foreign = await mosquitto('mosquitto_pub', own, [...telemetry(other.id), '-m', lines[0]!], { limitMs: 3_000 });
  t.not(foreign.status, 0, 'publishing under the id of another device fails');
  const wrongId = { ...own, id: other.id, user: own.id };
  t.match(await mosquitto('mosquitto_pub', wrongId, [...telemetry(other.id), '-m', lines[0]!]), {
    status: 4,
    stderr: /bad user name or password/,
  });
  t.match(await mosquitto('mosquitto_pub', { ...own, secret: other.secret }, [...telemetry(own.id), '-m', '{}']), {
    status: 4,
  });
  const ledger = await gateway.settledLedger();
  t.equal(ledger.rows.find(({ kind }) => kind === 'recycling-kiosk')?.messages.total, 2 * READINGS + 1 + REGISTRATIONS);
  t.same(await history(other.id), [], 'and nothing of it arrived');
});

t.test('20,000 records of a backfill are stored once, beside what is sent live', async (t) => {
  const { own } = await kiosks('filler');
  const dayMs = 24 * 3_600_000;
  const beginMs = Date.now() - 20 * dayMs;
  const bodies = Array.from({ length: BACKFILLS }, (_, part) =>
    JSON.stringify(
      Array.from({ length: RECORDS }, (_, at) => {
        // Newest day first, as a device that empties a stack sends it.
        const ts = beginMs + ((BACKFILLS - part) * RECORDS + at) * 1_000;
        return { ts, values: { weight_kg: at, temp_c: 20.5, smoke: false } };
      }),
    ),
  );
  const token = `${own.id}:${own.secret}`;
  const send = (body: string) => gateway.api('POST', `/devices/${own.id}/telemetry?lane=bulk`, { body, token });
  for (const body of bodies) {
    const { status, body: answer } = await send(body);
    t.match([status, answer.receipt], [202, /^bulk-/]);
  }
  const latest = async () => (await gateway.get(`/devices/${own.id}/latest`)).fields.fill_pct?.value;
  for (let fill = 1; fill <= 3; fill += 1) {
    const reading = JSON.stringify({ ts: Date.now(), values: { fill_pct: fill } });
    await mosquitto('mosquitto_pub', own, [...telemetry(own.id), '-m', reading]);
    await until('the live reading is there', async () => (await latest()) === fill);
  }
  t.equal((await gateway.settledLedger()).balanced, true);
  const [from, to] = [beginMs, beginMs + 20 * dayMs].map((atMs) => new Date(atMs).toISOString());
  const path = `/devices/${own.id}/history?fields=weight_kg&from=${from}&to=${to}&every=30d&fn=count`;
  const { points } = await gateway.get(path);
  const counted = points.reduce(
    (sum: number, { values }: { values: { weight_kg: number } }) => sum + values.weight_kg,
    0,
  );
  t.equal(counted, BACKFILLS * RECORDS, 'every record once');
  const noTime = await send(JSON.stringify({ values: { weight_kg: 1 } }));
  t.match(noTime.body.records ?? noTime.body.issues, [{ reason: 'no-time' }], 'a backfill without a time is refused');
});

t.test('mosquitto_sub sees nothing of another device, retained or not', async (t) => {
  const { own, other } = await kiosks('reader');
  const publish = (...args: string[]) => mosquitto('mosquitto_pub', other, ['-q', '1', ...args]);
  await publish('-r', '-t', `cw/v1/${other.id}/state`, '-m', '{"online":true,"firmware":"canary-retained"}');
  const topics = [
    '#',
    'cw/#',
    '+/+/+/+',
    `cw/v1/${other.id}/state`,
    `cw/v1/${other.id}/command`,
    '$SYS/#',
    '$share/g/#',
  ];
  const listening: Promise<Outcome>[] = [];
  for (const [index, topic] of topics.entries()) {
    const id = `listener-${index}`;
    const login = { port: gateway.mqttPort, id, secret: await gateway.register({ id }) };
    listening.push(mosquitto('mosquitto_sub', login, ['-v', '-W', '3', '-t', topic], { limitMs: 8_000 }));
  }
  for (let number = 0; number < 5; number += 1) {
    await publish('-t', `cw/v1/${other.id}/telemetry`, '-m', `{"values":{"weight_kg":${number}}}`);
  }
  for (const [index, outcome] of (await Promise.all(listening)).entries()) {
    t.equal(outcome.stdout, '', `${topics[index]}: nothing`);
    t.match(outcome.stderr, /All subscription requests were denied/, `${topics[index]}: refused`);
  }
  const mine = await mosquitto('mosquitto_sub', own, ['-d', '-W', '1', '-t', `cw/v1/${own.id}/command`]);
  t.match(mine.stdout, /Subscribed \(mid: 1\): [01]\b/, 'its own commands it may have');
});

t.test('what was filled in is rolled up, and can be taken away', async (t) => {
  const rolledUp = async (): Promise<number> => {
    const { text } = await gateway.api('GET', '/metrics');
    return Number(/^citywatch_rollups_written_total\{tier="5m"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  await until('each five minutes have their roll-up', async () => (await rolledUp()) >= (BACKFILLS * RECORDS) / 300);
  const [from, to] = [21, 0].map((days) => new Date(Date.now() - days * 24 * 3_600_000).toISOString());
  const { text } = await gateway.api('GET', `/devices/filler-own/export?fields=weight_kg&from=${from}&to=${to}`);
  const [header, first, ...rest] = text.trimEnd().split('\r\n');
  t.equal(header, 'time,weight_kg (kg)');
  t.match(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,0$/);
  t.equal(rest.length + 1, BACKFILLS * RECORDS);
});
