import fc from 'fast-check';
import t from 'tap';
import { EVENT_TYPES } from '../../../../src/alerts/desk/alert.ts';
import { fanOut, type Subscriber, type Subscribers } from '../../../../src/alerts/route/stages/fan-out.ts';
import { runStages, type StagesResult } from '../../../../src/alerts/route/stages/run-stages.ts';
import type { Change, Stage } from '../../../../src/alerts/route/stages/stage.ts';
import { CLASSES, DESKS, isWanted } from '../../../../src/alerts/rules/classes.ts';
import { NO_ZONES } from '../../../support/access/tree.ts';
import { NO_DEPARTMENTS, usualStages } from '../../../support/alerts/usual-stages.ts';

/** Nothing is read here: each stage brings what it knows. */
const NO_DATABASE = {} as Parameters<Stage['read']>[0];
const NOW_MS = 1_000;

const AREAS = ['000000', '330000', '330200', '330203', '330212', '510700'];
const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'];

/** The same for all: nothing is sent. */
const to: Subscriber['to'] = {
  id: 's',
  type: 'webhook',
  target: {},
  secrets: {},
  previous_until_ms: null,
  state: 'active',
};

const subscribers = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    jurisdiction: fc.constantFrom(...AREAS),
    severities: fc.uniqueArray(fc.constantFrom(...SEVERITIES), { minLength: 1 }),
    classes: fc.option(fc.uniqueArray(fc.constantFrom(...CLASSES), { minLength: 1 })),
    level: fc.nat({ max: 2 }),
    to: fc.constant(to),
  }),
  { selector: ({ id }) => id, maxLength: 6 },
);

