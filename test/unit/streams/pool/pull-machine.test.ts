import fc from 'fast-check';
import t from 'tap';
import { Machine } from '../../../../src/core/mechanisms/machine.ts';
import {
  PULL_TIMES,
  type PullEffect,
  type PullInput,
  type PullState,
  pullStep,
} from '../../../../src/streams/pool/pull-machine.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';

const failure = new StreamFailure('unreachable');
const ended: PullInput = { type: 'ended', failure };

function machine(): { send: (...inputs: PullInput[]) => PullEffect[]; state: () => PullState } {
  let effects: PullEffect[] = [];
  const one = new Machine<PullState, PullInput, PullEffect>({ name: 'idle' }, pullStep(PULL_TIMES), (effect) => {
    effects.push(effect);
  });
  return {
    send: (...inputs) => {
      effects = [];
      for (const input of inputs) one.send(input);
      return effects;
    },
    state: () => one.state,
  };
}

const kinds = (effects: PullEffect[]) =>
  effects.map((effect) => ('timer' in effect ? `${effect.type} ${effect.timer}` : effect.type));

t.test('the first viewer opens, the first fragment makes it live, idleness closes', async (t) => {
  const { send, state } = machine();
  t.same(send({ type: 'wanted' }), [{ type: 'open', failures: 0 }], 'it may wait for its turn as long as that takes');
  t.same(kinds(send({ type: 'begun' })), ['set first']);
  t.same(kinds(send({ type: 'fragment' })), ['clear first', 'set watchdog', 'set steady']);
  t.equal(state().name, 'live');
  t.same(kinds(send({ type: 'unwanted' })), ['set grace']);
  t.match(send({ type: 'timer', timer: 'grace' }).at(-1), { type: 'close', cause: 'unwanted' });
  t.equal(state().name, 'closing');
  send(ended);
  t.equal(state().name, 'idle');
});

t.test('a viewer who returns in time keeps it open', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' }, { type: 'fragment' }, { type: 'unwanted' });
  t.same(kinds(send({ type: 'wanted' })), ['clear grace']);
  t.equal(state().name, 'live');
});

t.test('a viewer who comes while it is closing has it opened again', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' }, { type: 'fragment' }, { type: 'unwanted' }, { type: 'timer', timer: 'grace' });
  t.same(kinds(send({ type: 'wanted' })), ['clear grace']);
  t.ok(kinds(send(ended)).includes('open'));
  t.equal(state().name, 'starting');
});

t.test('a viewer who comes and goes while it is closing leaves nothing open', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' }, { type: 'fragment' }, { type: 'unwanted' }, { type: 'timer', timer: 'grace' });
  send({ type: 'wanted' }, { type: 'unwanted' });
  t.notOk(kinds(send(ended)).includes('open'));
  t.equal(state().name, 'idle');
});

t.test('a dead camera is tried ever more slowly, to 30 s and no further', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' });
  const pauses: number[] = [];
  for (let n = 0; n < 10; n += 1) {
    const pause = send(ended).find((effect) => effect.type === 'set-jittered');
    pauses.push(pause?.type === 'set-jittered' ? pause.ms : 0);
    t.equal(state().name, 'backoff');
    t.same(send({ type: 'timer', timer: 'backoff' }), [{ type: 'open', failures: n + 1 }]);
  }
  t.same(pauses.slice(0, 9), [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

t.test('ten good seconds forgive earlier failures, one fragment does not', async (t) => {
  const { send } = machine();
  const pauseMs = () => {
    const pause = send(ended).find((effect) => effect.type === 'set-jittered');
    return pause?.type === 'set-jittered' ? pause.ms : 0;
  };
  send({ type: 'wanted' });
  pauseMs();
  send({ type: 'timer', timer: 'backoff' }, { type: 'fragment' });
  t.equal(pauseMs(), 500, 'flapping');
  send({ type: 'timer', timer: 'backoff' }, { type: 'fragment' }, { type: 'timer', timer: 'steady' });
  t.equal(pauseMs(), 250, 'steady');
});

t.test('deadline and watchdog close the run, once the run is over it is tried again', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' });
  t.match(send({ type: 'timer', timer: 'first' }), [{ type: 'close', cause: 'overdue' }]);
  send(ended);
  t.equal(state().name, 'backoff');
  send({ type: 'timer', timer: 'backoff' }, { type: 'fragment' });
  t.match(send({ type: 'timer', timer: 'watchdog' }), [{ type: 'close', cause: 'stalled' }]);
});

t.test('whatever happens, there is never more than one run, and each run ends before the next begins', async () => {
  const input = fc.constantFrom<PullInput>(
    { type: 'wanted' },
    { type: 'unwanted' },
    { type: 'begun' },
    { type: 'fragment' },
    { type: 'back' },
    ended,
    { type: 'timer', timer: 'first' },
    { type: 'timer', timer: 'watchdog' },
    { type: 'timer', timer: 'steady' },
    { type: 'timer', timer: 'grace' },
    { type: 'timer', timer: 'backoff' },
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
      const { send, state } = machine();
      let running = 0;
      for (const one of inputs) {
        // Fragments and ends come only from a run that is there.
        if ((one.type === 'ended' || one.type === 'fragment') && running === 0) continue;
        if (one.type === 'ended') running -= 1;
        for (const effect of send(one)) {
          if (effect.type === 'open') running += 1;
          if (effect.type === 'close' && running !== 1) return false;
        }
        const open = ['starting', 'live', 'closing'].includes(state().name);
        if (running !== (open ? 1 : 0)) return false;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
});

t.test('where the camera itself was not asked, it is soon tried again however often that failed', async (t) => {
  for (const reason of ['elsewhere', 'no-lease'] as const) {
    const { send } = machine();
    send({ type: 'wanted' });
    let longestMs = 0;
    for (let n = 0; n < 20; n += 1) {
      const backoff = send({ type: 'ended', failure: new StreamFailure(reason) }).at(-1);
      if (backoff?.type === 'set-jittered') longestMs = Math.max(longestMs, backoff.ms);
      send({ type: 'timer', timer: 'backoff' });
    }
    t.equal(longestMs, 5_000, reason);
  }
});

t.test('a camera that answers again is not left waiting for its next try', async (t) => {
  const { send, state } = machine();
  send({ type: 'wanted' });
  for (let n = 0; n < 8; n += 1) send(ended, { type: 'timer', timer: 'backoff' });
  send(ended);
  t.same(kinds(send({ type: 'back' })), ['clear backoff', 'open']);
  t.match(state(), { name: 'starting', failures: 1 }, 'behind those that never failed');
  t.same(send({ type: 'back' }), [], 'once');
  send({ type: 'fragment' });
  t.same(send({ type: 'back' }), []);
  t.equal(state().name, 'live');
});
