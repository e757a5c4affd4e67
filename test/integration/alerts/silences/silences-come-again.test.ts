import t, { type Test } from 'tap';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { listedDevices } from '../../../support/alerts/no-devices.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const china = (time: string): number => Date.parse(`${time.replace(' ', 'T')}:00+08:00`);
const clock = new ShiftedClock();
/** Sets the date of the machine, forward or back. */
const set = (time: string): void => clock.pass(china(time) - clock.nowMs());
/** A Wednesday that is off, and a Saturday that is worked for it. */
const workDays = WorkDays.parse('2027: { off: [2027-03-03], work: [2027-03-06] }', 'holidays');
const NIGHTS = [{ days: 'workdays', from: '22:00', to: '06:00' }];
const KIOSKS = ['lasts', 'ends', 'fire', 'new', 'late', 'early', 'day', 'off', 'make-up', 'after'].map(
  (n) => `kiosk-${n}`,
);
const { url } = await freshDatabase(t);
const options = { clock, workDays, database: url, devices: listedDevices(KIOSKS) };
/** Findings of all lives of the gateway. */
let count = 0;

/** A gateway from its start to the end of `t`, with a receiver of its own. */
async function life(t: Test) {
  const { desk, raise, ask } = await startAlertsApi(t, options);
  const receiver = await startReceiver(t);
  const hook = { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE };
  const { subscription } = await desk.subscriptions.create(ADMIN, hook);
  const newest = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
  return {
    desk,
    ask,
    newest,
    async fire(device: string, how: Partial<FireOptions> = {}) {
      const before = (await newest(device))?.version ?? 0;
      count += 1;
      await raise(device, { count, atMs: clock.nowMs(), severity: 'moderate', rule: 'kiosk-full', ...how });
      return await until(`${device} is handled`, async () => {
        const alert = await newest(device);
        return alert && alert.version > before ? alert : null;
      });
    },
    seen: (device: string, visibility: string) =>
      until(`${device} is ${visibility}`, async () => (await newest(device))?.visibility === visibility),
    told: (device: string) =>
      receiver
        .once()
        .filter(({ data }) => data.data.dedupKey.endsWith(`|${device}`))
        .map(({ data }) => data.type.slice('alert.'.length)),
    settled: () =>
      until('nothing waits', async () => {
        const mine = (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id);
        return mine!.counts.waiting === 0;
      }),
    is: (id: string, state: string) =>
      until(`it is ${state}`, async () => {
        const one = (await ask('GET', `/silences/${id}`)).body as { state: string; holds: number };
        return one.state === state && (state === 'active' || one.holds === 0) ? one : null;
      }),
  };
}

let id = '';

t.test('one that comes again hides what is open when its window opens', async (t) => {
  set('2027-03-01 21:50');
  const { ask, fire, newest, seen, told, settled } = await life(t);
  const repeating = { jurisdiction: HERE, kind: 'kiosk', repeats: NIGHTS, endsAt: '2027-03-09T00:00:00+08:00' };
  t.match((await fire('kiosk-lasts')).visibility, 'normal');
  await fire('kiosk-ends');
  await fire('kiosk-fire', { severity: 'extreme', rule: 'kiosk-fire' });
  const preview = await ask('POST', '/silences/preview', { payload: repeating });
  t.match(preview, { status: 200, body: { hides: 2, leaves: 1, lastWeek: 0 } });
  const windows = (preview.body as { windows: { from: string; to: string }[] }).windows;
  t.strictSame(
    windows.map(({ from, to }) => [from, to].map((one) => Date.parse(one))),
    [
      ['2027-03-01 22:00', '2027-03-02 06:00'],
      ['2027-03-02 22:00', '2027-03-03 06:00'],
      ['2027-03-04 22:00', '2027-03-05 06:00'],
      ['2027-03-05 22:00', '2027-03-06 06:00'],
      ['2027-03-06 22:00', '2027-03-07 06:00'],
      ['2027-03-08 22:00', '2027-03-09 00:00'],
    ].map((window) => window.map(china)),
    'by what is a workday, until its end',
  );
  const made = await ask('POST', '/silences', { payload: { ...repeating, reason: 'the market is cleaned' } });
  t.match(made, { status: 201, body: { state: 'planned', repeats: NIGHTS, turnsAt: windows[0]?.from } });
  ({ id } = made.body as { id: string });
  t.match((await newest('kiosk-lasts'))!.visibility, 'normal', 'nothing before its window');

  set('2027-03-01 22:00');
  await seen('kiosk-lasts', 'silenced');
  await seen('kiosk-ends', 'silenced');
  t.match((await newest('kiosk-fire'))!.visibility, 'normal');
  t.match((await ask('GET', `/silences/${id}`)).body, { state: 'active', holds: 2, turnsAt: windows[0]?.to });
  t.match((await fire('kiosk-new')).visibility, 'silenced');
  t.match(await fire('kiosk-ends', { kind: 'cleared' }), { condition: 'cleared', visibility: 'silenced' });
  t.match(await fire('kiosk-fire', { severity: 'extreme', rule: 'kiosk-fire' }), { visibility: 'normal' });
  await settled();
  t.strictSame(told('kiosk-new'), []);
});

