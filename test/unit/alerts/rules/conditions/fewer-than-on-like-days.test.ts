import t from 'tap';
import { RulesEngine } from '../../../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../../../src/alerts/rules/rules.ts';
import { WorkDays } from '../../../../../src/core/calendar/work-days.ts';
import { HOUR_MS, MINUTE_MS, startOfChinaDay } from '../../../../../src/core/clock.ts';
import type { DecodedRecord } from '../../../../../src/core/types.ts';
import { ALL_THERE, kindCatalogue, message, passage, reading } from '../../../../support/alerts/alerts.ts';

/** Wednesday 2026-04-08 makes up for nothing; Monday the 6th is off. */
const HOLIDAYS = WorkDays.parse('"2026":\n  off: [2026-04-06]\n  work: []\n', 'holidays');
const QUIET = '{ type: volume, event: passage, more_than: 50, quiet_s: 900 }';
const FEW = '{ type: volume, event: passage, more_than: 50, below_pct: 50 }';

/** When it is so late on a day in China. */
const at = (day: string, hour: number, minute = 0): number =>
  startOfChinaDay(day) + hour * HOUR_MS + minute * MINUTE_MS;

function checkpoint(condition: string) {
  const head = 'rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: fault\nkinds: [checkpoint]\n';
  const parsed = parseRule(`${head}condition: ${condition}\n`, kindCatalogue, { workDays: HOLIDAYS });
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const { rule } = parsed;
  let engine = new RulesEngine([rule], { match: () => [] }, ALL_THERE);
  let offset = 0;
  let told: string[] = [];
  const say = (atMs: number, record: DecodedRecord): void => {
    offset += 1;
    const found = engine.judge(
      message({ device: 'k', kind: 'checkpoint', offset, receivedAtMs: atMs, records: [record] }),
      0,
    );
    for (const { transition, receivedAtMs } of found) told.push(`${transition} ${clockTime(receivedAtMs)}`);
  };
  return {
    /** From one time to another so many vehicles pass an hour, and it reports each minute that it is there. */
    hours(fromMs: number, toMs: number, perHour: number): void {
      const everyMs = perHour > 0 ? HOUR_MS / perHour : Number.POSITIVE_INFINITY;
      let nextMs = fromMs + everyMs / 2;
      for (let nowMs = fromMs; nowMs < toMs; nowMs += MINUTE_MS) {
        say(nowMs, reading({ lanes_up: 4 }, nowMs));
        for (; nextMs < nowMs + MINUTE_MS; nextMs += everyMs) say(nextMs, passage('浙B12345', nextMs));
      }
    },
    wait(toMs: number): void {
      for (const { transition, receivedAtMs } of engine.advanceTo(toMs, 0))
        told.push(`${transition} ${clockTime(receivedAtMs)}`);
    },
    /** As after a crash, with what was stored. */
    restart(): void {
      const stored = JSON.parse(JSON.stringify(engine.takeChanged()));
      engine = new RulesEngine([rule], { match: () => [] }, ALL_THERE);
      engine.load(stored);
    },
    stored: () => JSON.stringify(engine.takeChanged()),
    said(): string[] {
      const all = told;
      told = [];
      return all;
    },
  };
}

function clockTime(atMs: number): string {
  return new Date(atMs + 8 * HOUR_MS).toISOString().slice(5, 16);
}

t.test('no passage for a quarter of an hour, where many passed a week ago; the next one ends it', async (t) => {
  const one = checkpoint(QUIET);
  one.hours(at('2026-04-08', 7), at('2026-04-08', 11), 120);
  one.hours(at('2026-04-15', 7), at('2026-04-15', 9), 120);
  t.strictSame(one.said(), []);
  one.restart();
  one.hours(at('2026-04-15', 9), at('2026-04-15', 9, 40), 0);
  t.strictSame(one.said(), ['fired 04-15T09:14'], 'a quarter of an hour after the last, also over a restart');
  one.hours(at('2026-04-15', 9, 40), at('2026-04-15', 10), 120);
  t.strictSame(one.said(), ['cleared 04-15T09:40']);
});

