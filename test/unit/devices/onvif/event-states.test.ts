import fc from 'fast-check';
import t from 'tap';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { EventStates } from '../../../../src/devices/onvif/event-states.ts';
import { meaningOf, TOPICS } from '../../../../src/devices/onvif/event-topics.ts';
import type { Notification } from '../../../../src/devices/onvif/notifications.ts';
import { payloadOf } from '../../../../src/ingest/uplinks/onvif/camera-events.ts';
import { KINDS_DIRECTORY } from '../../../support/devices/registry.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';

const AT = '2026-01-02T03:04:05Z';
const AT_MS = Date.parse(AT);

function notification(over: Partial<Notification> = {}): Notification {
  return {
    topic: 'VideoSource/MotionAlarm',
    utcTime: AT,
    atMs: AT_MS,
    operation: 'Changed',
    key: [],
    source: [['Source', 'eye-1']],
    data: [['State', 'true']],
    ...over,
  } as Notification;
}

const told = (states: EventStates, ...notifications: Notification[]) =>
  states.take(notifications, AT_MS).events.map(({ type, data }) => `${type} ${data.active ?? 'once'}`);
const initialized = (state: string) => notification({ operation: 'Initialized', data: [['State', state]] });
const changed = (state: string) => notification({ data: [['State', state]] });

t.test('every known topic gives an event that its kind takes', async (t) => {
  const camera = (await Kinds.load(KINDS_DIRECTORY)).latest('camera');
  const device = { id: 'c', kind: 'camera', kindVersion: camera?.version ?? 0, jurisdiction: '330203' };
  for (const { topic, event, value } of TOPICS) {
    const named = topic.replace('*', 'ImagingService');
    const data = [[value[0] ?? 'ObjectId', 'true'] as const];
    const source = [['VideoSourceConfigurationToken', 'eye'] as const, ['Rule', 'r'] as const];
    const { events, ignored } = new EventStates().take([notification({ topic: named, data, source })], AT_MS);
    t.equal(events[0]?.type, event, topic);
    t.same(ignored, { unknown: 0, unchanged: 0, unreadable: 0 });
    const message = storedMessage(JSON.stringify(payloadOf(events[0]!)), {
      channel: 'event',
      device,
      receivedAtMs: AT_MS,
    });
    const { records, refusals } = decodeMessage(message, camera);
    t.same(refusals, [], topic);
    t.match(records, [{ type: 'event', event, atMs: AT_MS, clock: 'device' }]);
  }
  t.equal(meaningOf('RuleEngine/*'), undefined);
  t.equal(meaningOf('Monitoring/ProcessorUsage'), undefined);
});

t.test('only what changes is an event', async (t) => {
  const states = new EventStates();
  t.same(told(states, initialized('false')), [], 'how it is at first is no event');
  t.same(told(states, changed('true'), changed('1'), initialized('true')), ['motion true']);
  t.same(told(states, changed('0'), initialized('false'), changed('false')), ['motion false']);
  t.same(told(states, initialized('true')), ['motion true'], 'it began while nobody listened');
  t.same(told(states, initialized('false')), ['motion false'], 'and ended so');
  t.same(told(new EventStates(), initialized('true')), ['motion true']);
  t.same(told(new EventStates(), changed('false')), ['motion false']);
});

t.test('a source that is deleted has ended', async (t) => {
  const states = new EventStates();
  const deleted = notification({ operation: 'Deleted' });
  t.same(told(states, deleted), []);
  t.same(told(states, changed('true'), deleted, deleted), ['motion true', 'motion false']);
  t.same(states.active(), []);
  t.same(told(states, initialized('false')), []);
});

t.test('sources, rules and keys are apart', async (t) => {
  const states = new EventStates();
  const at = (source: string) => notification({ source: [['Source', source]] });
  const keyed = notification({ key: [['ObjectId', '1']] });
  t.equal(told(states, at('a'), at('b'), at('a'), keyed).length, 3);
});

t.test('what a restart remembers is neither raised again nor forgotten', async (t) => {
  const before = new EventStates();
  before.take([changed('true'), notification({ topic: 'VideoSource/SignalLoss' })], AT_MS);
  const after = new EventStates(before.active());
  t.same(told(after, initialized('true')), []);
  t.same(
    told(
      after,
      notification({ topic: 'VideoSource/SignalLoss', operation: 'Initialized', data: [['State', 'false']] }),
    ),
    ['video_loss false'],
  );
});

