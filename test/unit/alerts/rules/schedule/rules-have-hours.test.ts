import fc from 'fast-check';
import t from 'tap';
import { RulesEngine } from '../../../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../../../src/alerts/rules/rules.ts';
import { isOpen, nextOpening, nextTurn, type Schedule } from '../../../../../src/alerts/rules/schedule/schedule.ts';
import { WorkDays } from '../../../../../src/core/calendar/work-days.ts';
import { ALL_THERE, kindCatalogue, message, passage, reading } from '../../../../support/alerts/alerts.ts';

const workDays = WorkDays.parse('2026: { off: [2026-10-01..2026-10-07], work: [2026-10-10] }', 'holidays');
const NIGHT: Schedule = [{ days: 'all', from: '22:00', to: '06:00' }];
const OFFICE: Schedule = [{ days: 'workdays', from: '08:00', to: '18:00' }];

const at = (time: string): number => Date.parse(`${time.replace(' ', 'T')}:00+08:00`);

t.test('windows are open at their hours in China, over midnight too, and by what is a workday', async (t) => {
  const open: [Schedule, string, boolean][] = [
    [NIGHT, '2026-11-28 21:59', false],
    [NIGHT, '2026-11-28 22:00', true],
    [NIGHT, '2026-11-29 05:59', true],
    [NIGHT, '2026-11-29 06:00', false],
    [OFFICE, '2026-09-30 09:00', true],
    [OFFICE, '2026-10-01 09:00', false],
    // A Saturday that is worked.
    [OFFICE, '2026-10-10 09:00', true],
    [[{ days: 'days-off', from: '20:00', to: '04:00' }], '2026-10-08 03:00', true],
    [[{ days: ['sat', 'sun'], from: '00:00', to: '00:00' }], '2026-11-29 12:00', true],
    [[{ days: ['sat', 'sun'], from: '00:00', to: '00:00' }], '2026-11-30 00:00', false],
  ];
  for (const [schedule, time, expected] of open) t.equal(isOpen(schedule, workDays, at(time)), expected, time);
  t.equal(nextOpening(OFFICE, workDays, at('2026-09-30 18:00')), at('2026-10-08 08:00'));
});

t.test('what opens next is the first moment at which a closed schedule is open', async () => {
  const clock = fc.tuple(fc.nat(23), fc.nat(59)).map(([h, m]) => [h, m].map((n) => `${n}`.padStart(2, '0')).join(':'));
  const days = fc.constantFrom<Schedule[number]['days']>('all', 'workdays', 'days-off', ['mon'], ['sat', 'sun']);
  const schedules = fc.array(fc.record({ days, from: clock, to: clock }), { minLength: 1, maxLength: 3 });
  const minutes = fc.nat(20 * 24 * 60);
  fc.assert(
    fc.property(schedules, minutes, (schedule, minute) => {
      const nowMs = at('2026-09-25 00:00') + minute * 60_000;
      if (isOpen(schedule, workDays, nowMs)) return;
      const nextMs = nextOpening(schedule, workDays, nowMs)!;
      if (!isOpen(schedule, workDays, nextMs)) throw new Error('it is not open');
      for (let ms = nowMs; ms < nextMs; ms += 7 * 60_000) {
        if (isOpen(schedule, workDays, ms)) throw new Error(`it was open at ${new Date(ms).toISOString()}`);
      }
    }),
    { numRuns: 60 },
  );
});

