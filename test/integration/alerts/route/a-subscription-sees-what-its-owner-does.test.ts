import t from 'tap';
import { CONFIRMING_DESK } from '../../../../src/alerts/desk/log/audience.ts';
import type { SubscriptionOwner } from '../../../../src/alerts/route/owners-now.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';
import { raisingHits } from '../../../support/watchlists/hit.ts';

const ELSEWHERE = '510100';
const OWNER = { ...ADMIN, id: 'owner', name: 'Owner', confirms: true };
const UNCERTAIN = { data: { candidate: true, doubt: 'low-confidence' }, seenBy: [CONFIRMING_DESK] };

/** The owner as they are at this moment. */
let now: Caller | null = OWNER;
const asked: SubscriptionOwner[] = [];
const { desk } = await startAlertsApi(t, {
  ownerNow: async (owner) => {
    asked.push(owner);
    return now;
  },
});
const hit = raisingHits(desk);
const receiver = await startReceiver(t);
const told = () => receiver.once().map(({ data }) => data.data.id);
const subscription = await desk.subscriptions.create(OWNER, {
  name: 'desk',
  ...webhookAt(receiver.url),
  jurisdiction: HERE,
  confirms: true,
});
const counts = async () => {
  const all = await desk.subscriptions.list(ADMIN);
  return all.find(({ id }) => id === subscription.subscription.id)!.counts;
};
const failures = async () => {
  const { rows } = await sql<{ failed: number }>`
    select count(*)::int as failed from delivery where attempts > 0 and state = 'waiting'`.execute(
    desk.database.tables(),
  );
  return rows[0]!.failed;
};

t.test('it is told what is for few while its owner is one of them', async (t) => {
  const id = await hit('k1', UNCERTAIN);
  await until('it is told', () => told().includes(id));
  t.match(asked, [{ type: OWNER.type, id: 'owner', name: 'Owner' }]);
});

for (const [name, become] of [
  ['has gone', null],
  ['does not confirm any more', { ...OWNER, confirms: false }],
  ['has another area', { ...OWNER, jurisdiction: ELSEWHERE }],
] as const) {
  t.test(`it is not told once its owner ${name}, and that is counted`, async (t) => {
    const { withheld } = await counts();
    now = become;
    const id = await hit(`of one who ${name}`, UNCERTAIN);
    await until('it is withheld', async () => (await counts()).withheld! > withheld!);
    now = OWNER;
    const next = await hit(`after ${name}`, UNCERTAIN);
    await until('the next is told', () => told().includes(next));
    t.notOk(told().includes(id));
    t.match(await counts(), { waiting: 0, dead: 0 });
  });
}

t.test('what everybody may see asks nobody', async (t) => {
  const before = asked.length;
  now = null;
  const id = await hit('k2', {});
  await until('it is told', () => told().includes(id));
  t.equal(asked.length, before);
  now = OWNER;
});

t.test('what waited for a receiver, or is sent again by hand, is asked for as well', async (t) => {
  const { withheld } = await counts();
  receiver.answer(500);
  const id = await hit('k3', UNCERTAIN);
  await until('it was tried', async () => (await failures()) > 0);
  now = null;
  receiver.answer(204);
  await until('it is withheld', async () => (await counts()).withheld === withheld! + 1);
  t.notOk(told().includes(id));

  const db = desk.database.tables();
  await sql`update delivery set state = 'dead' where alert_id = ${id}`.execute(db);
  t.equal(await desk.subscriptions.redrive(ADMIN, subscription.subscription.id), 1);
  await until('it is withheld again', async () => (await counts()).withheld === withheld! + 1);
  t.match(await counts(), { waiting: 0, dead: 0 });
  t.notOk(told().includes(id));
});
