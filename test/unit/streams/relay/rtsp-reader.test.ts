import fc from 'fast-check';
import t from 'tap';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { type RtspItem, RtspReader } from '../../../../src/streams/relay/rtsp-reader.ts';
import { reasonOf } from '../../../support/streams/stream-failure.ts';

const ANSWER =
  'RTSP/1.0 200 OK\r\nCSeq: 1\r\nWWW-Authenticate: a\r\nwww-authenticate: b\r\nContent-Length: 3\r\n\r\nabc';

function frame(channel: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x24, channel, payload.length >> 8, payload.length & 255]), payload]);
}

const rtp = (fill: number) => Buffer.concat([Buffer.from([0x80, 96]), Buffer.alloc(10), Buffer.alloc(40, fill)]);

/** An RTP packet of one sender. */
function packet(number: number, length: number): Buffer {
  const data = Buffer.alloc(12 + length, 0x41);
  data[0] = 0x80;
  data[1] = 96;
  data.writeUInt16BE(number, 2);
  data.writeUInt32BE(0x1234_5678, 8);
  return data;
}

function pieces(data: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(data.subarray(at, at + size));
    at += size;
  }
  return [...chunks, data.subarray(at)];
}

const framesOf = (items: readonly RtspItem[]) =>
  Buffer.concat(items.flatMap((item) => (item.type === 'frame' ? [item.data] : [])));

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
      const items = read(pieces(all, sizes));
      const frames = framesOf(items);
      const others = items.filter((item) => item.type !== 'frame').map((item) => item.type);
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
    items.map((item) => item.type === 'frame' && item.data.equals(wanted)),
    [true, true],
  );
});

t.test('what is no RTSP, or without end, is refused with a reason', async (t) => {
  const endless = Buffer.from(`RTSP/1.0 200 OK\r\n${'X-a: b\r\n'.repeat(5_000)}`);
  const cases: [string, Buffer[]][] = [
    ['binary', [Buffer.from([0, 1, 2, 3])]],
    ['HTTP', [Buffer.from('HTTP/1.1 200 OK\r\n\r\n')]],
    ['endless head', [endless]],
    ['head without a line end', [Buffer.alloc(17_000, 'A')]],
    ['huge body', [Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 2000000000\r\n\r\n')]],
    ['101 headers', [Buffer.from(`RTSP/1.0 200 OK\r\n${'a: b\r\n'.repeat(101)}\r\n`)]],
    ['media that are no RTP', [Buffer.from(ANSWER), ...Array.from({ length: 60 }, () => frame(0, Buffer.alloc(20)))]],
    ['noise without end', [Buffer.from(ANSWER), Buffer.alloc(300_000, 1)]],
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

t.test('noise between frames costs no frame, whatever it is and however the bytes are cut', async () => {
  // A dollar sign followed by a channel and the version of RTP is told from a frame by its sender alone.
  const piece = fc.oneof(fc.constant(Buffer.from([0x24, 0, 2, 0, 0x80, 96])), fc.uint8Array({ maxLength: 150 }));
  const gap = fc.oneof(fc.constant(Buffer.alloc(0)), fc.constant(Buffer.alloc(2)), piece);
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(gap, { minLength: 3, maxLength: 12 }), sizes, (gaps, cuts) => {
      const wanted: Buffer[] = [frame(0, packet(0, 30))];
      const sent: Buffer[] = [Buffer.from(ANSWER), wanted[0]!];
      gaps.forEach((noise, index) => {
        const next = frame(0, packet(index + 1, 200));
        wanted.push(next);
        sent.push(Buffer.from(noise), next);
      });
      // What comes after the last noise may still be waited for.
      sent.push(...Array.from({ length: 2 }, () => frame(0, packet(99, 1_400))));
      const frames = framesOf(read(pieces(Buffer.concat(sent), cuts)));
      return frames.subarray(0, 4).equals(wanted[0]!.subarray(0, 4)) && wanted.every((one) => frames.includes(one));
    }),
    { numRuns: 500 },
  );
});

t.test('no more than one item is held, however long the noise', async (t) => {
  const reader = new RtspReader();
  reader.channels = [0, 1];
  reader.push(Buffer.from(ANSWER));
  reader.push(frame(0, packet(0, 30)));
  let noise = 0;
  t.equal(
    reasonOf(() => {
      for (; noise < 1_000; noise += 1) reader.push(Buffer.alloc(1_000, 0x24));
    }),
    'nonsense',
  );
  t.ok(noise < 400, 'ended after 256 KiB and one frame');
});

t.test('heads as cameras write them: bare line ends, folded and nameless lines, lengths that are none', async (t) => {
  const heads: [string, Record<string, string[]>, string][] = [
    ['RTSP/1.0 200 OK\ncseq:1\nContent-length: 3\n\nabc', { cseq: ['1'] }, 'abc'],
    ['RTSP/1.0 200\r\nCSeq : 0001 \r\n\r\n', { cseq: ['0001'] }, ''],
    ['RTSP/1.0  200 OK\r\nPublic: OPTIONS,\r\n\tGET_PARAMETER\r\n\r\n', { public: ['OPTIONS, GET_PARAMETER'] }, ''],
    ['RTSP/1.0 200 OK\r\nno colon here\r\nCSeq: 1\r\n\r\n', { cseq: ['1'] }, ''],
    ['RTSP/1.0 200 OK\r\nContent-Length: -1\r\nCSeq: 1\r\n\r\n', { cseq: ['1'] }, ''],
    ['RTSP/1.0 200 OK\r\nContent-Length: 3 bytes\r\n\r\nabc', {}, 'abc'],
    ['RTSP/1.0 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc', {}, 'abc'],
  ];
  for (const [text, headers, body] of heads) {
    const [item] = read([Buffer.from(`\r\n${text}`)]);
    if (item?.type !== 'response') throw new Error(`no response: ${text}`);
    t.equal(item.body.toString(), body, text);
    for (const [name, values] of Object.entries(headers)) t.same(item.headers.get(name), values, text);
  }
});

t.test('what follows a body that is longer than told is left out', async (t) => {
  const next = 'RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n';
  const items = read([Buffer.from(`RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc=0\r\na=control:*\r\n${next}`)]);
  t.match(items, [{ type: 'response' }, { type: 'response' }]);
});
