import t from 'tap';
import type { AskedPlaces } from '../../../src/alerts/desk/places.ts';
import { DELIVERY_QUEUE, DESK_QUEUE } from '../../../src/alerts/desk/queues.ts';
import type { AlertTables } from '../../../src/alerts/desk/tables.ts';
import { EVIDENCE_AT_ONCE, EvidenceDesk } from '../../../src/alerts/evidence/evidence.ts';
import { askingWhereabouts, camerasSeeing, whereaboutsTold } from '../../../src/devices/registry/nearby-cameras.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { ADMIN, startAlertDesk, startReceiver, webhookAt } from '../../support/alerts/alert-desk.ts';
import { message, reading } from '../../support/alerts/alerts.ts';
import { KIOSK_FIRE, rulesReader } from '../../support/alerts/rules.ts';
import { countCommands } from '../../support/services/count-commands.ts';
import { countStatements } from '../../support/services/count-statements.ts';
import { freshDatabase, sharedRedis } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

const AREA = '330203';
const PACED = 15;
const STORM = 400;
/** Opened, and with it why there is no picture. */
const ENTRIES = 1;

/** Sweeps are no matter of an alert. */
const NO_SWEEP_MS = 3_600_000;

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url, sweepMs: NO_SWEEP_MS });
const { database, clock, work, observer, queries, log, committed, opened } = desk;
const evidence = new EvidenceDesk({
  database,
  clock,
  observer,
  queries,
  log,
  committed,
  opened,
  pictures: {
    camerasFor: (devices, readers) => camerasSeeing(database, devices, readers),
    snapshot: () => Promise.reject(new Error('there is no camera')),
  },
  blobs: {} as never,
  clips: {} as never,
  firstNews: () => work.underWay(DESK_QUEUE, DELIVERY_QUEUE),
});
work.handle('evidence', (_key, _signal, claim) => evidence.handle(claim), { atOnce: EVIDENCE_AT_ONCE });
let offset = 0;
const spotOf = (device: string) => ({ device, readers: AREA });
const places: AskedPlaces = {
  asking: (devices) => askingWhereabouts(devices.map(spotOf)),
  told: whereaboutsTold,
};
const reader = rulesReader([KIOSK_FIRE], { ...desk, places, head: () => offset });
await sql`
  with area as (insert into jurisdiction (code, name_zh, name_en) values (${AREA}, '区', 'county'))
  insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms, updated_at_ms)
  select 'k-' || n, 'recycling-kiosk', 'kiosk ' || n, ${AREA}, 29.87, 121.55, 'wgs84', 'in-service', 1, 0, 0
  from generate_series(1, ${PACED + STORM}::integer) as n`.execute(database.tables());

function burn(count: number): Promise<void> {
  const messages = Array.from({ length: count }, () => {
    offset += 1;
    const records = [reading({ smoke: true }, offset)];
    return message({ device: `k-${offset}`, offset, receivedAtMs: clock.nowMs(), records, jurisdiction: AREA });
  });
  return reader.handle({ lane: 'live', from: 0, to: offset + 1, messages });
}

const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'all', ...webhookAt(receiver.url), jurisdiction: '330200' });
await until('there is Redis', () => desk.doorbell.up());

const told = (alerts: number) => () => receiver.received.length >= ENTRIES * alerts;

/** How many keys were taken up, by how they were found. */
async function found(by: string): Promise<number> {
  const { values } = await observer.metrics.getSingleMetric('citywatch_doorbell_total')!.get();
  return values.find(({ labels }) => labels.by === by)?.value ?? 0;
}

t.test('an alert that comes alone is begun where it was noted', async (t) => {
  const statements = countStatements(t);
  const commands = countCommands(t);
  for (let n = 0; n < PACED; n += 1) {
    const before = receiver.received.length;
    await burn(1);
    await until('it is told', () => receiver.received.length >= before + ENTRIES);
    await work.idle();
  }
  t.comment(`${statements.count / PACED} statements and ${commands.count / PACED} commands an alert`);
  // 3 when nothing meets: 1 of the rules, 1 of the desk, 1 for its delivery; 1 more where the receiver is slow. A
  // busy machine was once seen to need 3 more than usual.
  t.ok(statements.count <= 7 * PACED, `${statements.count} statements for ${PACED} alerts`);
  t.ok(commands.count <= 2 * PACED, `${commands.count} commands of Redis for ${PACED} alerts`);
  t.ok((await found('hand')) >= 2 * PACED, 'findings and deliveries are handed over');
});

t.test('what is sent without having been read has the bytes that another try would send', async (t) => {
  const rows = await database.tables<AlertTables>().selectFrom('alert_event').select(['id', 'body']).execute();
  const stored = new Map(rows.map(({ id, body }) => [id, JSON.stringify(body.alert)]));
  t.equal(receiver.received.length, ENTRIES * PACED);
  for (const { body } of receiver.received) {
    const { event, data } = JSON.parse(body);
    t.equal(JSON.stringify(data), stored.get(event));
  }
});

t.test('a storm of alerts is written by hundreds', async (t) => {
  receiver.received.length = 0;
  const statements = countStatements(t);
  const commands = countCommands(t);
  await burn(STORM);
  await until('all are told', told(STORM), 60_000);
  await work.idle();
  t.comment(`${statements.count / STORM} statements and ${commands.count / STORM} commands an alert`);
  // 0.3 and 0.1 on an idle machine; a busy one makes smaller batches.
  t.ok(statements.count <= 0.75 * STORM, `${statements.count} statements for ${STORM} alerts`);
  t.ok(commands.count <= 0.5 * STORM, `${commands.count} commands of Redis for ${STORM} alerts`);
});
