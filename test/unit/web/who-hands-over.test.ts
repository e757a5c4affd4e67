import t from 'tap';
import { HOUR_MS } from '../../../src/core/clock.ts';
import { isRight, rangeOf, spanOf } from '../../../web/src/figures/range.ts';
import { nextOf, toGive, toTake } from '../../../web/src/shift/duty.ts';
import type { DutyShift, HandOverLine } from '../../../web/src/types.ts';

const NOW = Date.parse('2026-06-01T08:00:00Z');
const at = (hours: number) => new Date(NOW + hours * HOUR_MS).toISOString();
const shift = (id: string, lead: string, [from, to]: readonly [number, number], jurisdiction = '330203') =>
  ({ id, people: [lead, 'zhao'], startsAt: at(from), endsAt: at(to), jurisdiction, police: null }) as DutyShift;
const handed = (fromShift: string, toShift: string, takenAt: string | null) =>
  ({ id: `${fromShift} ${toShift}`, fromShift, toShift, takenAt }) as HandOverLine;

const BEFORE = shift('before', 'wang', [-12, -4]);
const MINE = shift('mine', 'li', [-4, 4]);
const NEXT = shift('next', 'chen', [4, 12]);
const LATER = shift('later', 'li', [12, 20]);
const ELSEWHERE = shift('elsewhere', 'wu', [4, 12], '330212');
const ALL = [LATER, NEXT, ELSEWHERE, MINE, BEFORE];

t.test('who leads a shift hands it over while it goes on, and some hours later, once', async (t) => {
  const give = (username: string, handOvers: HandOverLine[] = [], nowMs = NOW) =>
    toGive(ALL, handOvers, { username, nowMs }).map(({ id }) => id);
  t.same(give('li'), ['mine'], 'not the one that is to come');
  t.same(give('zhao'), [], 'who does not lead signs for nothing');
  t.same(give('wang'), ['before'], 'who has just ended it');
  t.same(give('wang', [], NOW + 3 * HOUR_MS), []);
  t.same(give('li', [handed('mine', 'next', null)]), ['mine'], 'again before it is taken');
  t.same(give('li', [handed('mine', 'next', at(0))]), []);
});

t.test('it goes to a later shift of the same desk, and whoever leads that takes it', async (t) => {
  const idsOf = (shifts: DutyShift[]) => shifts.map(({ id }) => id);
  t.same(idsOf(nextOf(MINE, ALL)), ['next', 'later']);
  t.same(nextOf(LATER, ALL), []);
  const open = handed('mine', 'next', null);
  t.same(toTake([open, handed('before', 'mine', at(-4))], ALL, 'chen'), [open]);
  t.same(toTake([open], ALL, 'li'), []);
  t.same(toTake([open], ALL, undefined), []);
});

t.test('figures are of what the address says, as far as it makes sense', async (t) => {
  const of = (query: string) => rangeOf(new URLSearchParams(query), ['police', 'maintenance']);
  t.match(of(''), { desk: 'police', days: 30 });
  t.match(of('desk=all&days=7000'), { desk: 'police', days: 30 });
  t.match(of(`desk=maintenance&days=7&from=${at(0)}`), { desk: 'maintenance', days: 7, fromMs: null });
  t.match(of(`from=${at(-1)}&to=${at(0)}`), { days: null, fromMs: NOW - HOUR_MS, toMs: NOW });
  t.equal(rangeOf(new URLSearchParams('desk=police'), ['maintenance']).desk, 'maintenance');
  t.same(spanOf(of('days=1'), NOW + 59_999), { fromMs: NOW - 24 * HOUR_MS, toMs: NOW });
  t.ok(isRight(spanOf(of('days=90'), NOW)));
  t.notOk(isRight({ fromMs: NOW, toMs: NOW }));
  t.notOk(isRight({ fromMs: NOW - 101 * 24 * HOUR_MS, toMs: NOW }));
});
