import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { DeviceKind } from '../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import type { Store } from '../../../../src/telemetry/stores/store.ts';
import { SERIES_LIMITS, SeriesBudget, type SeriesLimits } from '../../../../src/telemetry/writer/series-budget.ts';
import { TelemetryWriter, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { batch, decoded, event, reading } from '../../../support/ingest/batches.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { metric } from '../../../support/uplinks/mqtt.ts';

const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);

async function life(change: Partial<SeriesLimits>, series: DeviceKind['series'] = {}) {
  const observer = quietObserver();
  const kinds = { latest: () => ({ ...KIOSK, series }) };
  const limits = { ...SERIES_LIMITS, ...change };
  const budget = new SeriesBudget({ database, kinds, clock: systemClock, observer, limits });
  await budget.load();
  const lines: string[] = [];
  const store = {
    ensure: async () => {},
    write: async (more: readonly string[]) => {
      lines.push(...more);
      return { rejected: [] };
    },
  } as unknown as Store;
  const writer = new TelemetryWriter({ store, series: budget, clock: systemClock, observer }, WRITER_LIMITS);
  const write = (...messages: ReturnType<typeof decoded>[]) =>
    writer.write(batch(messages), new AbortController().signal);
  return { observer, lines, write };
}

const lane = (value: number, index = 0) => reading({ lane: value, speed: 1 }, { tag: 'lane', index });

t.test(
  'a device beyond its tag values is refused by record, and its neighbours and known series are not',
  async (t) => {
    const limits = { perDevice: 3 };
    const first = await life(limits);
    const records = [1, 2, 3, 4, 1, 5].map((value, index) => lane(value, index));
    const rejected = await first.write(decoded(records, { id: 'a' }));
    t.strictSame(
      rejected.map(({ index, reason, path, detail }) => [index, reason, path, detail]),
      [
        [3, 'series-budget', 'values.lane', '4'],
        [5, 'series-budget', 'values.lane', '5'],
      ],
    );
    t.equal(first.lines.length, 4);
    const plain = decoded([reading({ speed: 2 }), event('jam', { lane: 9 }, { tag: 'lane', index: 1 })], { id: 'a' });
    t.match(await first.write(plain, decoded([lane(7)], { id: 'b' })), [{ index: 1, path: 'data.lane', detail: '9' }]);
    t.equal(await metric(first.observer, 'citywatch_series_near_limit_ratio'), 1);

    const second = await life(limits);
    t.same(
      (await second.write(decoded(records, { id: 'a' }))).map(({ index }) => index),
      [3, 5],
      'the same after a restart',
    );
    const third = await life({ perDevice: 5 });
    t.same(await third.write(decoded(records, { id: 'a' })), [], 'a raised budget lets in what is replayed');
  },
);

t.test('a kind and the whole have budgets too, and a kind may say its own', async (t) => {
  const kind = (id: string, name: string) =>
    decoded([reading({ speed: 1 })], { device: { id, kind: name, kindVersion: 1, jurisdiction: '330200' } });
  const one = await life({ perKind: 2 });
  const refused = await one.write(kind('k-1', 'x'), kind('k-2', 'x'), kind('k-3', 'x'), kind('k-4', 'y'));
  t.match(refused, [{ reason: 'series-budget', path: '', detail: 'k-3' }]);
  t.equal(refused.length, 1);
  const own = await life({ perKind: 2 }, { total: 3 });
  t.same(await own.write(kind('k-3', 'x')), []);
  const whole = await life({ total: 1 });
  t.match(await whole.write(kind('k-9', 'z')), [{ reason: 'series-budget', detail: 'k-9' }]);
});

t.test('a batch whose new series cannot be kept does not count as stored', async (t) => {
  const gone = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  const observer = quietObserver();
  const budget = new SeriesBudget({
    database: gone,
    kinds: { latest: () => KIOSK },
    clock: systemClock,
    observer,
    limits: SERIES_LIMITS,
  });
  t.ok(budget.admit({ kind: 'late', id: 'l-1' }, '', ''));
  await gone.close();
  await t.rejects(budget.save());
});