t.test('a line is crossed as often as it is told', async (t) => {
  const crossed = (data: Notification['data'], operation: Notification['operation'] = null) =>
    notification({ topic: 'RuleEngine/LineDetector/Crossed', data, operation });
  const states = new EventStates();
  t.equal(told(states, crossed([['ObjectId', '1']]), crossed([['ObjectId', '2']])).length, 2);
  t.same(told(states, crossed([['ObjectId', '1']], 'Initialized')), [], 'not how it was before we listened');
  const asProperty = (state: string) =>
    notification({ topic: 'RuleEngine/CellMotionDetector/LineCross', data: [['IsLineCross', state]] });
  t.same(told(states, asProperty('true'), asProperty('false')), ['line_crossing once']);
});

t.test('what cannot be read is counted and is no event', async (t) => {
  const data = [
    [['State', 'maybe']],
    [],
    [
      ['A', 'true'],
      ['B', 'true'],
    ],
  ] as unknown as Notification['data'][];
  const unreadable = data.map((items) => notification({ data: items }));
  const unknown = [notification({ topic: null }), notification({ topic: 'Nobody/Knows' })];
  const { events, ignored } = new EventStates().take([...unreadable, ...unknown], AT_MS);
  t.same(events, []);
  t.same(ignored, { unknown: 2, unchanged: 0, unreadable: 3 });
});

t.test('the id of an event depends on what the camera said, and on nothing else', async (t) => {
  const idOf = (...notifications: Notification[]) =>
    new EventStates().take(notifications, AT_MS).events.map((event) => payloadOf(event).id);
  t.same(idOf(changed('true')), idOf(initialized('true')), 'told again under another operation');
  t.notSame(idOf(changed('true')), idOf(notification({ utcTime: '2026-01-02T03:04:06Z' })));
  t.notSame(idOf(changed('true')), idOf(notification({ source: [['Source', 'eye-2']] })));
  t.notSame(idOf(changed('true')), idOf(notification({ topic: 'VideoSource/SignalLoss' })));
  const flicker = [changed('true'), changed('false'), changed('true'), changed('false')];
  t.equal(new Set(idOf(...flicker)).size, 4, 'four changes within one tick of the clock are four events');
  t.same(idOf(...flicker), idOf(...flicker), 'and the same four when they are told again');
  t.notSame(idOf(notification({ utcTime: null, atMs: null })), idOf(notification({ utcTime: null, atMs: null })));
  t.match(idOf(changed('true')), [/^onvif-[0-9a-f]{32}$/]);
  const clockless = () => notification({ utcTime: '1970-01-01T00:00:09Z', atMs: 9_000 });
  t.notSame(idOf(clockless()), idOf(clockless()), 'a clock that begins anew at each power cut names no event');
});

t.test('whatever is told: changes alternate, per source, and memory is bounded', async () => {
  const any = fc.record({
    topic: fc.constantFrom('VideoSource/MotionAlarm', 'Device/Trigger/DigitalInput', 'VideoSource/SignalLoss', null),
    operation: fc.constantFrom('Initialized', 'Changed', 'Deleted', null),
    source: fc.integer({ min: 0, max: 400 }).map((eye) => [['Source', String(eye)]]),
    data: fc.constantFrom([['State', 'true']], [['State', 'false']], [['State', '?']], []),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 600 }), (list) => {
      const states = new EventStates();
      const last = new Map<string, unknown>();
      const sources = new Set(list.map(({ source }) => source[0]?.[1]));
      for (const one of list) {
        for (const { topic, data } of states.take([notification(one as unknown as Partial<Notification>)], AT_MS)
          .events) {
          const key = `${topic} ${data.source ?? data.input}`;
          // Beyond what is remembered a state may be told again; below it never.
          if (sources.size * 3 <= 256 && last.get(key) === data.active) throw new Error(`${key} was told twice`);
          last.set(key, data.active);
        }
      }
      if (states.active().length > 256) throw new Error('too much is remembered');
    }),
  );
});
