import t from 'tap';
import { applyFinding } from '../../../../src/alerts/desk/alert.ts';
import type { Committed } from '../../../../src/alerts/desk/log.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { Subscriptions } from '../../../../src/alerts/route/subscriptions.ts';
import { openSinks, SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import type { WorkTicket } from '../../../../src/platform/work/work.ts';
import { ADMIN, alertLog, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { message, reading } from '../../../support/alerts/alerts.ts';
import { rulesReader } from '../../../support/alerts/rules.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const SILENT = `
rule: kiosk-silent
version: 1
title: { en: Silent, zh: 失联 }
severity: moderate
class: incident
kinds: [recycling-kiosk]
condition: { type: absence, silent_for_s: 30 }
`;

/** More than there are Wi-Fi access points in a city (design §1). */
const DEVICES = 12_000;

const { url } = await freshDatabase(t);
const clock = new ManualClock();
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);

async function count(table: 'finding' | 'work_item' | 'delivery'): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(
    database.tables<AlertTables>(),
  );
  return rows[0]?.n ?? 0;
}

t.test('12,000 devices that fall silent in the same second are 12,000 findings with their work', async (t) => {
  let isClockKnown = false;
  let rung: WorkTicket[] = [];
  const committed = ({ tickets }: Committed): void => {
    rung = [...rung, ...tickets];
  };
  const observer = quietObserver();
  const rules = rulesReader([SILENT], {
    database,
    clock,
    observer,
    committed,
    head: () => DEVICES,
    isClockKnown: () => isClockKnown,
  });
  await rules.load('live');
  const messages = Array.from({ length: DEVICES }, (_, index) =>
    message({ device: `ap-${index}`, offset: index + 1, receivedAtMs: clock.nowMs(), records: [reading({})] }),
  );
  await rules.handle({ lane: 'live', from: 1, to: DEVICES + 1, messages });
  clock.setWall(clock.nowMs() + DAY_MS);
  rules.start();
  await clock.advance(1_000);
  await rules.stop();
  t.equal(await count('finding'), 0, 'no clock runs by a time that was set and that the journal does not know of yet');
  clock.setWall(clock.nowMs() - DAY_MS);
  isClockKnown = true;
  rules.start();
  await until('all findings', async () => {
    await clock.advance(31_500);
    return (await count('finding')) === DEVICES;
  });
  await rules.stop();
  t.equal(await count('work_item'), DEVICES);
  t.equal(rung.length, DEVICES);
});

t.test('500 steps of one alert reach 20 subscriptions', async (t) => {
  const box = { seal: (text: string) => text, open: (text: string) => text };
  const outbound = { check: async () => {}, http: () => Promise.reject(new Error('nothing is sent here')) };
  const sinks = openSinks(SINKS, {}, { clock, outbound, webhooks: { cidrs: [], names: 'webhooks' } });
  const subscriptions = new Subscriptions({
    database,
    clock,
    box,
    sinks,
    agencies: { isSeen: () => false },
    departments: { isSeen: () => false },
    ring: () => {},
    whoIsStillThere: async () => new Set(),
  });
  for (let number = 0; number < 20; number += 1) {
    await subscriptions.create(ADMIN, {
      name: `s${number}`,
      ...webhookAt('http://127.0.0.1/'),
      jurisdiction: '330200',
    });
  }
  const [finding] = await database.tables<AlertTables>().selectFrom('finding').selectAll().limit(1).execute();
  const context = {
    place: { name: 'k', lat: null, lon: null, jurisdiction: '330203', retired: false },
    title: { en: 'k', zh: 'k' },
    nowMs: 0,
    previousId: null,
  };
  const { alert } = applyFinding(null, finding!, context)!;
  const { tickets } = await database.transaction(async (tx) => {
    const inputs = Array.from({ length: 500 }, (_, index) => ({
      type: index % 2 ? ('alert.cleared' as const) : ('alert.updated' as const),
      from: 0,
      actor: 'citywatch',
      atMs: index,
      alert,
    }));
    return await alertLog().publish(tx, inputs);
  });
  t.equal(new Set(tickets.map(({ key }) => key)).size, 20);
  t.equal(await count('delivery'), 10_000);
});