const changes = fc
  .array(
    fc.record({
      type: fc.constantFrom(...EVENT_TYPES),
      id: fc.constantFrom('alert-a', 'alert-b', 'alert-c'),
      jurisdiction: fc.constantFrom(...AREAS),
      severity: fc.constantFrom(...SEVERITIES),
      device: fc.constantFrom('d-1', 'd-2'),
      class: fc.constantFrom(...CLASSES),
      desk: fc.constantFrom(...DESKS),
      level: fc.nat({ max: 2 }),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(({ type, ...alert }, place): Change => {
      const row = { ...alert, data: {}, visibility: 'normal', version: place } as unknown as Change['alert'];
      return { place, type, alert: row, actor: 'citywatch', atMs: place, deliveries: [] };
    }),
  );

type Run = Stage['run'];

/** What a stage may do, and what it may not, each decided by `n` alone. */
const MAY: Record<string, (n: number) => Run> = {
  nothing: () => (given) => ({ changes: given, timers: [] }),
  'hold back': (n) => (given) => ({
    changes: given.map((change, index) => ({
      ...change,
      deliveries: change.deliveries.map((one, at) =>
        (index + at) % (n + 1) === 0 ? { ...one, state: 'withheld' } : one,
      ),
    })),
    timers: [],
  }),
  silence: () => (given) => ({
    changes: given.map((change) => ({ ...change, alert: { ...change.alert, visibility: 'silenced' } })),
    timers: [],
  }),
  'tell more': (n) => (given) => ({
    changes: given.map((change) => ({
      ...change,
      deliveries: change.deliveries.some(({ subscription }) => subscription === `more-${n}`)
        ? change.deliveries
        : [...change.deliveries, { subscription: `more-${n}`, state: 'waiting' }],
    })),
    timers: [],
  }),
  'add a change':
    (n) =>
    (given, { nowMs }) => ({
      changes: given.flatMap((change, index) =>
        index === n ? [{ ...change, place: null, deliveries: [] }, change] : change,
      ),
      timers: [{ key: `t-${n}`, atMs: nowMs + n }],
    }),
};

const MAY_NOT: Record<string, (n: number) => Run> = {
  lose: (n) => (given) => ({ changes: given.filter((_, index) => index !== n), timers: [] }),
  double: (n) => (given) => ({ changes: given.flatMap((one, index) => (index === n ? [one, one] : one)), timers: [] }),
  turn: () => (given) => ({ changes: given.toReversed(), timers: [] }),
  rewrite: () => (given) => ({ changes: given.map((one) => ({ ...one, type: 'alert.closed' })), timers: [] }),
  'raise severity': () => (given) => ({
    changes: given.map((one) => ({ ...one, alert: { ...one.alert, severity: 'unheard of' } })),
    timers: [],
  }),
  'tell nobody': () => (given) => ({ changes: given.map((one) => ({ ...one, deliveries: [] })), timers: [] }),
  'tell twice': () => (given) => ({
    changes: given.map((one) => ({ ...one, deliveries: [...one.deliveries, ...one.deliveries] })),
    timers: [],
  }),
  'let go': () => (given) => ({
    changes: given.map((one) => ({
      ...one,
      deliveries: one.deliveries.map((each) => ({ ...each, state: 'waiting' })),
    })),
    timers: [],
  }),
  'change what it was given': () => (given) => {
    for (const change of given) Object.assign(change, { actor: 'somebody else' });
    return { changes: given, timers: [] };
  },
  throw: () => () => {
    throw new Error('a fault');
  },
};

const anyStage = (kinds: typeof MAY) =>
  fc.tuple(fc.constantFrom(...Object.keys(kinds)), fc.nat({ max: 4 })).map(([name, n]): Stage => {
    return { name: `${name} ${n}`, needed: false, locks: false, read: async () => null, run: kinds[name]!(n) };
  });

function fanOutTo(all: readonly Subscriber[]): Stage<Subscribers> {
  return { ...fanOut(NO_ZONES, NO_DEPARTMENTS), read: async () => ({ all, print: '0' }) };
}

/** What comes in is frozen: a stage that writes into it throws. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}

async function run(stages: readonly Stage[], given: Change[]): Promise<StagesResult & { faults: string[] }> {
  const faults: string[] = [];
  const fault = (stage: string): void => void faults.push(stage);
  const result = await runStages(NO_DATABASE, stages, frozen(given), { nowMs: NOW_MS, due: new Map(), fault });
  return { ...result, faults };
}

const raisedOf = (all: readonly Change[]): string[] =>
  all.flatMap(({ place, deliveries }) => deliveries.map(({ subscription }) => `${place} ${subscription}`));

t.test('whatever stages there are, no change and no delivery is lost, and all keep their order', async (t) => {
  const stages = fc.array(anyStage({ ...MAY, ...MAY_NOT }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(changes, subscribers, stages, stages, async (given, known, before, after) => {
      const alone = await run([fanOutTo(known)], given);
      const all = await run([...before, fanOutTo(known), ...after], given);
      const again = await run([...before, fanOutTo(known), ...after], given);
      t.same(again, all, 'the same again gives the same');
      const places = all.changes.map(({ place }) => place);
      t.equal(new Set(places).size, places.length, 'each change has a place of its own');
      const kept = all.changes.filter(({ place }) => places.length > 0 && place! < given.length);
      t.same(
        kept.map(({ place, type, actor, atMs }) => [place, type, actor, atMs]),
        given.map(({ place, type, actor, atMs }) => [place, type, actor, atMs]),
      );
      const raised = raisedOf(all.changes);
      t.equal(new Set(raised).size, raised.length, 'nobody is told twice of one change');
      t.same(
        raisedOf(alone.changes).filter((one) => !raised.includes(one)),
        [],
        'all that the fan-out raises is waiting or withheld',
      );
    }),
    { numRuns: 300 },
  );
});

t.test('who names no class is told of what rings the police desk, and who names some of these', async (t) => {
  const everywhere = { jurisdiction: '000000', severities: SEVERITIES, level: 0, to };
  await fc.assert(
    fc.asyncProperty(changes, fc.uniqueArray(fc.constantFrom(...CLASSES), { minLength: 1 }), async (given, classes) => {
      const known = [
        { ...everywhere, id: 'centre', classes: null },
        { ...everywhere, id: 'some', classes },
      ];
      for (const { alert, deliveries } of (await run([fanOutTo(known)], given)).changes) {
        const told = deliveries.map(({ subscription }) => subscription);
        t.equal(told.includes('centre'), alert.desk === 'police');
        t.equal(told.includes('some'), isWanted({ classes }, alert));
      }
    }),
    { numRuns: 100 },
  );
});

t.test('what a stage may do is done, and what it may not is passed over', async (t) => {
  const known = [
    { id: 's-1', jurisdiction: '000000', severities: SEVERITIES, classes: CLASSES, level: 0, to },
    { id: 's-2', jurisdiction: '000000', severities: SEVERITIES, classes: CLASSES, level: 0, to },
  ];
  const given = fc.sample(changes, { numRuns: 50, seed: 7 }).find(({ length }) => length > 4)!;
  const first: Stage = {
    name: 'first',
    needed: false,
    locks: false,
    read: async () => null,
    run: MAY['hold back']!(1),
  };
  const stage = (kinds: typeof MAY, name: string, needed = false): Stage => ({
    name,
    needed,
    locks: false,
    read: async () => null,
    run: kinds[name]!(1),
  });
  const without = await run([fanOutTo(known), first], given);
  for (const name of Object.keys(MAY)) {
    const { faults } = await run([fanOutTo(known), first, stage(MAY, name)], given);
    t.same(faults, [], name);
  }
  for (const name of Object.keys(MAY_NOT)) {
    const { faults, changes: all } = await run([fanOutTo(known), first, stage(MAY_NOT, name)], given);
    t.same(faults, [name], name);
    t.same(all, without.changes, `${name}: as if it were not there`);
    await t.rejects(run([fanOutTo(known), first, stage(MAY_NOT, name, true)], given), /is at fault/, `${name}, needed`);
  }
});

t.test('every stage of a gateway is pure, and says the same twice', async (t) => {
  const anywhere = { jurisdiction: '330200', police: null, rule: null, kind: null, device: null };
  const KNOWN: Record<string, (known: Subscriber[]) => unknown> = {
    'fan-out': (all) => ({ all, print: '0' }),
    maintenance: () => ({ held: new Set(['alert-a']), free: [], left: 'held' }),
    outage: () => ({ held: new Set(['alert-b']), free: [], left: 'held' }),
    incidents: () => ({ all: [{ ...anywhere, id: 'i-1' }], print: '0' }),
    silences: () => ({ all: [{ ...anywhere, repeats: null, id: 's-1' }], print: '0' }),
    storm: () => ({
      storms: new Map([['[null,"minor","330203",null,[]]', { left: 0, leader: null }]]),
      grown: [],
      raging: new Set(['[null,"minor","330203",null,[]]']),
      over: [],
    }),
    departments: () => null,
    'storm-end': () => ({ parts: [], isMore: false }),
    climb: () => ({ waited: [], left: [], isMore: false }),
  };
  const stages = usualStages();
  for (const stage of stages) {
    await fc.assert(
      fc.asyncProperty(changes, subscribers, async (given, all) => {
        const known = frozen(KNOWN[stage.name]!(all));
        const context = frozen({ nowMs: NOW_MS, due: [], known });
        const before = structuredClone(given);
        t.same(stage.run(frozen(given), context), stage.run(frozen(before), context), stage.name);
        t.same((await run([{ ...stage, read: async () => known }], given)).faults, []);
      }),
      { numRuns: 100 },
    );
  }
  t.equal(stages.filter(({ needed }) => needed).length, 1, 'only without the fan-out would nobody be told');
});
