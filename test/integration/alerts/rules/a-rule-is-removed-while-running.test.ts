import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import { GatewayAlerts } from '../../../../src/alerts/desk/gateway-alerts.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { CONDITIONS } from '../../../../src/alerts/rules/conditions/conditions.ts';
import { GATEWAY_SUBJECT } from '../../../../src/alerts/rules/conditions/subject.ts';
import { dedupKey } from '../../../../src/alerts/rules/findings.ts';
import { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { composeRules } from '../../../../src/app/compose/alerts/alert-rules.ts';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import { type DatabaseShares, sql } from '../../../../src/platform/database/database.ts';
import { LEFT_TO_CLAIMS } from '../../../../src/platform/work/work.ts';
import { ADMIN, alertLog, NAMELESS, PLATES } from '../../../support/alerts/alert-desk.ts';
import { kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { incarnationOf } from '../../../support/ingest/journal.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { openWatchlists } from '../../../support/watchlists/watchlists.ts';

const RULE = (rule: string, version = 1) => `rule: ${rule}
version: ${version}
title: { en: ${rule}, zh: 甲 }
severity: severe
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: smoke, equals: true }] }
`;

const database = await openDatabase(t);
const db = database.tables<AlertTables>();
const directory = await temporaryDirectory(t);
const queries = new AlertQueries(database);
let puts = 0;
const put = async (rule: string, version?: number, text = RULE(rule, version)): Promise<void> => {
  puts += 1;
  await writeFile(join(directory, `${rule}.yaml`), text);
  // Two changes within one tick of the file system's clock would look like none.
  await utimes(join(directory, `${rule}.yaml`), puts, puts);
};
const remove = (rule: string) => rm(join(directory, `${rule}.yaml`));
let offset = 0;

/** Rules and desk as a gateway has them after its start. `between`: what happens just before the desk commits. */
async function start(between: () => Promise<void> = async () => {}) {
  const book = await RuleBook.load(directory, {
    kinds: kindCatalogue,
    conditions: CONDITIONS,
    workDays: WorkDays.WEEKENDS,
  });
  const { watched } = openWatchlists({ database, clock });
  const committed = (): void => {};
  const log = alertLog();
  const shares = { alerts: database, handling: database, general: database } as unknown as DatabaseShares;
  const devices = { get: () => undefined, maintained: () => null, topmost: (id: string) => id };
  const zones = { boundsOfZones: () => [] };
  const rest = { head: () => offset, isClockKnown: () => true, incarnationOf, devices, zones, kinds: kindCatalogue };
  const ownership = firstOwner();
  const deps = { shares, clock, observer: quietObserver(), log, ownership, work: LEFT_TO_CLAIMS, ...rest };
  const places = { asking: () => sql`null`, told: () => new Map() };
  const rules = composeRules(deps, { book, watched, plates: PLATES, committed, places, floods: async () => {} });
  await rules.load();
  for (const lane of ['live', 'bulk'] as const) await rules.reader.load(lane);
  const publish: typeof log.publish = async (...entries) => {
    await between();
    return await log.publish(...entries);
  };
  const desk = new AlertDesk({
    database,
    clock,
    places: { placesOf: async () => new Map(), ...NAMELESS },
    gone: rules.gone,
    log: { publish, written: log.written.bind(log) },
    titleOf: (rule) => book.titleOf(rule),
    committed,
  });
  const position = () => ({ lane: 'live' as const, offset });
  const ofGateway = new GatewayAlerts({
    database,
    clock,
    position,
    incarnationOf,
    ownership,
    committed,
    rules: () => book.current(),
  });
  return {
    desk,
    ofGateway,
    burns: async (device: string): Promise<void> => {
      offset += 1;
      const records = [reading({ smoke: true }, offset)];
      const messages = [message({ device, offset, receivedAtMs: clock.nowMs(), records })];
      await rules.reader.handle({ lane: 'live', from: offset, to: offset + 1, messages });
    },
    takeOver: async (): Promise<void> => {
      await rules.ruleWatch.look();
      await rules.ruleWatch.look();
    },
  };
}

const alertsOf = async (device: string) =>
  (await queries.list(ADMIN, { limit: 10, device })).items
    .map(({ rule, condition, conditionReason }) => ({ rule, condition, conditionReason }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1));
const STALE = { condition: 'stale', conditionReason: 'rule-removed' };
const ACTIVE = { condition: 'active', conditionReason: null };

async function told(device: string): Promise<string[]> {
  const { entries } = await queries.events(ADMIN, 0, 500);
  return entries.flatMap(({ type, body }) => (body.alert.device === device ? [type] : []));
}

t.beforeEach(async () => {
  for (const rule of ['fire', 'smoke']) await put(rule);
});

t.test('what is active of a removed rule ends as stale and is told; that of others goes on', async (t) => {
  const { desk, burns, takeOver } = await start();
  await burns('k-1');
  await desk.handle('fire|k-1');
  await desk.handle('smoke|k-1');
  await remove('fire');
  await takeOver();
  t.match(await alertsOf('k-1'), [
    { rule: 'fire@1', ...STALE },
    { rule: 'smoke@1', ...ACTIVE },
  ]);
  t.strictSame(await told('k-1'), ['alert.opened', 'alert.opened', 'alert.stale']);
  const { states } = await db
    .selectFrom('rule_state')
    .select('states')
    .where('device', '=', 'k-1')
    .executeTakeFirstOrThrow();
  t.strictSame(Object.keys(states).sort(), ['fire', 'smoke'], 'stored with the next batch');
  await burns('k-1');
  await takeOver();
  t.strictSame(await told('k-1'), ['alert.opened', 'alert.opened', 'alert.stale'], 'nothing is told twice');
});

t.test('a finding that waits while its rule is removed is told, and ends at once', async (t) => {
  const { desk, burns, takeOver } = await start();
  await burns('k-2');
  await remove('fire');
  await takeOver();
  await desk.handle('fire|k-2');
  t.match(await alertsOf('k-2'), [{ rule: 'fire@1', ...STALE }]);
  t.strictSame(await told('k-2'), ['alert.opened', 'alert.stale']);
});

t.test('so does one whose rule is removed while its alert is being committed', async (t) => {
  let takeOver = async (): Promise<void> => {};
  const { desk, burns, ...started } = await start(() => takeOver());
  takeOver = async () => {
    await remove('fire');
    await started.takeOver();
    t.strictSame(await alertsOf('k-3'), [], 'it is not there yet');
  };
  await burns('k-3');
  await desk.handle('fire|k-3');
  t.match(await alertsOf('k-3'), [{ rule: 'fire@1', ...STALE }]);
  t.strictSame(await told('k-3'), ['alert.opened', 'alert.stale']);
});

t.test('a rule that was removed while the gateway was down ends its alerts at the start', async (t) => {
  const before = await start();
  await before.burns('k-4');
  await before.desk.handle('fire|k-4');
  await remove('fire');
  await start();
  t.match(await alertsOf('k-4'), [{ rule: 'fire@1', ...STALE }]);
});

t.test('what the gateway says of a device is an alert of that device', async (t) => {
  await put('site-dark', 1, RULE('site-dark').replace(/condition: .*/, 'condition: { type: gateway }'));
  const { desk, ofGateway } = await start();
  const about = { id: 'site-1', jurisdiction: '330212', slot: slotOf('site-1') };
  const say = async (isDark: boolean): Promise<void> => {
    for (const _ of [1, 2]) await ofGateway.set('site-dark', isDark, { dark: 3, of: 4 }, about);
    await desk.handle('site-dark|site-1');
  };
  await say(true);
  t.strictSame(await ofGateway.holding('site-dark'), ['site-1']);
  await ofGateway.set('site-dark', true, { dark: 3, of: 3 }, { ...about, id: 'site-2' });
  await desk.handle('site-dark|site-2');
  await say(false);
  t.strictSame(await told('site-1'), ['alert.opened', 'alert.cleared']);
  t.strictSame(await ofGateway.holding('site-dark'), ['site-2'], 'each site for itself');
  await remove('site-dark');
});

t.test('a rule of the gateway that comes back while its finding holds is an alert again, once', async (t) => {
  const text = RULE('ledger-difference').replace(/condition: .*/, 'condition: { type: gateway }');
  const comesBack = () => put('ledger-difference', 1, text);
  const key = dedupKey({ rule: 'ledger-difference', subject: GATEWAY_SUBJECT, scope: '' });
  await comesBack();
  const { desk, ofGateway, takeOver } = await start();
  const say = async (holds: boolean): Promise<void> => {
    await ofGateway.set('ledger-difference', holds, { ledger_difference: 2 });
    await ofGateway.set('ledger-difference', holds, { ledger_difference: 2 });
    await desk.handle(key);
    await ofGateway.set('ledger-difference', holds, { ledger_difference: 2 });
    await desk.handle(key);
  };
  const goesAndComes = async (): Promise<void> => {
    await remove('ledger-difference');
    await takeOver();
    await say(true);
    t.match(await alertsOf(GATEWAY_SUBJECT.id), [{ ...STALE }]);
    await comesBack();
    await takeOver();
  };
  await say(true);
  await goesAndComes();
  await say(true);
  t.match(await alertsOf(GATEWAY_SUBJECT.id), [{ ...ACTIVE }]);
  t.strictSame(await told(GATEWAY_SUBJECT.id), ['alert.opened', 'alert.stale', 'alert.updated']);
  await goesAndComes();
  await say(false);
  t.match(await alertsOf(GATEWAY_SUBJECT.id), [{ condition: 'cleared' }], 'its end is told, too');
});

t.test('after a crash a rule of another version has begun anew, and what did not change has not', async (t) => {
  const before = await start();
  await before.burns('k-5');
  await put('fire', 2);
  await before.takeOver();
  const after = await start();
  await after.burns('k-5');
  const found = await db.selectFrom('finding').select(['rule', 'rule_version']).where('subject', '=', 'k-5').execute();
  t.strictSame(found.map(({ rule, rule_version }) => `${rule}@${rule_version}`).sort(), [
    'fire@1',
    'fire@2',
    'smoke@1',
  ]);
});
