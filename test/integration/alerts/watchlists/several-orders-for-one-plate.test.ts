import t from 'tap';
import type { OrderInput, WatchlistInput } from '../../../../src/alerts/watchlists/watchlists.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';

const PLATE = '浙B7K2M8';
const { alerts } = await startAlertsApi(t);
const { watchlists, lists, match } = alerts;
const person = (id: string): Caller => {
  return { type: 'person', id, name: id, role: 'commander', jurisdiction: HERE, purpose: null };
};
const [li, wang] = [person('li'), person('wang')];

function orderOf(name: string, over: Partial<OrderInput>): WatchlistInput {
  const who = { unit: '海曙分局', officer: '李', phone: '1234567', category: 'stolen-vehicle' as const, level: 2 };
  const untilMs = Date.now() + 10 * DAY_MS;
  const order = { ...who, handling: 'intercept' as const, named: [], emergency: false, fromMs: null, untilMs, ...over };
  const entries = [{ plate: PLATE, colour: 'blue' as const, reason: 'stolen' }];
  return { name, jurisdiction: HERE, reason: 'thefts', case: 'C-1', entries, order };
}

t.test('several orders for one plate are one hit, and a covert one knows of none', async (t) => {
  const begun = async (name: string, over: Partial<OrderInput>): Promise<string> => {
    const { id } = await watchlists.create(li, orderOf(name, over));
    await watchlists.step(li, id, { type: 'request' });
    await watchlists.step(wang, id, { type: 'approve' });
    return id;
  };
  const thefts = await begun('thefts', { level: 3 });
  const flight = await begun('flight', { level: 1 });
  await begun('secret', { handling: 'covert', named: ['wang'] });
  const [entry] = (await lists.entries(li, thefts, { limit: 1 })).items;
  const [open, secret, ...more] = match(PLATE, HERE, { colour: 'blue' });
  t.same(more, []);
  t.match(open, {
    seenBy: null,
    data: { watchlist: 'flight', level: 1, also_wanted: ['thefts: stolen'], also_entries: [entry!.id] },
  });
  t.match(secret, { seenBy: ['li', 'wang'], data: { watchlist: 'secret' } });
  t.notOk('also_wanted' in secret!.data);
  await watchlists.step(li, flight, { type: 'ask-revocation', reason: 'caught' });
  await watchlists.step(wang, flight, { type: 'approve' });
  const [left] = match(PLATE, HERE, { colour: 'blue' });
  t.match(left, { scope: open!.scope, data: { watchlist: 'thefts' } }, 'the other one goes on');
  t.notOk('also_wanted' in left!.data);
});
