import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { ADMIN_TOKEN, type Answer, Gateway } from '../../support/gateway/gateway.ts';
import { ROOT } from '../../support/root.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase, lentInflux } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/** More than all connections for edits together; a caller may have 64 requests under way. */
const EDITS = 60;

/** PostgreSQL of our own, to tamper with what the gateway keeps there. */
const { url } = await freshDatabase(t);
const gateway = await Gateway.start(t, { ...lentInflux(t), DATABASE_URL: url, CITYWATCH_LEDGER_CHECK_S: '1' });
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
const tamper = (statement: string) => database.dedicated(async (run) => void (await run(statement)));
const secret = await gateway.register({ id: 'p-1', kind: 'pump' });
await tamper(`update position set created_at_ms = created_at_ms - 3600000 where id = 'p-1'`);

t.test('readings of two pumps of a station are kept apart, and what is missing of its hour is told', async (t) => {
  const body = [1, 2].map((pump) => ({ values: { pump, current_a: pump * 10 } }));
  const answer = await gateway.api('POST', '/devices/p-1/telemetry', { body, token: `p-1:${secret}` });
  t.equal(answer.status, 202);
  let latest: { tagged: { values: object } | null } = { tagged: null };
  await until('both are known', async () => {
    latest = await gateway.get('/devices/p-1/latest');
    return Object.keys(latest.tagged?.values ?? {}).length === 2;
  });
  t.match(latest.tagged, { tag: 'pump', values: { 1: { current_a: { value: 10 } }, 2: { current_a: { value: 20 } } } });
  const [from, to] = [Date.now() - 3_600_000, Date.now() + 60_000].map((atMs) => new Date(atMs).toISOString());
  const sums = { expected: 0, received: 0, gaps: 0 };
  await until('the reading is counted', async () => {
    const { days } = await gateway.get(`/devices/p-1/completeness?from=${from}&to=${to}`);
    Object.assign(sums, { expected: 0, received: 0, gaps: 0 });
    for (const { expected, received, gaps } of days) {
      sums.expected += expected;
      sums.received += received;
      sums.gaps += gaps.length;
    }
    return sums.received > 0;
  });
  // Around midnight the hour lies in two days, each with a gap of its own.
  t.ok(sums.expected >= 59 && sums.expected <= 61 && sums.received === 1 && sums.gaps >= 1, JSON.stringify(sums));
  const day = new Date().toISOString().slice(0, 10);
  t.match(await gateway.get(`/completeness?day=${day}&kind=pump`), {
    day,
    items: [{ device: 'p-1', maintenance: false }],
  });
});

t.test(
  'what was not recorded last night, what recordings need and what was removed is asked as the pages say',
  async (t) => {
    await gateway.register({ id: 'cam-dark', kind: 'camera' });
    const plan = () => gateway.api('POST', '/devices/cam-dark/recording', { body: { mode: 'always' } });
    t.equal((await plan()).status, 204);
    await tamper(`update recording_plan set since_ms = since_ms - 172800000 where device = 'cam-dark'`);
    t.equal((await plan()).status, 204);
    const page = await readFile(join(ROOT, 'docs/reports.md'), 'utf8');
    const line = /^curl .*reports\/recording\?below=95.*$/m.exec(page)?.[0] ?? '';
    const env = { PATH: process.env.PATH, CW: gateway.httpUrl, TOK: ADMIN_TOKEN };
    const { items } = JSON.parse((await promisify(execFile)('sh', ['-c', line], { env })).stdout);
    t.match(items[0], { device: 'cam-dark', expectedS: 86_400, recordedS: 0, percent: 0, leastDays: 30, pinnedS: 0 });
    t.match(items[0], { oldestDay: null, oldestUnpinnedDay: null, isRemovedEarly: false });
    const settings = {
      CITYWATCH_DATA_DIR: gateway.directory,
      DATABASE_URL: url,
      CITYWATCH_RECORDINGS_QUOTA_GIB: '1000',
    };
    const reckoned = await commandInProcess(['plan', '--registry'], settings);
    t.match(reckoned, { status: 0, stdout: /^public +1 +4 +24 +30 +1\.3 TB +0 B$/m });
    const verified = await commandInProcess(['recordings', 'verify'], settings);
    t.match(verified, { status: 0, stdout: /^The proofs of removed recordings hold: 0 removals of 0 files \(0 B\)/ });
    const { stdout } = await commandInProcess(['doctor'], settings);
    t.match(
      stdout,
      /^PROBLEM {2}recordings: CITYWATCH_RECORDINGS_QUOTA_GIB is refused .* 1 camera needs 1\.36 TB .* 1\.07 TB$/m,
    );
  },
);

