import type { Test } from 'tap';
import { sealTarget } from '../../../src/alerts/route/secrets.ts';
import type { Destination, SendResult, Sink, SinkDeps, SinkEntry, SinkType } from '../../../src/alerts/sinks/sink.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { quietObserver } from '../services/services.ts';
import { type Answer, BUSY_S, NEEDED_ANSWERS, SINK_WORLDS, type SinkWorld } from './sink-worlds.ts';

/** Deadlines come a hundred times sooner while `isHasty`: for answers that never come, and for no other. */
class Deadlines {
  isHasty = false;
  readonly clock: Clock = {
    ...systemClock,
    after: (ms, run) => systemClock.after(this.isHasty ? ms / 100 : ms, run),
  };
}

const NEVER_END: ReadonlySet<Answer> = new Set(['says nothing', 'raves']);

const ENTRY: SinkEntry = {
  id: 'msg_1_2',
  event: 'event-1',
  type: 'alert.opened',
  at: '2026-11-21T08:00:00.000Z',
  alert: { id: 'alert-1', severity: 'extreme', title: { en: 'Fire', zh: '起火' } },
};

type Outcome = SendResult['outcome'];

const MEANS: Record<Answer, Outcome> = {
  taken: 'taken',
  gone: 'gone',
  failed: 'failed',
  busy: 'failed',
  hopeless: 'failed',
  'hangs up': 'failed',
  'says nothing': 'failed',
  raves: 'failed',
};

/** What every sink must do, whatever its protocol: the contract of src/alerts/sinks/sink.ts as tests. */
export async function conforms(t: Test, type: SinkType): Promise<void> {
  const deadlines = new Deadlines();
  const deps = depsOf(t, deadlines.clock);
  const start = SINK_WORLDS[type.type];
  if (!start)
    throw new Error(`there is no world for the sink ${type.type}: add it to test/support/alerts/sink-worlds.ts`);
  const world = await start(t);
  const sink = type.open(world.settings, deps);
  t.equal(sink.type, type.type);
  t.same(Object.keys(world.settings), Object.keys(type.settings), 'its world sets each of its settings');
  t.ok(Array.isArray(await type.check(world.settings, { signal: AbortSignal.timeout(5_000) })), 'doctor may look');
  const to = destinationOf(sink, world);
  t.test('it says what its target is, and what of it is secret', async (t) => describes(t, sink, world));
  t.test('it refuses a target that may not be contacted', async (t) => refuses(t, sink, world));
  t.test('each answer means one thing, and no secret is told', async (t) => answers(t, sink, { world, to, deadlines }));
  t.test('a second try is the first one over again', async (t) => repeats(t, sink, { world, to }));
  t.test('destinations of one key answer alike', async (t) => keys(t, sink, to));
  t.test('a test is no entry', async (t) => probes(t, sink, { world, to }));
  t.test('nobody there is a failure that may pass', async (t) => misses(t, sink, { world, to }));
}

interface Place {
  world: SinkWorld;
  to: Destination;
}

function depsOf(t: Test, clock: Clock): SinkDeps {
  const outbound = new Outbound({ clock, observer: quietObserver() });
  t.teardown(() => outbound.close());
  return { clock, outbound, webhooks: { cidrs: ['127.0.0.0/8'], names: 'webhooks' } };
}

function destinationOf(sink: Sink, world: SinkWorld): Destination {
  return sealTarget({ seal: (text) => text, open: (text) => text }, sink, world.target);
}

async function describes(t: Test, sink: Sink, { target }: SinkWorld): Promise<void> {
  t.match(sink.type, /^[a-z][a-z0-9-]{0,31}$/);
  const fields = Object.keys(sink.schema.shape);
  t.same(
    sink.secretFields.filter((field) => !fields.includes(field) || typeof target[field] !== 'string'),
    [],
    'secret fields are texts of the schema',
  );
  t.ok(sink.schema.safeParse(target).success);
  t.notOk(sink.schema.safeParse({ ...target, nonsense: 1 }).success, 'an unknown field is refused');
  t.notOk(sink.schema.safeParse({}).success);
  if (!sink.ownSecret) return;
  const { field, make } = sink.ownSecret;
  t.ok(sink.secretFields.includes(field));
  const { [field]: _left, ...without } = target;
  t.ok(sink.schema.safeParse(without).success, 'the secret that is made here may be left out');
  t.ok(sink.schema.safeParse({ ...without, [field]: make() }).success, 'and what is made fits');
  t.not(make(), make());
}

