import fc from 'fast-check';
import t from 'tap';
import { CitywatchError } from '../../../../../src/core/errors.ts';
import { type BreakerState, breakerStep, CLOSED } from '../../../../../src/devices/onvif/gate/breaker.ts';
import { CAMERA_GATE, CameraGate } from '../../../../../src/devices/onvif/gate/camera-gate.ts';
import { type FailureReason, OutboundFailure } from '../../../../../src/platform/outbound/outbound.ts';
import { quietObserver } from '../../../../support/services/services.ts';
import { ManualClock } from '../../../../support/time/clock.ts';
import { turns } from '../../../../support/time/turns.ts';

const OK = { status: 500, headers: {}, body: Buffer.alloc(0) };

/** Cameras that answer, fail or hang as they are told, behind a gate. */
function world(limits: Partial<typeof CAMERA_GATE> = {}) {
  const clock = new ManualClock();
  const observer = quietObserver();
  const waiting: { url: string; end: (how: FailureReason | 'ok') => void }[] = [];
  let way: FailureReason | 'ok' | 'hang' = 'ok';
  const sent: string[] = [];
  const fail = (reason: FailureReason): never => {
    throw new CitywatchError('outbound.failed', { cause: new OutboundFailure(reason) });
  };
  const http = async ({ url }: { url: string }): Promise<typeof OK> => {
    sent.push(url);
    const how = way === 'hang' ? await new Promise<FailureReason | 'ok'>((end) => waiting.push({ url, end })) : way;
    return how === 'ok' ? OK : fail(how);
  };
  const gate = new CameraGate({ outbound: { http }, clock, observer, random: () => 1 }, { ...CAMERA_GATE, ...limits });
  const ask = (host: string, who: 'machines' | 'people' = 'machines', more: object = {}) =>
    gate[who]
      .http({
        url: `http://${host}/onvif`,
        method: 'POST',
        deadlineMs: 5_000,
        maxBytes: 1,
        networks: 'services',
        ...more,
      })
      .then(
        () => 'answered',
        (error: CitywatchError & { problem?: string }) =>
          error.problem ?? (error.cause as OutboundFailure | undefined)?.reason ?? 'thrown',
      );
  const metric = async (name: string) =>
    (await observer.metrics.getSingleMetric(name)!.get()).values.reduce((sum, { value }) => sum + value, 0);
  return { clock, sent, waiting, ask, metric, now: (next: typeof way) => (way = next) };
}

t.test('after five failures in a row it is left alone, longer each time, ten seconds at most', async (t) => {
  const { ask, now, sent, clock, metric } = world();
  now('timeout');
  for (let failure = 0; failure < 5; failure += 1) t.equal(await ask('10.0.0.1'), 'timeout');
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    t.equal(await ask('10.0.0.1'), 'paused');
    t.equal(await metric('citywatch_camera_breakers_open'), 1);
    await clock.advance(pauseMs - 1);
    t.equal(await ask('10.0.0.1'), 'paused');
    await clock.advance(1);
    const before = sent.length;
    t.equal(await ask('10.0.0.1'), 'timeout', `tried again after ${pauseMs} ms`);
    t.equal(sent.length, before + 1);
  }
  t.equal(await ask('10.0.0.2'), 'timeout', 'its neighbour is asked as ever');
  await clock.advance(10_000);
  now('ok');
  t.equal(await ask('10.0.0.1'), 'answered', 'whatever it answers');
  t.equal(await metric('citywatch_camera_breakers_open'), 0);
  now('timeout');
  for (let failure = 0; failure < 5; failure += 1) t.equal(await ask('10.0.0.1'), 'timeout', 'counted anew');
  t.equal(await ask('10.0.0.1'), 'paused');
});

t.test('one tries while the others wait for what it finds', async (t) => {
  const { ask, now, waiting, clock } = world();
  now('unreachable');
  for (let failure = 0; failure < 5; failure += 1) await ask('10.0.0.1');
  await clock.advance(1_000);
  now('hang');
  const trial = ask('10.0.0.1');
  await turns();
  t.equal(await ask('10.0.0.1'), 'paused');
  t.equal(await ask('10.0.0.1', 'people'), 'paused', 'a second one at once tells nothing more');
  waiting.shift()!.end('ok');
  t.equal(await trial, 'answered');
  now('ok');
  t.equal(await ask('10.0.0.1'), 'answered');
});

