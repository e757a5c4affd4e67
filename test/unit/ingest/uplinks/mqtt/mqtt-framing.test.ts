import fc from 'fast-check';
import { generate, parser } from 'mqtt-packet';
import t from 'tap';
import { readPublish } from '../../../../../src/ingest/uplinks/mqtt/codec.ts';
import { type FrameRules, Framer } from '../../../../../src/ingest/uplinks/mqtt/framing.ts';

const LIMIT = 2_000;
/** Type, flags and two bytes of length. */
const HEADER = 3;

function rules(budget = Number.POSITIVE_INFINITY): FrameRules & { held: number; peak: number } {
  return {
    held: 0,
    peak: 0,
    packetBytesMax: (first) => (first === 0 ? -1 : LIMIT + HEADER),
    reserve(bytes) {
      if (bytes > 0 && this.held + bytes > budget) return false;
      this.held += bytes;
      this.peak = Math.max(this.peak, this.held);
      return true;
    },
  };
}

function cut(framer: Framer, chunks: Buffer[]): { frames: string[]; bodies: number[] } {
  const frames: string[] = [];
  const bodies: number[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let frame = framer.next(); frame !== null; frame = framer.next()) {
      frames.push(frame.toString('hex'));
      bodies.push(frame.length - framer.bodyAt);
    }
  }
  return { frames, bodies };
}

/** Cuts `bytes` at the given places. */
function split(bytes: Buffer, at: number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const packet = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: LIMIT })).map(([first, length]) => {
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([first, ...size]), Buffer.alloc(length, first)]);
});

t.test('packets come out the same however the stream is cut, and no memory stays behind', async () => {
  const places = fc.array(fc.nat(), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 8 }), places, (packets, at) => {
      const counted = rules();
      const { frames, bodies } = cut(new Framer(counted), split(Buffer.concat(packets), at));
      const wanted = packets.map((bytes) => bytes.toString('hex'));
      const lengths = packets.map((bytes) => bytes.length - (bytes.length > 129 ? 3 : 2));
      return (
        JSON.stringify(frames) === JSON.stringify(wanted) &&
        JSON.stringify(bodies) === JSON.stringify(lengths) &&
        counted.held === 0 &&
        counted.peak <= 2 * LIMIT + 300
      );
    }),
  );
});

t.test('what is refused is refused at its header and nothing more is read', async (t) => {
  const faults: [string, number[]][] = [
    ['type', [0x00, 0x01]],
    ['size', [0x30, 0xd1, 0x0f]],
    ['size', [0x30, 0xff, 0xff, 0xff, 0x7f]],
    ['malformed', [0x30, 0xff, 0xff, 0xff, 0xff]],
  ];
  for (const [fault, bytes] of faults) {
    for (const chunks of [[Buffer.from(bytes)], bytes.map((byte) => Buffer.from([byte]))]) {
      const framer = new Framer(rules());
      t.same(cut(framer, chunks).frames, []);
      t.equal(framer.fault, fault);
      t.same(cut(framer, [Buffer.from([0xc0, 0])]).frames, [], 'nothing after a fault');
    }
  }
});

t.test('a claimed length costs nothing, and memory that is not granted is a fault', async (t) => {
  const counted = rules();
  const framer = new Framer(counted);
  cut(framer, [Buffer.from([0x30, 0xd0, 0x0f, 1, 2])]);
  t.ok(counted.held <= 256);
  framer.close();
  t.equal(counted.held, 0);
  const poor = new Framer(rules(100));
  cut(poor, [Buffer.from([0x30, 0xd0, 0x0f])]);
  t.equal(poor.fault, 'memory');
});

t.test('a PUBLISH is read as the codec reads it, or refused', async () => {
  const bytes = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(bytes, ([flags, body]) => {
      const frame = Buffer.from([0x30 | flags, body.length, ...body]);
      const view = readPublish(frame, 2, 4);
      if (typeof view === 'string') return true;
      let read: unknown = null;
      const reader = parser({ protocolVersion: 4 });
      reader.on('packet', (packet) => {
        read = packet.cmd === 'publish' ? [packet.qos, packet.dup, packet.messageId ?? 0, packet.payload] : null;
      });
      reader.on('error', () => {});
      reader.parse(frame);
      return JSON.stringify(read) === JSON.stringify([view.qos, view.dup, view.packetId, view.payload]);
    }),
    { numRuns: 2_000 },
  );
});

t.test('the properties of a MQTT 5 PUBLISH are stepped over', async (t) => {
  const properties = { messageExpiryInterval: 60, contentType: 'x'.repeat(200), userProperties: { a: 'b' } };
  const what = {
    cmd: 'publish',
    topic: 'a',
    payload: 'body',
    qos: 1,
    messageId: 7,
    dup: false,
    retain: false,
  } as const;
  const frame = generate({ ...what, properties }, { protocolVersion: 5 });
  t.match(readPublish(frame, 3, 5), { topic: 'a', packetId: 7, payload: Buffer.from('body') });
  t.equal(readPublish(Buffer.from([0x30, 4, 0, 1, 0x61, 9]), 2, 5), 'malformed', 'properties longer than the packet');
  t.equal(readPublish(Buffer.from([0x30, 7, 0, 1, 0x61, 0x80, 0x80, 0x80, 0x80]), 2, 5), 'malformed');
});
