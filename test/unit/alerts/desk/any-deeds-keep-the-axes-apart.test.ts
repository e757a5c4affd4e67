import fc from 'fast-check';
import t from 'tap';
import { applyFinding } from '../../../../src/alerts/desk/alert.ts';
import type { Deed } from '../../../../src/alerts/desk/life/deeds.ts';
import { type Life, lifeOf, VERDICTS, withLife } from '../../../../src/alerts/desk/life/life.ts';
import { lapsed, lapsesAtMs, type Step, step } from '../../../../src/alerts/desk/life/steps.ts';
import type { AlertRow, FindingRow } from '../../../../src/alerts/desk/tables.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';

const text = fc.constantFrom('seen', '到场');
const minutes = fc.integer({ min: 1, max: 60 }).map((n) => n * MINUTE_MS);
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ does: fc.constant('ack' as const), forMs: fc.option(minutes, { nil: undefined }) }),
  fc.record({ does: fc.constant('assign' as const), to: fc.constantFrom('li', 'wang') }),
  fc.record({ does: fc.constant('dispatch' as const), unit: fc.constantFrom('110-1', '110-2') }),
  fc.record({ does: fc.constant('arrive' as const), unit: fc.option(fc.constant('110-3'), { nil: undefined }) }),
  fc.record({ does: fc.constant('feedback' as const), text }),
  fc.record({ does: fc.constant('comment' as const), text }),
  fc.record({ does: fc.constant('close' as const), verdict: fc.constantFrom(...VERDICTS) }),
  fc.record({ does: fc.constant('reopen' as const), text }),
  fc.record({ does: fc.constantFrom('shelve' as const, 'snooze' as const), forMs: minutes, reason: text }),
  fc.record({ does: fc.constant('show' as const) }),
);

/** What may come to an alert: a deed of one of two people, a finding, or nothing but time. */
const comings = fc.oneof(
  fc.record({ is: fc.constant('deed' as const), deed: deeds, who: fc.constantFrom('li', 'wang') }),
  fc.record({ is: fc.constant('finding' as const), kind: fc.constantFrom('fired' as const, 'cleared' as const) }),
  fc.record({ is: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 45 }).map((n) => n * MINUTE_MS) }),
);

interface Moment {
  nowMs: number;
  alert: AlertRow;
}

/** What comes to an alert, and on which desk it is. */
interface Lived {
  desk: AlertRow['desk'];
  all: readonly Coming[];
}

type Coming = typeof comings extends fc.Arbitrary<infer Value> ? Value : never;

/** Everything that `coming` does, step by step; nothing where it is refused. */
function stepsOf(alert: AlertRow, coming: Coming, nowMs: number): Step[] {
  if (coming.is === 'time') return lapsed(alert, nowMs);
  if (coming.is === 'finding') {
    const place = { name: 'k', lat: null, lon: null, jurisdiction: '330203', retired: false };
    const finding = { kind: coming.kind, received_at_ms: nowMs, severity: 'moderate', data: {} } as FindingRow;
    const context = { place, title: alert.title, nowMs, previousId: null };
    const next = alert.handling === 'closed' ? null : applyFinding(alert, finding, context);
    return next ? [next] : [];
  }
  try {
    const next = step(alert, coming.deed, { id: coming.who, name: coming.who, nowMs });
    return next ? [next] : [];
  } catch (error) {
    if (error instanceof CitywatchError && error.code === 'conflict.state' && error.detail) return [];
    throw error;
  }
}

/** Which axes a coming may move. */
function mayMove(coming: Coming): readonly (keyof Life)[] {
  if (coming.is === 'finding') return ['condition'];
  // A fault that is over closes itself.
  if (coming.is === 'time') return ['handled', 'shown', 'truth'];
  const { does } = coming.deed;
  if (does === 'close') return ['handled', 'shown', 'truth'];
  if (does === 'reopen') return ['handled', 'truth'];
  return does === 'shelve' || does === 'snooze' || does === 'show' ? ['handled', 'shown'] : ['handled'];
}

const AXES = ['condition', 'handled', 'shown', 'truth'] as const;
const json = (value: unknown): string => JSON.stringify(value);

/** Runs everything that comes, and has each step looked at. */
function live({ desk, all }: Lived, look: (before: Moment, step: Step, coming: Coming) => void): Moment {
  let now: Moment = { nowMs: 10_000, alert: alertRow({ desk }) };
  for (const coming of all) {
    const nowMs = now.nowMs + (coming.is === 'time' ? coming.ms : 1_000);
    for (const one of stepsOf(now.alert, coming, nowMs)) {
      look({ nowMs, alert: now.alert }, one, coming);
      now = { nowMs, alert: one.alert };
    }
    now = { ...now, nowMs };
  }
  return now;
}

const comingsOf: fc.Arbitrary<Lived> = fc.record({
  desk: fc.constantFrom('police' as const, 'maintenance' as const),
  all: fc.array(comings, { maxLength: 25 }),
});