t.test('what a person waits for is tried all the same, and its success lets all others in', async (t) => {
  const { ask, now } = world();
  now('reset');
  for (let failure = 0; failure < 5; failure += 1) await ask('10.0.0.1');
  t.equal(await ask('10.0.0.1'), 'paused');
  t.equal(await ask('10.0.0.1', 'people'), 'reset');
  now('ok');
  t.equal(await ask('10.0.0.1'), 'paused');
  t.equal(await ask('10.0.0.1', 'people'), 'answered');
  t.equal(await ask('10.0.0.1'), 'answered');
});

t.test('what is our own doing is no failure of the camera', async (t) => {
  const { ask, now } = world();
  for (const reason of ['busy', 'aborted'] as const) {
    now(reason);
    for (let failure = 0; failure < 10; failure += 1) t.equal(await ask('10.0.0.1'), reason);
  }
});

t.test('so many requests are under way in one subnet, and who comes first is served first', async (t) => {
  const { ask, now, waiting, sent, clock, metric } = world({ perSubnet: 2, forPeople: 1, waitingMax: 2 });
  now('hang');
  const asked = [1, 2, 3, 4].map((number) => ask(`10.0.0.${number}`));
  await turns();
  t.equal(sent.length, 2);
  t.equal(await metric('citywatch_camera_requests_waiting'), 2);
  t.equal(await ask('10.0.0.5'), 'busy', 'more do not even wait');
  const poll = ask('10.0.0.6', 'machines', { polls: true });
  const other = ask('10.0.1.1');
  await turns();
  t.same(
    sent.slice(2),
    ['http://10.0.0.6/onvif', 'http://10.0.1.1/onvif'],
    'polls and other subnets are counted apart',
  );
  const person = ask('10.0.0.7', 'people');
  await turns();
  t.equal(sent.at(-1), 'http://10.0.0.7/onvif', 'a person has a place beside those');
  waiting.pop()!.end('ok');
  t.equal(await person, 'answered');
  await turns();
  t.equal(sent.at(-1), 'http://10.0.0.7/onvif', "and that is nobody else's");
  waiting[0]!.end('ok');
  t.equal(await asked[0], 'answered');
  await turns();
  t.equal(sent.at(-1), 'http://10.0.0.3/onvif');
  await clock.advance(5_000);
  t.equal(await asked[3], 'busy', 'waiting counts into the time of a request');
  for (const one of waiting) one.end('ok');
  t.same(await Promise.all([asked[1], asked[2], poll, other]), Array(4).fill('answered'));
  t.equal(await metric('citywatch_camera_requests'), 0);
  t.equal(await metric('citywatch_camera_requests_waiting'), 0);
});

t.test('only so many addresses are remembered', async (t) => {
  const { ask, now, metric } = world({ addressesMax: 3 });
  now('timeout');
  for (let number = 1; number <= 5; number += 1)
    for (let failure = 0; failure < 5; failure += 1) await ask(`10.0.0.${number}`);
  t.equal(await metric('citywatch_camera_breakers_open'), 3);
  t.equal(await ask('10.0.0.1'), 'timeout', 'the one that was forgotten is asked as ever');
  t.equal(await ask('10.0.0.5'), 'paused');
});

t.test('whatever happens, one answer closes it and nobody is refused for longer than the longest pause', async () => {
  const step = breakerStep({ failuresMax: 5, pauseMs: (more) => Math.min(10_000, 1_000 * 2 ** more) });
  const event = fc.record({
    what: fc.constantFrom('asked', 'forced', 'answered', 'failed', 'dropped'),
    afterMs: fc.nat(12_000),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let [state, atMs, trials]: [BreakerState, number, number] = [CLOSED, 0, 0];
      for (const { what, afterMs } of events) {
        atMs += afterMs;
        if (what === 'asked' || what === 'forced') {
          const next = step(state, { type: 'asked', atMs, forced: what === 'forced' });
          const [effect] = next.effects;
          if (effect?.type === 'refuse' && !(effect.forMs > 0 && effect.forMs <= 10_000)) return false;
          if (effect?.type === 'go' && state.type !== 'closed') trials += 1;
          if (trials > 1) return false;
          state = next.state;
          continue;
        }
        // What ends was under way: without a trial only a closed one has such.
        if (state.type === 'open') continue;
        trials = 0;
        state = step(
          state,
          what === 'answered' ? { type: 'answered' } : { type: what as 'failed' | 'dropped', atMs },
        ).state;
        if (what === 'answered' && state !== CLOSED) return false;
      }
      return true;
    }),
  );
});
