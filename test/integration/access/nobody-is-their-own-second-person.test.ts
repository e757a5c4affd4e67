import t from 'tap';
import { samePersonAmong } from '../../../src/access/owners.ts';
import { RuleVersions } from '../../../src/alerts/rules/kept/rule-versions.ts';
import { parseRule } from '../../../src/alerts/rules/rules.ts';
import { PlatePermits } from '../../../src/alerts/watchlists/permits/permits.ts';
import { DAY_MS, HOUR_MS, systemClock } from '../../../src/core/clock.ts';
import type { Caller } from '../../../src/core/types.ts';
import { bearerOfTokenBy } from '../../support/access/tokens-of.ts';
import { NO_ZONES } from '../../support/access/tree.ts';
import { kindCatalogue } from '../../support/alerts/alerts.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { openWatchlists } from '../../support/watchlists/watchlists.ts';

const AREA = '330200';
const clock = systemClock;
const { database, grants, tokens } = await openRegistry(t);

const person = (id: string): Caller => ({ ...callerIn(AREA), type: 'person', id, name: id });
const [li, wang] = [person('li'), person('wang')];
/** Everybody who is li, by tokens of their making: one, another, and one that was made with the first. */
const one = await bearerOfTokenBy(database, li);
const other = await bearerOfTokenBy(database, li);
const further = await bearerOfTokenBy(database, one);
const ofLi = [li, one, other, further];
const ofWang = await bearerOfTokenBy(database, wang);

const FORBIDDEN = { code: 'auth.forbidden' };

/** Whoever is li asks, and is refused as whoever else they are; then `second` may. */
async function takesTwo(
  ask: (by: Caller) => Promise<string>,
  approve: (by: Caller, id: string) => Promise<unknown>,
): Promise<void> {
  for (const asker of ofLi) {
    const id = await ask(asker);
    for (const same of ofLi) await t.rejects(approve(same, id), FORBIDDEN, `${asker.name} and ${same.name}`);
    await approve(asker === one ? ofWang : wang, id);
  }
}

t.test('whoever made a token is who bears it, however many hands lie between', async (t) => {
  const ids = [...ofLi, wang, ofWang].map(({ id }) => id);
  for (const { id } of ofLi) {
    t.same([...(await samePersonAmong(database, id, ids))].sort(), ofLi.map(({ id }) => id).sort());
  }
  t.same([...(await samePersonAmong(database, 'nobody', ids))], []);
  t.same([...(await samePersonAmong(database, 'nobody', ['nobody']))], ['nobody']);
});

t.test('the token of the settings is the same as those it made, which are not each other', async (t) => {
  await tokens.ensureBootstrap('a-token-of-the-settings-of-forty-letters');
  const settings: Caller = { ...li, type: 'token', id: 'bootstrap', name: 'settings' };
  const [a, b] = [await bearerOfTokenBy(database, settings), await bearerOfTokenBy(database, settings)];
  const ids = [settings.id, a.id, b.id];
  t.same([...(await samePersonAmong(database, a.id, ids))].sort(), [a.id, settings.id].sort());
  t.same([...(await samePersonAmong(database, settings.id, ids))].sort(), [...ids].sort());
});

t.test('a control order, its renewal and its end', async () => {
  const { watchlists } = openWatchlists({ database, clock });
  const order = {
    unit: 'u',
    officer: 'o',
    phone: '110',
    category: 'other' as const,
    level: 4,
    handling: 'intercept' as const,
    named: [],
    emergency: false,
    fromMs: null,
    untilMs: clock.nowMs() + DAY_MS,
  };
  const approve = (by: Caller, id: string) => watchlists.step(by, id, { type: 'approve' });
  const requested = async (by: Caller): Promise<string> => {
    const input = { name: 'n', jurisdiction: AREA, reason: 'r', case: 'c', entries: [], order };
    const { id } = await watchlists.create(by, input);
    await watchlists.step(by, id, { type: 'request' });
    return id;
  };
  await takesTwo(requested, approve);
  const id = await requested(li);
  await t.rejects(watchlists.step(one, id, { type: 'reject', reason: 'x' }), FORBIDDEN, 'nor refuses it');
  await approve(wang, id);
  await takesTwo(async (by) => {
    const again = await requested(li);
    await approve(wang, again);
    await watchlists.step(by, again, { type: 'ask-renewal', untilMs: clock.nowMs() + 2 * DAY_MS, reason: 'r' });
    return again;
  }, approve);
  await takesTwo(async (by) => {
    const again = await requested(li);
    await approve(wang, again);
    await watchlists.step(by, again, { type: 'ask-revocation', reason: 'r' });
    return again;
  }, approve);
});

t.test('a rule', async () => {
  const versions = new RuleVersions({
    database,
    clock,
    parse: (yaml) => parseRule(yaml, kindCatalogue),
    current: () => [],
    versionOfFile: () => 0,
    needsApproval: true,
    samePersonAmong,
    changed: async () => {},
  });
  let version = 0;
  const ask = async (by: Caller): Promise<string> => {
    version += 1;
    const yaml = `rule: full
version: ${version}
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
areas: ["${AREA}"]
condition: { type: threshold, any: [{ field: fill_pct, above: 90 }] }
`;
    return (await versions.ask(by, { yaml, reason: 'r' })).id;
  };
  await takesTwo(ask, (by, id) => versions.approve(by, id));
  const taken = await ask(li);
  await versions.reject(one, taken, 'a mistake');
});

t.test('a grant', async () => {
  const wish = { jurisdiction: AREA, case: 'A-1', reason: 'theft', untilMs: clock.nowMs() + HOUR_MS };
  const elsewhere = (by: Caller): Caller => ({ ...by, role: 'operator', jurisdiction: '330100' });
  await takesTwo(
    async (by) => (await grants.ask(elsewhere(by), wish)).id,
    (by, id) => grants.approve({ ...by, role: 'approver' }, id),
  );
});

t.test('a permit to see plates is for others', async (t) => {
  const whoIsStillThere = async (_: unknown, ids: readonly string[]) => new Set(ids);
  const permits = new PlatePermits({ database, clock, tree: NO_ZONES, whoIsStillThere, samePersonAmong });
  const input = { purpose: 'p', case: 'c', untilMs: clock.nowMs() + HOUR_MS, jurisdiction: AREA };
  const give = (by: Caller, { type, id }: Caller) =>
    permits.give(by, { ...input, holder: { type: type === 'token' ? 'token' : 'person', id } });
  for (const by of ofLi) for (const to of ofLi) await t.rejects(give(by, to), FORBIDDEN);
  await give(li, ofWang);
});
