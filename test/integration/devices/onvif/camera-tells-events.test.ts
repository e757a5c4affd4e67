import t from 'tap';
import { readAll } from '../../../support/ingest/journal.ts';
import { followCamera } from '../../../support/streams/camera-loop.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';
import { until } from '../../../support/time/until.ts';

/** They mostly wait. */
const sideBySide = () => ({ buffered: true });
t.jobs = 6;

t.test('what a camera notices is in the journal, in its order and in our words', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  for (const [index, onvifAuth] of (['wsse', 'digest'] as const).entries()) {
    const reference = index === 0 ? ('path' as const) : ('parameter' as const);
    const camera = await cameras.start({ address: `127.64.40.${index + 1}`, onvifAuth, events: { reference } });
    const followed = await followCamera(t, camera);
    await until('the camera is subscribed to', () => followed.counts.subscribed === 1);
    const beforeMs = Date.now();
    camera.notices('motion', true);
    camera.notices('motion', false);
    camera.notices('tamper', true);
    camera.notices('input', true);
    camera.notices('signal-loss', true);
    camera.lineCrossed('15');
    camera.events.raise({ topic: 'tns1:Device/Nobody/Knows', source: {}, data: { State: 'true' }, property: false });
    await until('six events', async () => (await followed.told()).length === 6);
    const told = await followed.told();
    const source = 'VideoSource_1';
    t.match(told, [
      { type: 'motion', data: { active: true, source, rule: 'MyMotionDetectorRule' } },
      { type: 'motion', data: { active: false } },
      { type: 'tamper', data: { active: true, source } },
      { type: 'digital_input', data: { active: true, input: 'Input_1' } },
      { type: 'video_loss', data: { active: true, source } },
      { type: 'line_crossing', data: { source, rule: 'MyLine', object_id: '15' } },
    ]);
    t.equal(new Set(told.map(({ id }) => id)).size, 6, 'each with an id of its own');
    // Cameras tell whole seconds.
    t.ok(told.every(({ ts }) => ts !== undefined && ts >= beforeMs - 1_000 && ts <= Date.now()));
    const [first] = await readAll(followed.journal);
    t.match(first, { uplink: 'onvif', channel: 'event', topic: 'onvif/RuleEngine/CellMotionDetector/Motion' });
    t.equal(first?.device.id, camera.id);
    t.equal(await followed.count('messages', 'unknown_topic'), 1, 'what nobody knows is counted, not stored');
    await followed.loop.stop();
    await followed.loop.unsubscribe();
    t.equal(camera.events.subscriptions, 0, 'and the camera is told when it is over');
  }
});

t.test(
  'nothing more is asked for while an event is not durable, and nothing is lost meanwhile',
  sideBySide(),
  async (t) => {
    const cameras = await startCameras(t);
    const camera = await cameras.start({ address: '127.64.40.3' });
    let full = true;
    let asked = 0;
    const gate = async (): Promise<void> => {
      asked += 1;
      if (full) throw new Error('the journal is full');
    };
    // A term so short that it ends while the journal is full, unless it is renewed.
    const followed = await followCamera(t, camera, { gate, times: { termMs: 4_000 } });
    await until('the camera is subscribed to', () => followed.counts.subscribed === 1);
    camera.notices('motion', true);
    await until('the journal refuses', () => asked >= 2);
    const { pulls } = camera.events.counts;
    for (const active of [false, true, false]) camera.notices('motion', active);
    const renewals = (): number => camera.requests.filter((operation) => operation === 'Renew').length;
    await until('the subscription is kept alive', () => renewals() >= 1);
    t.equal(camera.events.counts.pulls, pulls, 'no pull while an event is owed');
    t.same(await followed.told(), []);
    full = false;
    await until('four events', async () => (await followed.told()).length === 4);
    t.same(
      (await followed.told()).map(({ data }) => data.active),
      [true, false, true, false],
    );
    t.equal(camera.events.counts.subscriptions, 1);
  },
);

t.test('what is told again is no second event', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.4' });
  const first = await followCamera(t, camera);
  await until('the camera is subscribed to', () => first.counts.subscribed === 1);
  camera.notices('motion', true);
  camera.notices('tamper', true);
  await until('two events', async () => (await first.told()).length === 2);
  camera.events.loseSubscriptions();
  await until('it is subscribed to again', () => camera.events.counts.subscriptions >= 2);
  camera.notices('motion', false);
  await until('the end of the motion', async () => (await first.told()).length === 3);
  t.ok((await first.count('messages', 'unchanged')) >= 2, 'the camera did tell what we knew');

  await first.loop.stop();
  camera.notices('tamper', false);
  const later = await followCamera(t, camera, { active: first.active(), journal: first.journal });
  await until('what ended meanwhile has ended', async () => (await later.told()).length === 4);
  t.match((await later.told()).at(-1), { type: 'tamper', data: { active: false } });
});

t.test('a camera that has ever more to tell is not asked faster than its share', sideBySide(), async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.5' });
  const times = { messageMs: 30, burstMs: 0 };
  const clock = new ManualClock();
  const followed = await followCamera(t, camera, { times, clock });
  await passTime(clock, () => followed.counts.subscribed === 1);
  const { counts } = camera.events;
  for (let pull = 1; pull <= 3; pull += 1) {
    const before = counts.messages;
    for (let sent = 0; sent < 50; sent += 1) camera.lineCrossed(`${pull}-${sent}`);
    await passTime(clock, () => counts.messages > before);
    await until('all are in the journal', async () => (await followed.told()).length === counts.messages);
    const { messages } = counts;
    const owedMs = (messages - before) * times.messageMs;
    camera.lineCrossed(`${pull}-again`);
    await turns();
    await clock.advance(owedMs - 100);
    t.equal(counts.messages, messages, `not asked again for ${owedMs} ms after ${messages - before} messages`);
  }
});