t.test('where few passed a week ago, or nothing is known, quiet is no news', async (t) => {
  const few = checkpoint(QUIET);
  few.hours(at('2026-04-08', 1), at('2026-04-08', 5), 20);
  few.hours(at('2026-04-15', 1), at('2026-04-15', 5), 0);
  t.strictSame(few.said(), []);
  const fresh = checkpoint(QUIET);
  fresh.hours(at('2026-04-08', 7), at('2026-04-08', 11), 0);
  t.strictSame(fresh.said(), []);
});

t.test('a busy hour counts from its beginning: it is not quiet because the night was', async (t) => {
  const one = checkpoint(QUIET);
  one.hours(at('2026-04-08', 4), at('2026-04-08', 6), 10);
  one.hours(at('2026-04-08', 6), at('2026-04-08', 9), 120);
  one.hours(at('2026-04-15', 4), at('2026-04-15', 7), 0);
  t.strictSame(one.said(), ['fired 04-15T06:15']);
});

t.test('a device that is itself silent is not said to count nothing', async (t) => {
  const one = checkpoint(QUIET);
  one.hours(at('2026-04-08', 7), at('2026-04-08', 11, 5), 120);
  one.hours(at('2026-04-15', 7), at('2026-04-15', 8), 120);
  one.wait(at('2026-04-15', 10));
  t.strictSame(one.said(), []);
  one.hours(at('2026-04-15', 10), at('2026-04-15', 11), 0);
  t.strictSame(one.said(), ['fired 04-15T10:15'], 'it counts from when it is there again');
});

t.test('a holiday is compared with days off, and a workday never with one', async (t) => {
  const one = checkpoint(FEW);
  one.hours(at('2026-03-30', 7), at('2026-03-30', 10), 120);
  one.hours(at('2026-04-06', 7), at('2026-04-06', 10), 20);
  t.strictSame(one.said(), [], 'a Monday that is off, and no day off is known');
  one.hours(at('2026-04-13', 7), at('2026-04-13', 10), 40);
  t.strictSame(
    one.said(),
    ['fired 04-13T09:00'],
    'a Monday as the one two weeks ago; from 7 to 8 it was not heard all through',
  );
});

t.test('an hour with an outage is not compared with', async (t) => {
  const one = checkpoint(FEW);
  one.hours(at('2026-04-01', 7), at('2026-04-01', 10, 5), 120);
  one.hours(at('2026-04-08', 7), at('2026-04-08', 8, 20), 120);
  one.hours(at('2026-04-08', 8, 50), at('2026-04-08', 10), 120);
  one.hours(at('2026-04-15', 7), at('2026-04-15', 8), 120);
  one.hours(at('2026-04-15', 8), at('2026-04-15', 8, 20), 40);
  one.hours(at('2026-04-15', 8, 50), at('2026-04-15', 10, 10), 40);
  t.strictSame(one.said(), ['fired 04-15T10:00'], 'not at 9: of that hour a part is missing');
});

t.test('few are told once, and over with an hour as usual', async (t) => {
  const one = checkpoint(FEW);
  one.hours(at('2026-04-08', 7), at('2026-04-08', 13), 120);
  one.hours(at('2026-04-15', 7), at('2026-04-15', 8), 120);
  one.hours(at('2026-04-15', 8), at('2026-04-15', 10), 40);
  one.hours(at('2026-04-15', 10), at('2026-04-15', 12, 5), 110);
  t.strictSame(one.said(), ['fired 04-15T09:00', 'cleared 04-15T11:00']);
});

t.test('what is kept of a device does not grow', async (t) => {
  const one = checkpoint(QUIET);
  const sizes: number[] = [];
  for (let day = 0; day < 60; day += 1) {
    const fromMs = at('2026-01-01', 24 * day);
    for (let hour = 0; hour < 24; hour += 1) one.hours(fromMs + hour * HOUR_MS, fromMs + hour * HOUR_MS + MINUTE_MS, 0);
    sizes.push(one.stored().length);
  }
  t.ok(Math.max(...sizes) < 6_000, `${Math.max(...sizes)} characters`);
  t.ok(sizes.at(-1)! <= sizes[35]! + 100);
});
