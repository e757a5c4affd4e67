import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { START_PATIENCE_MS, untilLetIn } from '../../../../src/platform/database/arrival.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { refusingPostgres } from '../../../support/services/refusing-postgres.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { wiredDatabase } from '../../../support/services/wired-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

function arrival(url: string, ended?: AbortSignal) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const { log } = createObserver({ level: 'info', secrets: new KnownSecrets(), destination });
  return { clock, lines, arrived: untilLetIn({ url, clock, log, patienceMs: START_PATIENCE_MS, ended }) };
}

t.test('a server that takes connections and lets nobody in is waited for, and the log says so', async (t) => {
  const { wire, url } = await wiredDatabase(t);
  wire.hold();
  const { clock, lines, arrived } = arrival(url);
  await until('it is asked', () => wire.connections === 1);
  await clock.advance(START_PATIENCE_MS - 1_000);
  t.equal(wire.connections, 1, 'by one connection, however long it takes');
  t.match(lines[0], /"waitedMs":5000,"atMostMs":120000.*waits for PostgreSQL: it takes connections/);
  wire.release();
  await arrived;
  t.equal(clock.waiting, 0);
});

t.test('who is asked to stop waits no longer, however the server says no', async (t) => {
  const { wire, url } = await wiredDatabase(t);
  wire.hold();
  const starting = await refusingPostgres(t, { sqlstate: '57P03', message: 'the database system is starting up' });
  for (const [server, isAsked] of [
    [url, () => wire.connections === 1],
    [starting.url, () => starting.asked === 1],
  ] as const) {
    const stop = new AbortController();
    const { clock, arrived } = arrival(server, stop.signal);
    const over = t.rejects(arrived, { code: 'store.unavailable', detail: /was called off/ });
    await until('it is asked', isAsked);
    stop.abort();
    await over;
    t.equal(clock.waiting, 0);
  }
});

t.test('one that says nothing to the end, one that is not there, and one that says no are told apart', async (t) => {
  const { wire, url } = await wiredDatabase(t);
  wire.hold();
  const silent = arrival(url);
  const late = t.rejects(silent.arrived, {
    code: 'store.unavailable',
    detail: /let nobody in within 120 s; see its log/,
  });
  await until('it is asked', () => wire.connections === 1);
  await silent.clock.advance(START_PATIENCE_MS);
  await late;
  await t.rejects(arrival(url.replace(/:\d+\//, ':1/')).arrived, {
    code: 'store.unavailable',
    detail: 'PostgreSQL does not answer.',
  });
  wire.release();
  await t.rejects(arrival(url.replace(/:[^:@]*@/, ':wrong@')).arrived, {
    code: 'store.refused',
    detail: /refused the login/,
  });
});

t.test('one that is still starting is asked again until it has', async (t) => {
  const server = await refusingPostgres(t, { sqlstate: '57P03', message: 'the database system is starting up' });
  const { clock, arrived } = arrival(server.url);
  const refused = t.rejects(arrived, { code: 'store.unavailable' });
  for (let turn = 1; turn <= 3; turn += 1) {
    await until(`it is asked ${turn} times`, async () => {
      await clock.advance(server.asked < turn ? 500 : 0);
      return server.asked >= turn;
    });
  }
  await until('it is given up', async () => {
    await clock.advance(START_PATIENCE_MS);
    return clock.waiting === 0;
  });
  await refused;
});

t.test('a try that the limit cuts does not hide what the server said before it', async (t) => {
  const server = await refusingPostgres(t, { sqlstate: '57P03', message: 'the database system is starting up' });
  const { clock, arrived } = arrival(server.url);
  const refused = t.rejects(arrived, { code: 'store.unavailable', cause: { cause: { sqlstate: '57P03' } } });
  await until('it is refused', () => server.asked === 1);
  server.isSilent = true;
  await until('it is asked again', async () => {
    await clock.advance(server.asked < 2 ? 500 : 0);
    return server.asked === 2;
  });
  await clock.advance(START_PATIENCE_MS);
  await refused;
});

t.test('what needs a connection during a start has the same patience, and after it no longer', async (t) => {
  const { wire, url } = await wiredDatabase(t);
  const shares = await Database.openShares({
    url,
    observer: quietObserver(),
    clock: systemClock,
    isLetIn: false,
    patienceMs: START_PATIENCE_MS,
    limits: { ...DATABASE_LIMITS, connectTimeoutMs: 50 },
  });
  t.teardown(() => shares.close());
  wire.hold();
  const before = wire.connections;
  // More than there are connections ahead of them.
  const early = [1, 2, 3].map(() => sql`select 1`.execute(shares.alerts.tables()));
  await until('one is on its way', () => wire.connections > before);
  shares.started();
  const late = [1, 2, 3].map(() => sql`select 1`.execute(shares.handling.tables()));
  const [refused] = await Promise.race(
    late.map((one) =>
      one.then(
        () => [null],
        (error: unknown) => [error],
      ),
    ),
  );
  t.match(refused, { code: 'store.unavailable' });
  wire.release();
  await Promise.all(early);
  await Promise.allSettled(late);
});
