import * as fc from 'fast-check';
import t from 'tap';
import type { AlertRow } from '../../../../src/alerts/desk/tables.ts';
import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import { TOP } from '../../../../src/alerts/ladder/levels.ts';
import { climb, type Manned } from '../../../../src/alerts/route/stages/climb.ts';
import type { Change } from '../../../../src/alerts/route/stages/stage.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';

const MINUTE = 60_000;
const LADDER = Ladder.parse(
  `extreme: { county: 0, city: 0 }
severe: { county: 0, city: 5 }
moderate: { county: 10, city: 30 }
minor: { county: 30 }`,
  'ladder.yaml',
);
const NOBODY_LEFT: Manned = { isUnmanned: () => false, unmanned: () => [] };

const changeOf = (alert: AlertRow, type: Change['type'], atMs: number): Change => {
  return { place: 0, type, alert, actor: 'citywatch', atMs, deliveries: [] };
};

/** One alert, through the stage as a gateway would have it pass: what becomes of it is what comes next. */
class Passing {
  alert: AlertRow;
  nowMs = 0;
  readonly levels: number[] = [];
  readonly #stage;

  constructor(fields: Partial<AlertRow>, manned: Manned = NOBODY_LEFT) {
    this.#stage = climb(LADDER, manned);
    this.alert = alertRow({ handling: 'new', desk: 'police', class: 'incident', ...fields });
  }

  says(type: Change['type'], fields: Partial<AlertRow> = {}): void {
    const changes = [changeOf({ ...this.alert, ...fields }, type, this.nowMs)];
    const known = { waited: [], left: [], isMore: false };
    const result = this.#stage.run(changes, { nowMs: this.nowMs, due: [], known });
    this.#keep(result.changes);
    const { climbs_at_ms: climbsAtMs } = this.alert;
    if (climbsAtMs !== null && !result.timers.every(({ atMs }) => atMs >= climbsAtMs)) throw new Error('early');
  }

  /** As its timer has it, where it is due. */
  passes(ms: number): string | null {
    this.nowMs += ms;
    const { climbs_at_ms: climbsAtMs } = this.alert;
    if (climbsAtMs === null || climbsAtMs > this.nowMs) return null;
    const known = { waited: [this.alert], left: [], isMore: false };
    const { changes } = this.#stage.run([], { nowMs: this.nowMs, due: [`${this.nowMs} 0`], known });
    this.#keep(changes);
    return changes[0]!.type;
  }

  #keep(changes: readonly Change[]): void {
    this.alert = changes.at(-1)!.alert;
    this.levels.push(this.alert.level);
  }
}

t.test('what nobody takes is told to the county and then to the city', async (t) => {
  const one = new Passing({ severity: 'moderate' });
  one.says('alert.opened');
  t.match(one.alert, { level: 0, climbs_at_ms: 10 * MINUTE });
  t.equal(one.passes(9 * MINUTE), null);
  one.says('alert.updated', { occurrences: 7 });
  t.equal(one.alert.climbs_at_ms, 10 * MINUTE, 'that it fires again gives nobody more time');
  t.equal(one.passes(MINUTE), 'alert.escalated');
  t.match(one.alert, { level: 1, climbs_at_ms: 30 * MINUTE });
  t.equal(one.passes(20 * MINUTE), 'alert.escalated');
  t.match(one.alert, { level: 2, climbs_at_ms: null });
});

t.test('whoever takes it stops it, and where that runs out it waits anew from where it is', async (t) => {
  const one = new Passing({ severity: 'moderate' });
  one.says('alert.opened');
  one.passes(10 * MINUTE);
  one.says('alert.acked', { handling: 'acked' });
  t.match(one.alert, { level: 1, climbs_at_ms: null });
  t.equal(one.passes(60 * MINUTE), null);
  one.says('alert.unacked', { handling: 'new' });
  t.match(one.alert, { level: 1, climbs_at_ms: one.nowMs + 20 * MINUTE });
});

