import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import { AlertFollower } from '../../../../src/alerts/desk/follower.ts';
import { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import { Subscriptions } from '../../../../src/alerts/route/subscriptions.ts';
import { openSinks, SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { placesOf } from '../../../../src/devices/registry/places.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN, alertLog, NAMELESS, NO_RULE_GONE, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../../support/devices/registry.ts';

const CITY = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

const database = await openDatabase(t);
const log = alertLog();
const committed = () => {};
const places = { placesOf: (ids: string[]) => placesOf(database, ids), ...NAMELESS };
const titleOf = (rule: string) => ({ en: rule, zh: rule });
const desk = new AlertDesk({ database, clock, log, gone: NO_RULE_GONE, titleOf, committed, places });
const followers = [new AlertFollower({ clock, log, desk, ring: () => {} })];
const { registry } = await openRegistry(t, { database, followers });
const actions = new AlertActions({ database, clock, log, committed, personWhoSees: async () => null });
const outbound = { check: async () => {}, http: () => Promise.reject(new Error('nothing is sent here')) };
const subscriptions = new Subscriptions({
  database,
  clock,
  box: { seal: (text) => text, open: (text) => text },
  sinks: openSinks(SINKS, {}, { clock, outbound, webhooks: { cidrs: [], names: 'webhooks' } }),
  agencies: { isSeen: () => true },
  departments: { isSeen: () => true },
  ring: () => {},
  whoIsStillThere: async () => new Set(),
});
for (const jurisdiction of ['330212', '330203', '330200']) {
  await subscriptions.create(ADMIN, { name: jurisdiction, ...webhookAt('http://127.0.0.1/'), jurisdiction });
}

/** What is to be told to the subscription of an area, oldest first. */
async function toldTo(area: string): Promise<string[]> {
  const { rows } = await sql<{ type: string; of: string }>`
    select substr(alert_event.type, 7) as type, alert_event.jurisdiction as of from delivery
    join subscription on subscription.id = delivery.subscription_id
    join alert_event on alert_event.seq = delivery.seq
    where subscription.name = ${area} order by delivery.seq`.execute(database.tables());
  return rows.map(({ type, of }) => `${type} ${of}`);
}

let count = 0;
async function burns(kind: 'fired' | 'cleared'): Promise<void> {
  count += 1;
  for (const key of await storeFires(database, ['k', { count, jurisdiction: '330212', kind }])) await desk.handle(key);
}

t.test('who was told of an alert is told of all of it, and nobody else, wherever its device goes', async (t) => {
  await registry.create(CITY, kiosk({ id: 'k' }));
  await burns('fired');
  await registry.update(CITY, 'k', 1, { jurisdiction: '330203' });
  const queries = new AlertQueries(database);
  const [alert] = (await queries.list(YINZHOU, { limit: 1 })).items;
  await actions.ack(YINZHOU, alert!.id);
  t.same(await toldTo('330212'), ['opened 330212', 'acked 330212']);
  t.same(await toldTo('330203'), []);
  await burns('fired');
  t.same(await toldTo('330203'), ['opened 330203']);
  await burns('cleared');
  await registry.update(CITY, 'k', 2, { jurisdiction: '330212' });
  await burns('fired');
  const mine = ['opened 330212', 'acked 330212', 'cleared 330212', 'updated 330212'];
  t.same(await toldTo('330212'), mine, 'it is back, and goes on in the alert that was open here');
  t.same(await toldTo('330203'), ['opened 330203', 'cleared 330203']);
  t.equal((await toldTo('330200')).length, mine.length + 2, 'who covers both hears of both');
  t.equal((await queries.list(HAISHU, { limit: 9 })).items.length, 1);
});
