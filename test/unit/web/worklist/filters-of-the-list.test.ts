import fc from 'fast-check';
import t from 'tap';
import { codeAlone, covers } from '../../../../src/core/jurisdiction.ts';
import {
  type Filters,
  filtersOf,
  HANDLINGS,
  liesIn,
  matches,
  NO_FILTERS,
  queryOf,
} from '../../../../web/src/alerts/worklist/filters.ts';
import { type Alert, SEVERITIES } from '../../../../web/src/types.ts';

const orNone = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const ms = fc.integer({ min: 0, max: 4e12 });
const some: fc.Arbitrary<Filters> = fc.record({
  desk: orNone(fc.constantFrom('police' as const, 'maintenance' as const)),
  severity: orNone(fc.constantFrom(...SEVERITIES)),
  handling: orNone(fc.constantFrom(...HANDLINGS, 'open' as const)),
  district: orNone(name),
  rule: orNone(name),
  kind: orNone(name),
  fromMs: orNone(ms),
  toMs: orNone(ms),
  storm: orNone(name),
  mine: fc.boolean(),
});

t.test('a link shows whoever opens it the same list', async () => {
  fc.assert(
    fc.property(some, (filters) => {
      const sent = new URLSearchParams(queryOf(filters).toString());
      return JSON.stringify(filtersOf(sent)) === JSON.stringify(filters);
    }),
  );
});

t.test('what makes no sense in an address filters nothing', async (t) => {
  t.same(filtersOf(new URLSearchParams('')), NO_FILTERS);
  const nonsense =
    'severity=worst&handling=1&district=%3Cimg%3E&rule=a%20b&kind=&from=soon&to=&mine=yes&order=up&plate=x';
  t.same(filtersOf(new URLSearchParams(nonsense)), NO_FILTERS);
  t.equal(queryOf(NO_FILTERS).toString(), '');
});

t.test('an area is judged as the gateway judges it', async () => {
  const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-2]{${length}}$`));
  const code = fc.oneof(
    digits(6),
    digits(9),
    digits(12),
    digits(4).map((head) => `${head}00`),
    digits(6).map((head) => `${head}000`),
    fc.constantFrom('000000', '330200', '3302z-gaoxin', '33z-a'),
  );
  fc.assert(fc.property(code, code, (place, area) => liesIn(place, area) === covers(codeAlone(area), place)));
});

const ALERT = {
  id: '1',
  rule: 'kiosk-fire@3',
  desk: 'police',
  severity: 'severe',
  handling: 'acked',
  jurisdiction: '330203001',
  firstAt: '2026-11-01T12:00:00.000Z',
  ackedBy: '李娜',
  ackedById: 'p-1',
  assignedTo: null,
  storm: null,
} as Alert;
const JUDGE = {
  me: { id: 'p-1', username: 'li.na' },
  kindsOf: (rule: string) => (rule === 'kiosk-fire' ? ['recycling-kiosk'] : []),
};

t.test('an alert that comes by the stream belongs where every filter has it', async (t) => {
  const at = Date.parse(ALERT.firstAt);
  const yes: Partial<Filters>[] = [
    {},
    { desk: 'police' },
    { severity: 'severe' },
    { handling: 'open' },
    { handling: 'acked' },
    { district: '330200' },
    { rule: 'kiosk-fire' },
    { kind: 'recycling-kiosk' },
    { fromMs: at, toMs: at + 1 },
    { mine: true },
  ];
  const no: Partial<Filters>[] = [
    { desk: 'maintenance' },
    { severity: 'minor' },
    { handling: 'closed' },
    { handling: 'new' },
    { district: '330212' },
    { rule: 'kiosk' },
    { kind: 'camera' },
    { fromMs: at + 1 },
    { toMs: at },
    { storm: 'another' },
  ];
  for (const filter of yes) t.ok(matches(ALERT, { ...NO_FILTERS, ...filter }, JUDGE), JSON.stringify(filter));
  for (const filter of no) t.notOk(matches(ALERT, { ...NO_FILTERS, ...filter }, JUDGE), JSON.stringify(filter));
  const wang = { ...JUDGE, me: { id: 'p-2', username: 'wang' } };
  t.notOk(matches(ALERT, { ...NO_FILTERS, mine: true }, wang), 'whatever they are called');
  t.ok(matches({ ...ALERT, assignedTo: 'wang' }, { ...NO_FILTERS, mine: true }, wang));
  t.notOk(matches({ ...ALERT, storm: 'one' }, NO_FILTERS, JUDGE), 'the one that stands for it is in the list');
  t.ok(matches({ ...ALERT, storm: 'one' }, { ...NO_FILTERS, storm: 'one' }, JUDGE));
  t.notOk(matches({ ...ALERT, handling: 'closed' }, { ...NO_FILTERS, handling: 'open' }, JUDGE));
});