t.test('a grave one is told to all at once, and one that becomes graver sooner', async (t) => {
  const fire = new Passing({ severity: 'extreme' });
  fire.says('alert.opened');
  t.match(fire.alert, { level: 2, climbs_at_ms: null });
  const smoke = new Passing({ severity: 'minor' });
  smoke.says('alert.opened');
  t.match(smoke.alert, { level: 0, climbs_at_ms: 30 * MINUTE });
  smoke.says('alert.updated', { severity: 'severe' });
  t.match(smoke.alert, { level: 1, climbs_at_ms: 5 * MINUTE });
});

t.test('a drill climbs as what is real', async (t) => {
  const drill = new Passing({ severity: 'moderate', visibility: 'test', exercise: true });
  drill.says('alert.opened');
  t.match(drill.alert, { level: 0, climbs_at_ms: 10 * MINUTE });
  t.equal(drill.passes(10 * MINUTE), 'alert.escalated');
  t.match(drill.alert, { level: 1, visibility: 'test', exercise: true });
});

t.test('what is over, hidden, a fault, or known to few does not climb', async (t) => {
  const still: Partial<AlertRow>[] = [
    { condition: 'cleared' },
    { visibility: 'silenced' },
    { desk: 'maintenance', class: 'fault' },
    { seen_by: ['somebody'] },
    { handling: 'closed' },
  ];
  for (const fields of still) {
    const one = new Passing({ severity: 'moderate', ...fields });
    one.says('alert.opened');
    t.match(one.alert, { level: 0, climbs_at_ms: null }, JSON.stringify(fields));
  }
});

t.test('where nobody is on duty the next level is told at once', async (t) => {
  const unmanned = (levels: readonly number[]): Manned => ({
    isUnmanned: (_, level) => levels.includes(level),
    unmanned: () => [],
  });
  const one = new Passing({ severity: 'minor' }, unmanned([0]));
  one.says('alert.opened');
  t.match(one.alert, { level: 1, climbs_at_ms: null });
  const both = new Passing({ severity: 'minor' }, unmanned([0, 1]));
  both.says('alert.opened');
  t.equal(both.alert.level, 2);
  const all = new Passing({ severity: 'moderate' }, unmanned([0, 1, 2]));
  all.says('alert.opened');
  t.equal(all.alert.level, TOP, 'and there is none above the city');
});

t.test('whatever happens, the level never falls, and only what waits has a time', async (t) => {
  const step = fc.record({
    handling: fc.constantFrom<AlertRow['handling'][]>('new', 'acked', 'dispatched', 'closed'),
    visibility: fc.constantFrom<AlertRow['visibility'][]>('normal', 'silenced', 'shelved'),
    condition: fc.constantFrom<AlertRow['condition'][]>('active', 'cleared', 'stale'),
    severity: fc.constantFrom('extreme', 'severe', 'moderate', 'minor'),
    minutes: fc.nat(40),
  });
  const holds = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    const one = new Passing({ severity: 'minor' });
    for (const { minutes, ...fields } of steps) {
      one.says('alert.updated', fields);
      const { handling, visibility, condition, climbs_at_ms } = one.alert;
      const isWaiting = handling === 'new' && visibility === 'normal' && condition !== 'cleared';
      if (!isWaiting && climbs_at_ms !== null) return false;
      one.passes(minutes * MINUTE);
    }
    return one.levels.every((level, at) => level >= (one.levels[at - 1] ?? 0) && level <= TOP);
  });
  t.doesNotThrow(() => fc.assert(holds));
});

t.test('of 200 alerts a second those of a quarter of a second climb together, and no more of them', async (t) => {
  const stage = climb(LADDER, NOBODY_LEFT);
  const known = { waited: [], left: [], isMore: false };
  const together = new Map<string, number>();
  for (let nowMs = 0; nowMs < 5_000; nowMs += 5) {
    const alert = alertRow({ id: `alert-${nowMs}`, handling: 'new', desk: 'police', severity: 'moderate' });
    const { changes, timers } = stage.run([changeOf(alert, 'alert.opened', nowMs)], { nowMs, due: [], known });
    const [{ key, atMs }] = timers as [{ key: string; atMs: number }];
    together.set(key, 1 + (together.get(key) ?? 0));
    const lateMs = atMs - changes[0]!.alert.climbs_at_ms!;
    if (lateMs < 0 || lateMs >= 250) t.fail(`${lateMs} ms late`);
  }
  t.ok(Math.max(...together.values()) <= 50, `${Math.max(...together.values())} climb together`);
});