t.test('a ledger that does not balance is an alert that clears when it does again', async (t) => {
  await gateway.settledLedger();
  const alert = async () => (await gateway.get('/alerts?rule=ledger-difference')).items[0];
  t.equal(await alert(), undefined);
  // The rules hang on their row: their alert must come all the same, and nothing is judged meanwhile.
  let letGo = (): void => {};
  const hung = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const holding = database.dedicated(async (run) => {
    await run('begin');
    await run('lock table rule_cursor in access exclusive mode');
    await hung;
    await run('rollback');
  });
  await tamper(`update ingest_ledger set messages_decoded = messages_decoded - 2 where kind = 'pump'`);
  await until('the alert', async () => (await alert()) !== undefined);
  const ready = () => gateway.api('GET', '/readyz', { token: '' });
  await until('the reader that hangs is named', async () => !(await ready()).body.parts.rules.ok, 60_000);
  const { status, body } = await ready();
  t.equal(status, 503);
  t.match(body.parts.rules.reason, /^rules \(live\) has not moved for \d+ s with \d+ bytes to read/);
  t.ok(body.readers.some(({ name, behind }: { name: string; behind: number }) => name === 'rules' && behind > 0));
  letGo();
  await holding;
  await gateway.untilGreen();
  t.equal((await gateway.get('/alerts?rule=ledger-difference')).items.length, 1, 'and it is one');
  t.equal((await alert()).occurrences, 1);
  t.match(await alert(), { severity: 'severe', condition: 'active', device: '_gateway', jurisdiction: '000000' });
  const said = async () => (await gateway.api('GET', '/metrics')).text;
  t.match(await said(), /^citywatch_ledger_difference 2$/m);
  await tamper(`update ingest_ledger set messages_decoded = messages_decoded + 2 where kind = 'pump'`);
  await until('its end', async () => (await alert()).condition === 'cleared');
  t.match(await said(), /^citywatch_ledger_difference 0$/m);
});

t.test('while edits hold every connection they may have, a fire becomes an alert and is acknowledged', async (t) => {
  const [kiosk] = await MqttDevice.connect(t, gateway, {});
  const role = { name: 'command centre', role: 'operator', jurisdiction: '330200' };
  const { token } = (await gateway.api('POST', '/tokens', { body: role })).body;

  const ids = Array.from({ length: EDITS }, (_, number) => `held-${number}`);
  await Promise.all(ids.map((id) => gateway.register({ id })));
  // Who waited too long is told to come again. Where only the answer came too late, 412 says that it is done.
  const rename = async (id: string, again = false): Promise<Answer> => {
    const body = { name: 'Renamed' };
    const answer = await gateway.api('PATCH', `/devices/${id}`, { body, headers: { 'if-match': '"1"' } });
    if (answer.status === 503) return rename(id, true);
    return again && answer.status === 412 ? gateway.api('GET', `/devices/${id}`) : answer;
  };

  const edits = await database.transaction(async (tx) => {
    // Nobody can write a position until this transaction ends; reading goes on.
    await sql`lock table position in share row exclusive mode`.execute(tx.tables());
    // New devices would share a transaction; those that are edited each have one.
    const settled = Promise.all(ids.map((id) => rename(id)));
    const waiting = async (): Promise<boolean> => {
      const { rows } = await sql<{ count: number }>`
        select count(*) from pg_stat_activity where wait_event_type = 'Lock'`.execute(database.tables());
      return Number(rows[0]?.count) >= 10;
    };
    await until('edits hold all their connections', waiting);

    await kiosk!.burn();
    const open = async () => (await gateway.api('GET', '/alerts?device=recycling-kiosk-0', { token })).body.items;
    await until('the fire is an alert', async () => (await open()).length > 0);
    const [alert] = await open();
    const { status, body } = await gateway.api('POST', `/alerts/${alert.id}/ack`, { token });
    t.match({ status, body }, { status: 200, body: { handling: 'acked' } });
    return { settled };
  });
  for (const { status, body } of await edits.settled) {
    t.match({ status, body }, { status: 200, body: { name: 'Renamed', version: 2 } }, 'no edit was lost or made twice');
  }
});

t.test('a running gateway takes over what somebody else writes, also while it hears of nothing', async (t) => {
  const db = database.tables();
  const secret = await gateway.register({ id: 'k-1' });
  const status = async (path: string, token: string) => (await gateway.api('GET', path, { token })).status;
  const send = async () => {
    const body = { id: 'r-1', values: { fill_pct: 1 } };
    return (await gateway.api('POST', '/devices/k-1/telemetry', { body, token: `k-1:${secret}` })).status;
  };
  const body = { name: 'desk', role: 'viewer', jurisdiction: '330200' };
  const made = (await gateway.api('POST', '/tokens', { body })).body as { id: string; token: string };
  t.equal(await status('/devices', made.token), 200);
  t.equal(await send(), 202);
  await sql`update api_token set revoked_at_ms = 1 where id = ${made.id}`.execute(db);
  await until('the token is refused', async () => (await status('/devices', made.token)) === 401);

  const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'citywatch-follow' and datname = current_database()`.execute(db);
  t.equal(rows.length, 1, 'one connection listens');
  await sql`update position set state = 'retired', version = version + 1 where id = 'k-1'`.execute(db);
  await until('the device is refused', async () => (await send()) === 401);
  t.same(await gateway.notGreen(), []);
});
