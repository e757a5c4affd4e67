import fc from 'fast-check';
import t from 'tap';
import { type RtspItem, RtspReader } from '../../../src/streams/relay/rtsp-reader.ts';
import { StreamFailure } from '../../../src/streams/types.ts';
import { reasonOf } from '../../support/stream-failure.ts';

const ANSWER =
  'RTSP/1.0 200 OK\r\nCSeq: 1\r\nWWW-Authenticate: a\r\nwww-authenticate: b\r\nContent-Length: 3\r\n\r\nabc';

function frame(channel: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x24, channel, payload.length >> 8, payload.length & 255]), payload]);
}

const rtp = (fill: number, length = 50) => Buffer.concat([Buffer.from([0x80]), Buffer.alloc(length, fill)]);

function read(chunks: Buffer[], channels = [0, 1]): RtspItem[] {
  const reader = new RtspReader();
  reader.channels = channels;
  return chunks.flatMap((chunk) => reader.push(chunk));
}

t.test('answers, requests and frames come out in order, however they are cut', async () => {
  const request = Buffer.from('OPTIONS rtsp://x/y RTSP/1.0\r\nCSeq: 7\r\n\r\n');
  const media = Buffer.concat([frame(0, rtp(1)), frame(1, rtp(2)), frame(0, rtp(3))]);
  const all = Buffer.concat([Buffer.from(ANSWER), media, Buffer.from('\r\n'), request, frame(0, rtp(4))]);
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(cuts, (sizes) => {
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(all.subarray(at, at + size));
        at += size;
      }
      chunks.push(all.subarray(at));
      const items = read(chunks);
      const frames = Buffer.concat(items.flatMap((item) => (item.type === 'frames' ? [item.data] : [])));
      const others = items.filter((item) => item.type !== 'frames').map((item) => item.type);
      return frames.equals(Buffer.concat([media, frame(0, rtp(4))])) && others.join() === 'response,request';
    }),
  );
});

t.test('an answer has its status, its headers by lower-case name, and its body', async (t) => {
  const [item] = read([Buffer.from(ANSWER)]);
  if (item?.type !== 'response') throw new Error('no response');
  t.equal(item.status, 200);
  t.same(item.headers.get('www-authenticate'), ['a', 'b']);
  t.equal(item.body.toString(), 'abc');
});

t.test('frames of channels that were not asked for, and frames that are no RTP, are dropped', async (t) => {
  const wanted = frame(0, rtp(1));
  const items = read([Buffer.concat([frame(7, rtp(9)), wanted, frame(0, Buffer.alloc(50)), wanted])]);
  t.same(
    items.map((item) => item.type === 'frames' && item.data.equals(wanted)),
    [true, true],
  );
});

t.test('what is no RTSP, or without end, is refused with a reason', async (t) => {
  const endless = Buffer.from(`RTSP/1.0 200 OK\r\n${'X-a: b\r\n'.repeat(5_000)}`);
  const cases: [string, Buffer[]][] = [
    ['binary', [Buffer.from([0, 1, 2, 3])]],
    ['HTTP', [Buffer.from('HTTP/1.1 200 OK\r\n\r\n')]],
    ['no header', [Buffer.from('RTSP/1.0 200 OK\r\nno colon here\r\n\r\n')]],
    ['endless head', [endless]],
    ['head without a line end', [Buffer.alloc(17_000, 'A')]],
    ['huge body', [Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 2000000000\r\n\r\n')]],
    ['negative body', [Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n')]],
    ['101 headers', [Buffer.from(`RTSP/1.0 200 OK\r\n${'a: b\r\n'.repeat(101)}\r\n`)]],
    ['media that are no RTP', Array.from({ length: 60 }, () => frame(0, Buffer.alloc(20)))],
  ];
  for (const [name, chunks] of cases) {
    t.equal(
      reasonOf(() => read(chunks)),
      'nonsense',
      name,
    );
  }
});

t.test('no bytes whatever make it throw anything else or hold more than a message', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
      try {
        read(chunks.map((chunk) => Buffer.from(chunk)));
        return true;
      } catch (error) {
        return error instanceof StreamFailure;
      }
    }),
  );
});

t.test('noise that begins like a message is told at once, headers in any encoding are not noise', async (t) => {
  t.equal(
    reasonOf(() => new RtspReader().push(Buffer.from('RTSP/1.0 200 \u0001\u0002', 'latin1'))),
    'nonsense',
  );
  const answer = 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: 摄像机\tv1\r\n\r\n';
  t.match(new RtspReader().push(Buffer.from(answer)), [{ type: 'response', status: 200 }]);
});
