import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

/** PostgreSQL of our own, to tamper with what the gateway keeps there. */
const { url } = await freshDatabase(t);
const gateway = await Gateway.start(t, { DATABASE_URL: url, CITYWATCH_LEDGER_CHECK_S: '1' });
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
  await until('the alert', async () => (await alert()) !== undefined, 15_000);
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
  await until('its end', async () => (await alert()).condition === 'cleared', 15_000);
  t.match(await said(), /^citywatch_ledger_difference 0$/m);
});
