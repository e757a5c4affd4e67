import fc from 'fast-check';
import t from 'tap';
import { DEVICE_STATES, type DeviceState } from '../../../src/core/types.ts';
import { FIRST_STATES, isStanding, LIFE, mayStep, stepsFrom } from '../../../src/devices/life/life.ts';

/** The straight way of a life. */
const WAY: DeviceState[] = ['planned', 'installed', 'accepted', 'in-service'];
const WAYS = ['said', 'acceptance', 'maintenance', 'retiring'] as const;

t.test('a life goes one step at a time', async (t) => {
  for (const [index, from] of WAY.entries()) {
    for (const to of WAY.slice(index + 1)) {
      const by = to === 'accepted' ? 'acceptance' : 'said';
      t.equal(mayStep(from, to, by), WAY.indexOf(to) === index + 1);
    }
  }
  t.strictSame(stepsFrom('installed', 'said'), ['planned'], 'accepted wants a record');
  t.strictSame(stepsFrom('in-service', 'maintenance'), ['maintenance']);
  t.strictSame(stepsFrom('maintenance', 'said'), [], 'a maintenance ends with itself, not by saying so');
  t.notOk(mayStep('planned', 'maintenance', 'maintenance'), 'what does not serve is not in maintenance');
});

t.test('whatever steps are tried, a life stays one', async () => {
  const tries = fc.array(fc.record({ to: fc.constantFrom(...DEVICE_STATES), by: fc.constantFrom(...WAYS) }));
  fc.assert(
    fc.property(fc.constantFrom(...FIRST_STATES), tries, (first, steps) => {
      let state: DeviceState = first;
      for (const { to, by } of steps) {
        if (!mayStep(state, to, by)) continue;
        // Each step has one way, nothing leaves what is retired, and only what serves goes into maintenance.
        if (WAYS.filter((way) => mayStep(state, to, way)).length !== 1) return false;
        if (state === 'retired' || to === state) return false;
        if (to === 'maintenance' && state !== 'in-service') return false;
        if (state === 'installed' && to === 'accepted' && by !== 'acceptance') return false;
        if (to === 'in-service' && state !== 'accepted' && state !== 'maintenance') return false;
        state = to;
      }
      return state === 'retired' || mayStep(state, 'retired', 'retiring');
    }),
  );
});

t.test('every state can be reached, and only a plan and what is gone do not stand', async (t) => {
  const reached = new Set<DeviceState>(FIRST_STATES);
  for (const from of reached) for (const to of Object.keys(LIFE[from])) reached.add(to as DeviceState);
  t.strictSame([...reached].sort(), [...DEVICE_STATES].sort());
  t.strictSame(
    DEVICE_STATES.filter((state) => !isStanding(state)),
    ['planned', 'retired'],
  );
});
