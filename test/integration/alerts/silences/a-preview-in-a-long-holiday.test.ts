import t from 'tap';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';

t.test('a preview of windows of which none was open in the last week counts none', async (t) => {
  const clock = new ShiftedClock();
  clock.pass(Date.parse('2027-02-14T12:00:00+08:00') - clock.nowMs());
  const workDays = WorkDays.parse('2027: { off: [2027-02-06..2027-02-14], work: [] }', 'holidays');
  const { ask } = await startAlertsApi(t, { clock, workDays });
  const payload = {
    jurisdiction: HERE,
    repeats: [{ days: 'workdays', from: '22:00', to: '23:00' }],
    endsAt: '2027-02-20T00:00:00+08:00',
  };
  const { status, body } = await ask('POST', '/silences/preview', { payload });
  t.match({ status, body }, { status: 200, body: { lastWeek: 0 } });
  t.equal((body as { windows: object[] }).windows.length, 5);
});