async function refuses(t: Test, sink: Sink, { target, forbidden }: SinkWorld): Promise<void> {
  await t.resolves(sink.check(target));
  for (const each of forbidden) await t.rejects(sink.check(each), { code: 'outbound.refused' });
}

async function answers(t: Test, sink: Sink, { world, to, deadlines }: Place & { deadlines: Deadlines }): Promise<void> {
  const missing = NEEDED_ANSWERS.filter((how) => !world.answers.includes(how));
  t.same(missing, [], 'its world gives each answer that the other side of any protocol may give');
  const results: SendResult[] = [];
  for (const how of world.answers) {
    world.answer(how);
    deadlines.isHasty = NEVER_END.has(how);
    const result = await sink.send(ENTRY, to);
    results.push(result);
    t.equal(result.outcome, MEANS[how], how);
    if (result.outcome !== 'taken') t.match(result.reason, /^\S.*\S$/, `${how}: says why, in one line`);
    if (result.outcome !== 'failed') continue;
    t.equal(result.retryable, how !== 'hopeless', how);
    t.equal(result.retryAfterMs, how === 'busy' ? BUSY_S * 1000 : null, how);
  }
  deadlines.isHasty = false;
  noSecretIn(t, JSON.stringify(results), to);
}

async function repeats(t: Test, sink: Sink, { world, to }: Place): Promise<void> {
  // An id of its own: what was given up before may still arrive.
  const entry = { ...ENTRY, id: 'msg_1_again' };
  for (const how of ['hangs up', 'busy', 'taken'] as const) {
    world.answer(how);
    await sink.send(entry, to);
  }
  const tries = world.arrived.filter(({ id }) => id === entry.id);
  t.equal(tries.length, 3, 'under the one id that it was given');
  t.equal(new Set(tries.map(({ body }) => body)).size, 1, 'byte for byte');
  world.answer('taken');
  await sink.send({ ...ENTRY, id: 'msg_1_3' }, to);
  t.equal(world.arrived.at(-1)?.id, 'msg_1_3');
}

async function keys(t: Test, sink: Sink, to: Destination): Promise<void> {
  const key = sink.endpoint(to);
  t.equal(key, sink.endpoint(structuredClone(to)));
  for (const [field, values] of Object.entries(to.secrets)) {
    const other = { ...to, secrets: { ...to.secrets, [field]: values.map((value) => `${value}x`) } };
    t.not(key, sink.endpoint(other), `who has another ${field} holds up nobody`);
  }
  noSecretIn(t, key, to);
}

async function probes(t: Test, sink: Sink, { world, to }: Place): Promise<void> {
  const before = world.arrived.length;
  const probe = { id: 'test_1', at: ENTRY.at };
  world.answer('taken');
  t.equal((await sink.test(probe, to)).outcome, 'taken');
  world.answer('gone');
  const end = world.answers.includes('gone') ? 'gone' : 'failed';
  t.equal((await sink.test(probe, to)).outcome, end);
  const [first] = world.arrived.slice(before);
  t.equal(first?.id, probe.id);
  t.notMatch(first?.body, 'alert.opened');
}

async function misses(t: Test, sink: Sink, { world, to }: Place): Promise<void> {
  await world.down();
  const result = await sink.send(ENTRY, to);
  t.match(result, { outcome: 'failed', retryable: true, retryAfterMs: null, status: null });
  noSecretIn(t, JSON.stringify(result), to);
  t.equal((await sink.test({ id: 'test_2', at: ENTRY.at }, to)).outcome, 'failed');
}

function noSecretIn(t: Test, text: string, { secrets }: Destination): void {
  for (const value of Object.values(secrets).flat()) t.notMatch(text, value);
}
