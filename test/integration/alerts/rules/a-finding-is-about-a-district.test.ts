import t from 'tap';
import { Jurisdictions } from '../../../../src/access/tree/jurisdictions.ts';
import { ADDED_TO_VIEWS, showSubject } from '../../../../src/alerts/desk/alert.ts';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import { toEntry } from '../../../../src/alerts/desk/log/read-entry.ts';
import { DESK_QUEUE, EVIDENCE_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import { EvidenceDesk } from '../../../../src/alerts/evidence/evidence.ts';
import { Opened } from '../../../../src/alerts/evidence/opened.ts';
import { BEFORE_CLASSES } from '../../../../src/alerts/rules/classes.ts';
import type { Condition } from '../../../../src/alerts/rules/conditions/condition.ts';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import { RulesReader } from '../../../../src/alerts/rules/rules-reader.ts';
import { alertEvent, alertView } from '../../../../src/api/routes/alert-schemas.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import type { DecodedMessage } from '../../../../src/core/types.ts';
import { gathering } from '../../../fixtures/conditions/gathering.ts';
import { WITH_GATHERING } from '../../../fixtures/conditions/with-gathering.ts';
import {
  ADMIN,
  alertLog,
  NO_RULE_GONE,
  PLATES,
  startAlertDesk,
  startReceiver,
  webhookAt,
} from '../../../support/alerts/alert-desk.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';
import { incarnationOf } from '../../../support/ingest/journal.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const [YINZHOU, CITY, ELSEWHERE] = ['330212', '330200', '330203'];
const SMOKE = `
rule: smoke-in-a-district
version: 1
title: { en: Smoke in several places, zh: 多处冒烟 }
severity: severe
class: incident
kinds: [recycling-kiosk]
condition: { type: gathering, field: smoke, devices: 2, within_s: 60 }
`;

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const opened = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
const { database, clock, queries, work, committed } = opened;
const jurisdictions = new Jurisdictions();
await jurisdictions.seed(database);

/** Devices whose place was asked for, by the desk or for a picture. */
const asked: string[] = [];
const desk = new AlertDesk({
  database,
  clock,
  log: alertLog(),
  places: {
    placesOf: async (ids) => {
      asked.push(...ids);
      return new Map();
    },
    standsNow: () => null,
    nameOfDistrict: (code) => jurisdictions.get(code)?.name.zh ?? null,
  },
  gone: NO_RULE_GONE,
  titleOf: () => ({ en: 'Smoke in several places', zh: '多处冒烟' }),
  committed,
});
const evidence = new EvidenceDesk({
  database,
  clock,
  observer: quietObserver(),
  queries,
  log: alertLog(),
  opened: new Opened(),
  pictures: {
    camerasFor: async (devices) => {
      asked.push(...devices);
      return new Map();
    },
    snapshot: () => Promise.reject(new Error('nobody asks for a picture')),
  },
  blobs: {} as never,
  clips: {} as never,
  firstNews: () => 0,
  committed,
});
const judged: string[] = [];
work.handle(DESK_QUEUE, (key) => desk.handle(key));
work.handle(EVIDENCE_QUEUE, async (key, _signal, claim) => {
  const result = await evidence.handle(claim);
  judged.push(key);
  return result;
});

function ruleOf(by: Condition): Rule {
  const parsed = parseRule(SMOKE, kindCatalogue, { conditions: WITH_GATHERING });
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return { ...parsed.rule, by };
}

/** One life of the reader on what the one before stored. */
async function life(rule: Rule): Promise<RulesReader> {
  const reader = new RulesReader({
    database,
    clock,
    observer: quietObserver(),
    incarnationOf,
    slotOf,
    ownership: firstOwner(),
    plates: PLATES,
    engine: new RulesEngine([rule], { match: () => [] }, ALL_THERE),
    head: () => Number.MAX_SAFE_INTEGER,
    isClockKnown: () => true,
    raised: () => {},
    committed,
    work,
    saveMs: 0,
  });
  await reader.load('live');
  return reader;
}

const ENTRY = {
  seq: 1,
  id: 'e',
  alert_id: 'a',
  type: 'alert.opened',
  at_ms: 1,
  actor: 'citywatch',
  jurisdiction: YINZHOU,
  severity: 'severe',
  seen_by: null,
};

let offset = 0;
const startMs = clock.nowMs();
function smoke(device: string, jurisdiction: string, afterMs: number) {
  offset += 1;
  const receivedAtMs = startMs + afterMs;
  const one: DecodedMessage = message({
    device,
    offset,
    receivedAtMs,
    jurisdiction,
    records: [reading({ smoke: true })],
  });
  return { lane: 'live' as const, from: offset, to: offset + 1, messages: [one] };
}

const callerIn = (jurisdiction: string) => ({ ...ADMIN, jurisdiction });
const alertsOf = async (jurisdiction: string) => (await queries.list(callerIn(jurisdiction), { limit: 10 })).items;

t.test('it becomes an alert of the district, through a crash, and clears', async (t) => {
  const [there, elsewhere] = [await startReceiver(t), await startReceiver(t)];
  for (const [url, jurisdiction] of [
    [there.url, YINZHOU],
    [elsewhere.url, ELSEWHERE],
  ] as const) {
    await opened.subscriptions.create(ADMIN, { name: jurisdiction, ...webhookAt(url), jurisdiction });
  }
  const rule = ruleOf(gathering as never);
  const first = await life(rule);
  await first.handle(smoke('k1', YINZHOU, 0));
  await first.handle(smoke('k3', ELSEWHERE, 1_000));
  const second = await life(rule);
  await second.handle(smoke('k2', YINZHOU, 2_000));
  const [alert] = await until('the alert', async () =>
    (await alertsOf(YINZHOU)).length > 0 ? alertsOf(YINZHOU) : null,
  );
  const subject = { type: 'district', id: YINZHOU, name: '鄞州区' };
  t.match(alertView.parse(alert), {
    dedupKey: `smoke-in-a-district|district:${YINZHOU}`,
    subject,
    device: null,
    deviceName: null,
    jurisdiction: YINZHOU,
    location: null,
    data: { devices: 2 },
  });
  await until('it was looked whether a picture is to be had', () => judged.includes(alert!.id));
  t.same(asked, [], 'no registry and no camera is asked for a device of that name');
  t.same((await queries.get(ADMIN, alert!.id)).evidence, []);
  const third = await life(rule);
  await third.handle(smoke('k3', ELSEWHERE, 600_000));
  await until('it is over', async () => (await queries.get(ADMIN, alert!.id)).condition === 'cleared');
  const { entries } = await queries.events(callerIn(YINZHOU), 0, 10);
  t.same(
    entries.map(({ body }) => [body.type, alertEvent.omit({ cursor: true }).parse(body).alert.subject]),
    [
      ['alert.opened', subject],
      ['alert.cleared', subject],
    ],
  );
  await until('the district is told', () => there.once().length === 2);
  t.match(there.once()[0]?.data.data, { subject, device: null });
  t.same(elsewhere.received, []);
});

t.test('who may see the district sees it, and nobody else', async (t) => {
  for (const jurisdiction of [YINZHOU, CITY, '330000', '000000']) t.equal((await alertsOf(jurisdiction)).length, 1);
  for (const jurisdiction of [ELSEWHERE, '510700']) t.same(await alertsOf(jurisdiction), []);
  const { entries } = await queries.events(callerIn(ELSEWHERE), 0, 10);
  t.same(entries, []);
  await desk.endOfAllRetired();
  t.equal((await alertsOf(YINZHOU))[0]?.version, 2, 'no device that is retired ends it');
});

t.test('what is found of a city is not told to the district in which a device was heard', async (t) => {
  const ofCity = { ...gathering, subject: () => ({ type: 'district', id: CITY }) } as unknown as Condition;
  const reader = await life({ ...ruleOf(ofCity), rule: 'smoke-in-a-city' });
  await reader.handle(smoke('k1', YINZHOU, 700_000));
  await reader.handle(smoke('k3', ELSEWHERE, 701_000));
  const found = async () => (await alertsOf(CITY)).find(({ subject }) => subject.id === CITY);
  t.match(await until('the alert', found), { jurisdiction: CITY, subject: { name: '宁波市' } });
  for (const jurisdiction of [YINZHOU, ELSEWHERE]) {
    t.same(
      (await alertsOf(jurisdiction)).filter(({ subject }) => subject.id === CITY),
      [],
    );
  }
});

t.test(
  'devices and the gateway are shown under the ids they have elsewhere, and a district never as a device',
  async (t) => {
    t.same(showSubject('k1', 'Kiosk 1'), {
      subject: { type: 'device', id: 'k1', name: 'Kiosk 1' },
      device: 'k1',
      deviceName: 'Kiosk 1',
    });
    t.match(showSubject('_gateway', '_gateway'), { subject: { type: 'gateway', id: '_gateway' }, device: '_gateway' });
    t.match(showSubject('district:330212', '鄞州区'), { subject: { id: '330212' }, device: null, deviceName: null });
  },
);

t.test('an entry of a version that knew devices alone tells its subject, too', async (t) => {
  const alert = { id: 'a', device: 'k1', deviceName: 'Kiosk 1' };
  const body = { id: 'e', type: 'alert.opened', at: '2026-01-01T00:00:00.000Z', actor: 'citywatch', alert };
  const { alert: shown } = toEntry({ ...ENTRY, body }).body;
  const added = { ...ADDED_TO_VIEWS, ...BEFORE_CLASSES };
  t.same(shown, { ...added, ...alert, subject: { type: 'device', id: 'k1', name: 'Kiosk 1' } });
  const ofGateway = toEntry({ ...ENTRY, body: { ...body, alert: { device: '_gateway', deviceName: '_gateway' } } });
  t.match(ofGateway.body.alert, { subject: { type: 'gateway', id: '_gateway' }, device: '_gateway' });
});