t.test('it outlives a restart within its window, and a clock that is set back', async (t) => {
  const { desk, fire, seen, told, is, settled } = await life(t);
  t.match((await fire('kiosk-late')).visibility, 'silenced');
  set('2027-03-01 21:00');
  t.match((await fire('kiosk-early')).visibility, 'normal', 'outside of its window nobody is left untold');
  await desk.keeper.look();
  await is(id, 'planned');
  await settled();
  t.strictSame(told('kiosk-late'), ['updated']);
  set('2027-03-01 22:05');
  await seen('kiosk-late', 'silenced');
  await seen('kiosk-early', 'silenced');
  await is(id, 'active');

  set('2027-03-02 06:00');
  await is(id, 'planned');
  await settled();
  t.strictSame(told('kiosk-lasts'), ['updated', 'updated'], 'judged again whenever a window ended');
  t.strictSame(told('kiosk-ends'), ['closed']);
  t.match((await fire('kiosk-day')).visibility, 'normal');
});

t.test(
  'a gateway that was down when a window ended lets go as it starts; days off and their make-up count',
  async (t) => {
    set('2027-03-02 23:00');
    await t.test('down', async (t) => {
      const { seen } = await life(t);
      await seen('kiosk-day', 'silenced');
    });
    set('2027-03-03 23:00');
    const { fire, seen, is, ask } = await life(t);
    await is(id, 'planned');
    await seen('kiosk-day', 'normal');
    t.match((await fire('kiosk-off')).visibility, 'normal', 'a holiday is no workday');
    set('2027-03-06 22:30');
    await is(id, 'active');
    t.match((await fire('kiosk-make-up')).visibility, 'silenced', 'a Saturday that is worked is one');
    const again = { jurisdiction: HERE, kind: 'kiosk', repeats: NIGHTS, endsAt: '2027-03-20T00:00:00+08:00' };
    t.match(
      (await ask('POST', '/silences/preview', { payload: again })).body,
      { lastWeek: 3 },
      'what began in windows',
    );
    set('2027-03-08 23:59');
    await is(id, 'active');
    set('2027-03-09 00:00');
    await is(id, 'ended');
    await seen('kiosk-make-up', 'normal');
    t.match((await fire('kiosk-after')).visibility, 'normal');
    t.match((await ask('GET', `/silences/${id}`)).body, { turnsAt: null, endedBy: 'citywatch' });
  },
);

t.test('what may not come again is refused, and says what is wrong', async (t) => {
  set('2027-03-09 12:00');
  const { ask } = await life(t);
  const soon = new Date(clock.nowMs() + HOUR_MS).toISOString();
  const refused = async (more: object) => {
    const base = {
      jurisdiction: HERE,
      kind: 'kiosk',
      reason: 'r',
      repeats: NIGHTS,
      endsAt: '2027-05-01T00:00:00+08:00',
    };
    return (await ask('POST', '/silences', { payload: { ...base, ...more } })).body;
  };
  t.match(await refused({ rule: 'kiosk-fire' }), { issues: [{ path: 'rule', message: /never/ }] });
  t.match(await refused({ endsAt: '2028-03-09T00:00:00+08:00' }), {
    issues: [{ path: 'endsAt', message: /180 days/ }],
  });
  t.match(await refused({ endsAt: soon }), { issues: [{ path: 'repeats', message: /no window/ }] });
  t.match(await refused({ repeats: [{ from: '00:00', to: '00:00' }] }), {
    issues: [{ path: 'repeats', message: /7 days/ }],
  });
  t.match(await refused({ repeats: [{ from: '25:00', to: '00:00' }] }), { issues: [{ path: 'repeats[0].from' }] });
  t.equal((await ask('POST', '/silences', { token: TOKENS.viewer, payload: {} })).status, 403);
});