t.test('a step moves its own axes, and its row says no more than its life', async () => {
  fc.assert(
    fc.property(comingsOf, (all) => {
      live(all, ({ alert: before }, { alert }, coming) => {
        const [was, is] = [lifeOf(before), lifeOf(alert)];
        const moved = AXES.filter((axis) => json(was[axis]) !== json(is[axis]));
        const foreign = moved.filter((axis) => !mayMove(coming).includes(axis));
        if (foreign.length > 0) throw new Error(`${json(coming)} moved ${foreign.join()}`);
        if (json(withLife(alert, is)) !== json(alert)) throw new Error('the row and its life differ');
        if (alert.version !== before.version + 1) throw new Error('each step is a version');
      });
    }),
  );
});

t.test('what is closed stays so until it is opened again, and what is open has no verdict', async () => {
  fc.assert(
    fc.property(comingsOf, (all) => {
      live(all, ({ alert: before }, { alert, event }, coming) => {
        const opens = before.handling === 'closed' && alert.handling !== 'closed';
        if (opens !== (event === 'alert.reopened')) throw new Error(`${json(coming)} opened it`);
        if ((alert.verdict !== null) !== (alert.handling === 'closed')) throw new Error('verdict and handling differ');
        if ((alert.closed_at_ms !== null) !== (alert.handling === 'closed')) throw new Error('closed without a time');
        if (alert.handling === 'closed' && alert.hidden) throw new Error('closed, and hidden still');
      });
    }),
  );
});

t.test('what runs out does so once, at its time and not before', async () => {
  fc.assert(
    fc.property(comingsOf, (all) => {
      const { alert, nowMs } = live(all, () => {});
      const atMs = lapsesAtMs(alert);
      if (atMs === null) return lapsed(alert, Number.MAX_SAFE_INTEGER).length === 0;
      if (lapsed(alert, atMs - 1).length > 0 && atMs > nowMs) return false;
      const steps = lapsed(alert, Math.max(atMs, nowMs));
      return steps.length > 0 && lapsed(steps.at(-1)!.alert, Math.max(atMs, nowMs)).length === 0;
    }),
  );
});

t.test('only what is over on the maintenance desk, and nobody has, closes itself', async () => {
  fc.assert(
    fc.property(comingsOf, (all) => {
      live(all, ({ alert: before, nowMs }, { alert }, coming) => {
        if (coming.is !== 'time' || alert.handling !== 'closed') return;
        if (before.desk === 'police' || before.condition !== 'cleared' || before.handling !== 'new') {
          throw new Error(`${json(before)} closed itself`);
        }
        if (nowMs - before.last_at_ms < 30 * MINUTE_MS) throw new Error('too soon');
      });
    }),
  );
});

t.test('times of stages are in order, and whoever is on the scene was acknowledged', async () => {
  fc.assert(
    fc.property(comingsOf, (all) => {
      live(all, (_before, { alert }) => {
        const { acked_at_ms: acked, dispatched_at_ms: left, arrived_at_ms: there, closed_at_ms: closed } = alert;
        if (left !== null && there !== null && left > there) throw new Error('there before they left');
        for (const atMs of [acked, left, there]) if (closed !== null && (atMs ?? 0) > closed) throw new Error('late');
        if (alert.handling === 'arrived' && (acked === null || there === null)) throw new Error('nobody was told');
      });
    }),
  );
});

t.test('who may not hide, or comes second, is told what to do instead', async (t) => {
  const nowMs = 50_000;
  const li = { id: 'li', name: 'Li', nowMs };
  const shelve: Deed = { does: 'shelve', forMs: MINUTE_MS, reason: 'a drill' };
  t.throws(() => step(alertRow({ severity: 'extreme' }), shelve, li), { message: /never shelved: close it instead/ });
  const hit = { watchlist: 'stolen', wanted_plate: '浙B***45' };
  t.throws(() => step(alertRow({ data: hit }), { ...shelve, does: 'snooze' }, li), { code: 'conflict.state' });
  const acked = step(alertRow(), { does: 'ack', forMs: MINUTE_MS }, li)!.alert;
  t.throws(() => step(acked, { does: 'ack' }, { ...li, id: 'wang' }), {
    message: /by Li at 1970-01-01T00:00:50.000Z, until 1970-01-01T00:01:50.000Z. Assign it to take it over/,
  });
  const closed = step(acked, { does: 'close', verdict: 'drill' }, li)!.alert;
  t.throws(() => step(closed, { does: 'dispatch', unit: '110-1' }, li), { message: /closed by Li. Reopen it/ });
  t.equal(step(closed, { does: 'close', verdict: 'drill' }, li), null, 'again it says nothing new');
  t.match(lifeOf(closed), { truth: { is: 'test', as: 'drill' }, condition: { is: 'firing' } });
});
