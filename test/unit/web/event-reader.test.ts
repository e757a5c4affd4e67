import fc from 'fast-check';
import t from 'tap';
import { EventReader, type ServerEvent } from '../../../web/src/feed/event-reader.ts';

const STREAM = [
  'retry: 1000\nid: a\nevent: hello\ndata: {}\n\n',
  ': still here\n\n',
  'id: b\r\nevent: alert.opened\r\ndata: {"title":"回收箱"}\r\n\r\n',
  'data:first\ndata: second\n\n',
  'id: c\n\n',
  'event: unfinished\ndata: x\n',
].join('');

const EVENTS: ServerEvent[] = [
  { name: 'hello', data: '{}' },
  { name: 'alert.opened', data: '{"title":"回收箱"}' },
  { name: 'message', data: 'first\nsecond' },
];

t.test('events are the same however the text is cut into pieces', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const reader = new EventReader();
      const at = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      const events = at.slice(1).flatMap((end, index) => reader.read(STREAM.slice(at[index], end)));
      return JSON.stringify(events) === JSON.stringify(EVENTS) && reader.lastId === 'c';
    }),
  );
});

t.test('an event that never ends is refused', async (t) => {
  const reader = new EventReader();
  t.throws(() => {
    for (let i = 0; i < 20; i += 1) reader.read('x'.repeat(100_000));
  });
});
