import fc from 'fast-check';
import t from 'tap';
import { askedOf, EMPTY, queryOf, questionOf, rangeOf, wordsOf, wrongIn } from '../../../web/src/passages/question.ts';
import { GAP_MS, stopsOf } from '../../../web/src/passages/track.ts';
import type { Passage } from '../../../web/src/types.ts';

const AT = Date.parse('2026-06-01T08:00:00Z');
const PLACES: Record<string, [number, number]> = { a: [121.55, 29.87], b: [121.56, 29.87], far: [121.85, 29.9] };
const passage = (device: string, ms: number, event = 'passage') =>
  ({ device, at: new Date(AT + ms).toISOString(), event, receipt: `${device}-${ms}` }) as Passage;
const stops = (...all: Passage[]) => stopsOf(all, (device) => PLACES[device] ?? null);

t.test('a track is in order of time, with the events of one passage together', async (t) => {
  const found = stops(passage('b', 60_000), passage('a', 1_000, 'overspeed'), passage('a', 0), passage('a', 7_000));
  t.same(
    found.map(({ device, atMs, passages }) => [device, atMs - AT, passages.length]),
    [
      ['a', 0, 2],
      ['a', 7_000, 1],
      ['b', 60_000, 1],
    ],
  );
  t.equal(found[0]?.sinceMs, null);
});

t.test('it says where nobody read it, and what no car can have done', async (t) => {
  t.match(stops(passage('a', 0), passage('b', GAP_MS + 1)), [{ isGap: false }, { isGap: true, isTooFast: false }]);
  t.match(stops(passage('a', 0), passage('far', 240_000)), [{}, { isGap: false, isTooFast: true }]);
  t.match(stops(passage('a', 0), passage('far', 0)), [{}, { isTooFast: true }], 'at two places at once');
  t.match(stops(passage('a', 0), passage('b', 100)), [{}, { isTooFast: false }], 'two that see one crossing');
  t.match(stops(passage('a', 0), passage('nowhere', 10)), [{}, { km: null, isTooFast: false }]);
});

t.test('every passage is in one stop, whatever came in which order', async () => {
  const one = fc.record({ device: fc.constantFrom('a', 'b', 'far', 'x'), ms: fc.integer({ min: 0, max: 90_000 }) });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 40 }), (all) => {
      const found = stops(...all.map(({ device, ms }) => passage(device, ms)));
      const count = found.reduce((sum, { passages }) => sum + passages.length, 0);
      const isOrdered = found.every(({ atMs }, at) => at === 0 || atMs >= found[at - 1]!.atMs);
      return count === all.length && isOrdered;
    }),
  );
});

t.test('what is asked stands half in the history and half in the address', async (t) => {
  const question = { plate: ' 浙B1?345 ', purpose: 'thefts', case: 'A-1', whole: false };
  t.same(questionOf(wordsOf(question)), question);
  t.equal(wordsOf(EMPTY), '');
  t.same(questionOf('{"plate":7,"whole":"yes"'), EMPTY);
  const range = { area: '330203', place: null, fromMs: AT, toMs: AT + 1_000 };
  t.same(rangeOf(queryOf(range)), range);
  t.same(rangeOf(new URLSearchParams('area=<b>&from=soon')), { area: null, place: null, fromMs: null, toMs: null });
  t.same(askedOf(question, range, AT), {
    from: '2026-06-01T08:00:00.000Z',
    to: '2026-06-01T08:00:01.000Z',
    purpose: 'thefts',
    plate: '浙B1?345',
    case: 'A-1',
    jurisdiction: '330203',
  });
  const open = { ...range, fromMs: null, toMs: null };
  t.equal(askedOf(EMPTY, open, AT).from, '2026-05-31T08:00:00.000Z', 'a day, where nobody says from when');
  t.equal(wrongIn(open, AT), null);
  t.equal(wrongIn({ ...range, toMs: AT - 1 }, AT), 'backwards');
  t.equal(wrongIn({ ...range, fromMs: AT - 32 * 86_400_000, toMs: AT }, AT), 'long');
});
