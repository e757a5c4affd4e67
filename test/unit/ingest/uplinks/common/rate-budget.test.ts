import t from 'tap';
import type { DeviceKind } from '../../../../../src/core/types.ts';
import { KIND_PER_S, RateBudget } from '../../../../../src/ingest/uplinks/common/rate-budget.ts';
import { Turns } from '../../../../../src/ingest/uplinks/common/turns.ts';
import { quietObserver } from '../../../../support/ingest/journal.ts';
import { KIOSK } from '../../../../support/ingest/kiosk-kind.ts';
import { ManualClock } from '../../../../support/time/clock.ts';
import { metric } from '../../../../support/uplinks/mqtt.ts';

function budget(rates: Record<string, DeviceKind['rate']>) {
  const clock = new ManualClock();
  const observer = quietObserver();
  const latest = (kind: string): DeviceKind => ({ ...KIOSK, kind, rate: rates[kind] ?? {} });
  return { clock, observer, rates, budget: new RateBudget({ kinds: { latest }, clock, observer }) };
}

t.test('a kind above its rate is sent away or waits, and no other kind notices', async (t) => {
  const { budget: it, clock, observer } = budget({ mad: { totalPerS: 10 } });
  let taken = 0;
  while (it.take('mad') === 0) taken += 1;
  t.equal(taken, 10);
  for (let i = 0; i < 100; i += 1) t.equal(it.take('calm'), 0);
  t.ok(it.take('mad') >= 50);
  t.equal(await metric(observer, 'citywatch_kind_rate_holds_total'), 2);
  await clock.advance(1_000);
  t.equal(it.take('mad'), 0);
});

t.test('who waits is let in at the rate, in order, and nobody overtakes them', async (t) => {
  const { budget: it, clock, observer } = budget({ mad: { totalPerS: 10 } });
  while (it.take('mad') === 0);
  const entered: number[] = [];
  const cancels = [1, 2, 3, 4].map((name) => it.wait('mad', () => void entered.push(name)));
  cancels[1]!();
  t.equal(await metric(observer, 'citywatch_kind_rate_waiting'), 3);
  await clock.advance(150);
  t.strictSame(entered, [1]);
  t.ok(it.take('mad') > 0, 'the next token belongs to the next in the row');
  await clock.advance(300);
  t.strictSame(entered, [1, 3, 4]);
  t.equal(await metric(observer, 'citywatch_kind_rate_waiting'), 0);
});

t.test('a limit that is changed while the gateway runs is in force with the next message', async (t) => {
  const { budget: it, rates } = budget({ mad: { totalPerS: 1 } });
  t.equal(it.take('mad'), 0);
  t.ok(it.take('mad') > 0);
  rates.mad = { totalPerS: 100 };
  t.equal(it.take('mad'), 0);
  rates.mad = { devicePerS: 3 };
  t.equal(it.devicePerS('mad'), 3);
  let taken = 0;
  while (it.take('mad') === 0) taken += 1;
  t.equal(taken, KIND_PER_S);
});

t.test(
  'of a broker, what waits for the turn of its kind holds up no other kind, and is given up with its connection',
  async (t) => {
    const { budget: it, clock } = budget({ mad: { totalPerS: 10 } });
    const turns = new Turns(it);
    while (it.take('mad') === 0);
    const entered: string[] = [];
    const enter = (kind: string) => turns.enter(kind).then(() => void entered.push(kind));
    const first = enter('mad');
    const second = enter('mad');
    await enter('calm');
    t.strictSame(entered, ['calm']);
    await clock.advance(150);
    await first;
    t.strictSame(entered, ['calm', 'mad']);
    turns.giveUp();
    await t.rejects(second, { code: 'ingest.unavailable' });
    await clock.advance(1_000);
    t.equal(entered.length, 2);
  },
);
