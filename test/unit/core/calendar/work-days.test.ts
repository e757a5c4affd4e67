import { join } from 'node:path';
import t from 'tap';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';

const CONFIG = join(import.meta.dirname, '../../../../config/holidays.yaml');

t.test('holidays are off, make-up days are worked, and all else goes by the weekday', async (t) => {
  const days = await WorkDays.load(CONFIG);
  // Spring Festival of 2026, by the notice of the State Council of 2025-11-04.
  const worked = ['2026-02-13', '2026-02-14', '2026-02-24', '2026-02-28', '2026-01-04', '2026-11-27'];
  const off = ['2026-02-15', '2026-02-19', '2026-02-23', '2026-05-01', '2026-10-07', '2026-11-28', '2026-11-29'];
  t.same(
    worked.filter((day) => !days.isWorkDay(day)),
    [],
  );
  t.same(
    off.filter((day) => days.isWorkDay(day)),
    [],
  );
  t.equal(days.knows('2026-06-01'), true);
  t.equal(days.knows('2019-06-01'), false);
});

t.test('a wrong file is refused, and what is wrong is named', async (t) => {
  const wrong: [text: string, named: RegExp][] = [
    ['2026: { off: [2026-02-30], work: [] }', /no such day/],
    ['2026: { off: [2026-02-10..2026-02-01], work: [] }', /before the first/],
    ['2026: { off: [2026-01-01..2026-12-31], work: [] }', /60 days/],
    ['2026: { off: [soon], work: [] }', /2026-01-04/],
    ['2026: { off: [] }', /work/],
    ['26: { off: [], work: [] }', /2026/],
    ['2026: [', /./],
  ];
  for (const [text, named] of wrong) {
    const issues = t.throws(() => WorkDays.parse(text, 'h.yaml'), { code: 'config.invalid' }) as { issues?: object[] };
    t.match(JSON.stringify(issues.issues), named, text);
  }
});

t.test('without a file only weekends are off', async (t) => {
  t.equal(WorkDays.WEEKENDS.isWorkDay('2026-10-01'), true);
  t.equal(WorkDays.WEEKENDS.isWorkDay('2026-10-03'), false);
  t.equal(WorkDays.WEEKENDS.knows('2026-10-01'), false);
});