t.test('a schedule turns where it opens or closes, and nowhere before', async (t) => {
  const clock = fc.tuple(fc.nat(23), fc.nat(59)).map(([h, m]) => [h, m].map((n) => `${n}`.padStart(2, '0')).join(':'));
  const days = fc.constantFrom<Schedule[number]['days']>('all', 'workdays', 'days-off', ['mon'], ['sat', 'sun']);
  const schedules = fc.array(fc.record({ days, from: clock, to: clock }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(schedules, fc.nat(20 * 24 * 60), (schedule, minute) => {
      const nowMs = at('2026-09-25 00:00') + minute * 60_000;
      const isOpenNow = isOpen(schedule, workDays, nowMs);
      const turnMs = nextTurn(schedule, workDays, nowMs) ?? nowMs + 30 * 24 * 3_600_000;
      for (let ms = nowMs; ms < turnMs; ms += 11 * 60_000) {
        if (isOpen(schedule, workDays, ms) !== isOpenNow) throw new Error(`it turned at ${new Date(ms).toISOString()}`);
      }
      if (isOpen(schedule, workDays, turnMs - 1) !== isOpenNow) throw new Error('it turned before');
    }),
    { numRuns: 60 },
  );
  t.equal(nextTurn(NIGHT, workDays, at('2026-11-28 23:00')), at('2026-11-29 06:00'));
  t.equal(nextTurn(OFFICE, workDays, at('2026-09-30 18:00')), at('2026-10-08 08:00'));
  const weekend: Schedule = [{ days: ['sat', 'sun'], from: '00:00', to: '00:00' }];
  t.equal(nextTurn(weekend, workDays, at('2026-11-28 12:00')), at('2026-11-30 00:00'), 'two days without a gap');
  t.equal(nextTurn([{ days: 'all', from: '00:00', to: '00:00' }], workDays, at('2026-11-28 12:00')), null);
});

t.test('when a schedule turns is found by one look at each day, also where it never does', async (t) => {
  let looks = 0;
  const counting = {
    isWorkDay: (day: string) => {
      looks += 1;
      return workDays.isWorkDay(day);
    },
  } as WorkDays;
  let windows = 0;
  const counted = (schedule: Schedule): Schedule =>
    schedule.map(
      (window) =>
        new Proxy(window, {
          get: (of, key) => {
            if (key === 'from') windows += 1;
            return Reflect.get(of, key) as unknown;
          },
        }),
    );
  const always: Schedule = Array.from({ length: 16 }, (_, n) => ({
    days: n % 2 === 0 ? 'workdays' : 'days-off',
    from: `0${n >> 1}:00`,
    to: `0${n >> 1}:00`,
  }));
  t.equal(nextTurn(counted(always), counting, at('2026-11-28 12:00')), null);
  t.ok(looks <= 68, `${looks} days were looked up`);
  t.ok(windows <= 68 * 16, `${windows} windows were looked at`);
  [looks, windows] = [0, 0];
  t.equal(nextTurn(counted(OFFICE), counting, at('2026-11-26 12:00')), at('2026-11-26 18:00'));
  t.ok(looks <= 5 && windows <= 5, 'no further than the next turn');
});

function engineOf(condition: string, kind = 'recycling-kiosk', schedule = '[{ from: "22:00", to: "06:00" }]') {
  const head =
    `rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\n` +
    `class: incident\nkinds: [${kind}]\nschedule: ${schedule}`;
  const parsed = parseRule(`${head}\ncondition: ${condition}\n`, kindCatalogue, { workDays });
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return new RulesEngine([parsed.rule], { match: () => [{ scope: 'x', data: {}, seenBy: null }] }, ALL_THERE);
}

const HEAT = '{ type: threshold, any: [{ field: temp_c, above: 60 }] }';
const told = (engine: RulesEngine, steps: [time: string, temp: number | null][]): string[] =>
  steps.flatMap(([time, temp_c], offset) => {
    const receivedAtMs = at(time);
    const records = temp_c === null ? [] : [reading({ temp_c }, receivedAtMs)];
    const judged = engine.judge(message({ device: 'k1', offset, receivedAtMs, records }), 0);
    return judged.map((one) => `${one.transition} at ${new Date(one.receivedAtMs + 8 * 3_600_000).toISOString()}`);
  });

t.test('what is true when the hours begin is told then; what was told is cleared at any hour', async (t) => {
  const engine = engineOf(HEAT);
  const day: [string, number | null][] = [
    ['2026-11-28 12:00', 80],
    ['2026-11-28 23:00', null],
    ['2026-11-29 07:00', 70],
    ['2026-11-29 08:00', 20],
  ];
  t.same(told(engine, day), ['fired at 2026-11-28T22:00:00.000Z', 'cleared at 2026-11-29T08:00:00.000Z']);
});

t.test('what is over before the hours begin is told never', async (t) => {
  const day: [string, number | null][] = [
    ['2026-11-28 12:00', 80],
    ['2026-11-28 21:00', 20],
    ['2026-11-28 23:00', 20],
  ];
  t.same(told(engineOf(HEAT), day), []);
});

t.test('it goes on behind a restart, and the same is decided', async (t) => {
  const first = engineOf(HEAT);
  t.same(told(first, [['2026-11-28 12:00', 80]]), []);
  const second = engineOf(HEAT);
  second.load(JSON.parse(JSON.stringify(first.takeChanged())));
  t.same(told(second, [['2026-11-28 23:00', null]]), ['fired at 2026-11-28T22:00:00.000Z']);
  t.same(told(second, [['2026-11-28 23:10', 90]]), [], 'and once');
});

t.test('an event outside of the hours is no alert, also later', async (t) => {
  const engine = engineOf('{ type: event, event: passage }', 'checkpoint');
  const passes = (time: string, offset: number) =>
    engine.judge(
      message({
        device: 'c',
        kind: 'checkpoint',
        offset,
        receivedAtMs: at(time),
        records: [passage('浙B12345', at(time))],
      }),
      0,
    );
  t.equal(passes('2026-11-28 12:00', 0).length, 0);
  t.equal(passes('2026-11-28 23:00', 1).length, 1);
});

t.test('silence is told when the hours begin, also behind a start', async (t) => {
  const first = engineOf('{ type: absence, silent_for_s: 60 }');
  first.judge(message({ device: 'k1', offset: 1, receivedAtMs: at('2026-11-28 12:00'), records: [reading({})] }), 0);
  t.same(first.advanceTo(at('2026-11-28 12:10'), 0), []);
  const second = engineOf('{ type: absence, silent_for_s: 60 }');
  second.load(JSON.parse(JSON.stringify(first.takeChanged())));
  const start = { device: 'gateway', offset: 2, receivedAtMs: at('2026-11-28 12:20'), records: [] };
  second.judge(message({ ...start, topic: 'internal/start', uplink: 'internal' }), 0);
  t.match(second.advanceTo(at('2026-11-28 22:01'), 0), [{ transition: 'fired', receivedAtMs: at('2026-11-28 22:00') }]);
});

t.test('always open changes nothing of what is decided', async () => {
  const always = engineOf.bind(null, HEAT, 'recycling-kiosk');
  const steps = fc.array(fc.tuple(fc.nat(50_000), fc.constantFrom(20, 80)), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (gaps) => {
      let minute = 0;
      const story = gaps.map(([gap, temp]): [string, number] => {
        minute += gap;
        const time = new Date(at('2026-01-01 00:00') + minute * 60_000 + 8 * 3_600_000).toISOString();
        return [time.slice(0, 16).replace('T', ' '), temp];
      });
      const head =
        'rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: incident\nkinds: [recycling-kiosk]';
      const plain = parseRule(`${head}\ncondition: ${HEAT}\n`, kindCatalogue);
      if ('issues' in plain) throw new Error('wrong rule');
      const other = new RulesEngine([plain.rule], { match: () => [] }, ALL_THERE);
      const [a, b] = [told(always('[{ from: "00:00", to: "00:00" }]'), story), told(other, story)];
      if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${a} instead of ${b}`);
    }),
    { numRuns: 50 },
  );
});
