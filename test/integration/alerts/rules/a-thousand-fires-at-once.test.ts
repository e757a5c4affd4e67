import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import {
  ADMIN,
  alertLog,
  NAMELESS,
  NO_RULE_GONE,
  type Received,
  startAlertDesk,
  startReceiver,
  webhookAt,
} from '../../../support/alerts/alert-desk.ts';
import { message, reading } from '../../../support/alerts/alerts.ts';
import { rulesReader } from '../../../support/alerts/rules.ts';
import { countStatements } from '../../../support/services/count-statements.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const rule = (name: string, severity: string, condition: string): string => `
rule: ${name}
version: 1
title: { en: ${name}, zh: ${name} }
severity: ${severity}
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: ${condition} }] }
`;

const FIRES = 1_000;
const FULL = 400;
const CRITICAL = 20;
const DISTRICTS = 45;

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
const { database, clock } = desk;
const rules = [
  rule('kiosk-fire', 'extreme', 'smoke, equals: true'),
  rule('kiosk-full', 'minor', 'fill_pct, above: 90'),
];
let offset = 0;
const reader = rulesReader(rules, { ...desk, head: () => offset });

function kiosk(device: string, values: { smoke: boolean } | { fill_pct: number }, jurisdiction: string) {
  offset += 1;
  return message({ device, offset, receivedAtMs: clock.nowMs(), records: [reading(values, offset)], jurisdiction });
}

const report = (messages: ReturnType<typeof kiosk>[]): Promise<void> =>
  reader.handle({ lane: 'live', from: 0, to: offset + 1, messages });

t.test('a thousand fires at once take about one statement for each', async (t) => {
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, { name: 'storm', ...webhookAt(receiver.url), jurisdiction: '330200' });
  const statements = countStatements(t);
  await report(Array.from({ length: FIRES }, (_, n) => kiosk(`storm-${n}`, { smoke: true }, '330203')));
  await until('all are delivered', () => receiver.received.length >= FIRES);
  t.comment(`${statements.count} statements for ${FIRES} alerts`);
  // 800 on an idle machine; a busy one makes smaller batches. One more statement for each alert would be seen.
  t.ok(statements.count < 1.5 * FIRES, 'from the message to the webhook');
  t.equal(new Set(receiver.received.map(({ data }) => data.data.dedupKey)).size, FIRES, 'each is told');
});

t.test('what is critical goes out before what is not, though it came last', async (t) => {
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, { name: 'mixed', ...webhookAt(receiver.url), jurisdiction: '510700' });
  await report([
    // A few of each district: else one would stand for the others.
    ...Array.from({ length: FULL }, (_, n) => kiosk(`full-${n}`, { fill_pct: 95 }, `5107${10 + (n % DISTRICTS)}`)),
    ...Array.from({ length: CRITICAL }, (_, n) => kiosk(`burns-${n}`, { smoke: true }, '510703')),
  ]);
  await until('all are delivered', () => receiver.received.length >= FULL + CRITICAL);
  const isCritical = ({ data }: Received): boolean => data.data.dedupKey.startsWith('kiosk-fire');
  const last = receiver.received.findLastIndex(isCritical);
  t.ok(last < FULL / 2, `the last of ${CRITICAL} was number ${last + 1} of ${FULL + CRITICAL}`);
});

t.test('a finding that cannot be handled holds up none of those that are taken with it', async (t) => {
  const titleOf = (name: string) => {
    if (name === 'kiosk-full') throw new Error('no title');
    return { en: name, zh: name };
  };
  const places = { placesOf: async () => new Map(), ...NAMELESS };
  const alone = new AlertDesk({
    database,
    clock,
    log: alertLog(),
    places,
    gone: NO_RULE_GONE,
    titleOf,
    committed: () => {},
  });
  desk.work.handle('desk', (key) => alone.handle(key));
  await report([
    kiosk('p1', { smoke: true }, '220402'),
    kiosk('p2', { fill_pct: 95 }, '220402'),
    kiosk('p3', { smoke: true }, '220402'),
  ]);
  const opened = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items;
  for (const device of ['p1', 'p3']) await until(`the alert of ${device}`, async () => (await opened(device))[0]);
  t.same(await opened('p2'), []);
  // The alert is seen as soon as it is written; its finding leaves the queue right after.
  await until('only it is tried again', async () => {
    const waiting = (await desk.work.waiting()).find(({ queue }) => queue === 'desk');
    return waiting?.count === 1;
  });
});
