import t from 'tap';
import { DAY_MS, MINUTE_MS } from '../../../../../src/core/clock.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import { ShiftedClock } from '../../../../support/time/shifted-clock.ts';
import { until } from '../../../../support/time/until.ts';

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });

async function opened(device: string): Promise<string> {
  await raise(device, { severity: 'moderate' });
  const find = async () => (await ask('GET', `/alerts?device=${device}`)).body as { items: { id: string }[] };
  return (await until(`the alert of ${device}`, async () => (await find()).items[0])).id;
}

t.test('an alert is shelved for a day and snoozed for an hour at most, alone and with others', async (t) => {
  const id = await opened('a');
  const hide = (does: string, minutes: number) =>
    ask('POST', `/alerts/${id}/${does}`, { payload: { minutes, reason: 'work on the line' } });
  const many = (does: string, minutes: number) => {
    const action = { does, minutes, reason: 'work on the line' };
    return ask('POST', '/alerts/bulk/preview', { payload: { filter: { device: 'a' }, action } });
  };
  for (const [does, max] of [['shelve', 1_440] as const, ['snooze', 60] as const]) {
    t.equal((await hide(does, max + 1)).status, 400, does);
    t.equal((await many(does, max + 1)).status, 400, `${does}, many`);
    t.equal((await many(does, max)).status, 200, `${does}, many`);
    const hidden = await hide(does, max);
    t.equal(hidden.status, 200, does);
    const { hidden: of } = hidden.body as { hidden: { until: string } };
    const forMs = Date.parse(of.until) - clock.nowMs();
    t.ok(forMs <= max * MINUTE_MS, `${does}: ${forMs} ms`);
  }
  await hide('shelve', 1_440);
  clock.pass(DAY_MS + MINUTE_MS);
  const shown = async () =>
    ((await ask('GET', `/alerts/${id}`)).body as { visibility: string }).visibility === 'normal';
  await until('it is shown again by itself', shown);
  t.match(await desk.life.handle(id), { again: null });
});
