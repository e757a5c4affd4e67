import fc from 'fast-check';
import t from 'tap';
import { type Knowing, type Matchers, means } from '../../../src/alerts/silences/silence.ts';
import { hidingTogether } from '../../../src/alerts/silences/together.ts';

const KINDS: Record<string, string> = { 'site-1': 'site', 'cam-1': 'camera', 'cam-2': 'camera', 'kiosk-1': 'kiosk' };
const PARENTS: Record<string, string> = { 'cam-1': 'site-1' };
const isAt = (device: string, top: string): boolean => device === top || PARENTS[device] === top;
const knowing: Knowing = {
  trees: {
    area: (code: string) => ({ code, members: [] }),
    below: (agency: string) => (agency === 'city' ? ['city', 'station'] : [agency]),
  } as unknown as Knowing['trees'],
  devices: {
    kindOf: (device) => KINDS[device] ?? null,
    isAt,
    among: (kind, top) =>
      Object.keys(KINDS).filter((one) => (top === null || isAt(one, top)) && (kind === null || KINDS[one] === kind)),
  },
};

const ALL: Matchers = { jurisdiction: '330200', police: null, rule: null, kind: null, device: null };
const or = <T>(...some: T[]) => fc.constantFrom(null, ...some);
const matchers: fc.Arbitrary<Matchers> = fc.record({
  jurisdiction: fc.constantFrom('330200', '330203', '330203004000', '330212'),
  police: or('city', 'station'),
  rule: or('fire', 'dark'),
  kind: or('camera', 'kiosk'),
  device: or('site-1', 'cam-1', 'cam-2', 'kiosk-1'),
});
const ALERTS = ['330203004000', '330203005000', '330212001000'].flatMap((jurisdiction) =>
  [null, 'city', 'station'].flatMap((police) =>
    ['fire', 'dark', 'other'].flatMap((rule) =>
      Object.keys(KINDS).map((device) => ({ jurisdiction, police, rule, device })),
    ),
  ),
);

t.test('of whatever alert, those that hide it beside a new one are judged together with it', async () => {
  fc.assert(
    fc.property(matchers, fc.array(matchers, { maxLength: 8 }), (input, others) => {
      const sets = hidingTogether(input, others, knowing)!;
      for (const alert of ALERTS.filter((one) => means(input, one as never, knowing))) {
        const hiding = others.filter((one) => means(one, alert as never, knowing));
        if (hiding.length > 0 && !sets.some((set) => hiding.every((one) => set.includes(one)))) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});

t.test('what never means the same alert is not judged together', async (t) => {
  const sets = (input: Partial<Matchers>, ...others: Partial<Matchers>[]) =>
    hidingTogether(
      { ...ALL, ...input },
      others.map((one) => ({ ...ALL, ...one })),
      knowing,
    )!.map(({ length }) => length);
  t.same(sets({ rule: 'fire' }, { kind: 'camera' }), [1], 'fires of cameras');
  t.same(sets({ rule: 'fire' }, { rule: 'dark' }), []);
  t.same(sets({ kind: 'kiosk' }, { device: 'cam-2' }), [], 'a camera is no kiosk');
  t.same(sets({}, { rule: 'fire' }, { rule: 'dark' }), [1, 1], 'each with the wide one, and not with each other');
  t.same(sets({ jurisdiction: '330203' }, { kind: 'camera' }, { rule: 'fire' }), [2]);
  t.same(sets({ jurisdiction: '330203' }, { jurisdiction: '330212' }), []);
});

t.test('as many as there may be that meet in as many ways as can be are refused, and soon', async (t) => {
  const many = (count: number, of: (n: number) => Partial<Matchers>): Matchers[] =>
    Array.from({ length: count }, (_, n) => ({ ...ALL, ...of(n) }));
  const apart = hidingTogether(
    ALL,
    many(200, (n) => ({ rule: `r-${n}` })),
    knowing,
  );
  t.equal(apart?.length, 200);
  const crossing = [...many(66, (n) => ({ rule: `r-${n}` })), ...many(66, (n) => ({ kind: `k-${n}` }))];
  t.equal(hidingTogether(ALL, crossing, knowing), null);
});
