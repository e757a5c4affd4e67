import fc from 'fast-check';
import t from 'tap';
import { cutIntoPackets, PAYLOAD_TYPE, senderReport, stampPackets } from '../../../simulators/camera/rtsp/rtp.ts';

interface Packet {
  channel: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

/** Takes framed packets apart again, written from RFC 2326 §10.12, RFC 3550 §5.1. */
function takeApart(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    const packet = bytes.subarray(at + 4, at + 4 + length);
    if (bytes[at] !== 0x24 || packet[0] !== 0x80 || (packet.readUInt8(1) & 0x7f) !== PAYLOAD_TYPE)
      throw new Error('frame');
    packets.push({
      channel: bytes.readUInt8(at + 1),
      marker: (packet.readUInt8(1) & 0x80) !== 0,
      sequence: packet.readUInt16BE(2),
      timestamp: packet.readUInt32BE(4),
      payload: packet.subarray(12),
    });
    at += 4 + length;
  }
  return packets;
}

/** NAL units out of single and FU-A payloads (RFC 6184 §5.6, §5.8). */
function putTogether(packets: Packet[]): Buffer[] {
  const nals: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const { payload } of packets) {
    if ((payload.readUInt8(0) & 31) !== 28) {
      nals.push(payload);
      continue;
    }
    const head = payload.readUInt8(1);
    if (head & 0x80) parts = [Buffer.from([(payload.readUInt8(0) & 0xe0) | (head & 31)])];
    parts.push(payload.subarray(2));
    if (head & 0x40) nals.push(Buffer.concat(parts));
  }
  return nals;
}

const nal = fc.tuple(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 0, max: 9_000 })).map(([type, length]) => {
  return Buffer.concat([Buffer.from([0x60 | type]), Buffer.alloc(length, type)]);
});

t.test('what is cut into packets is put together again as it was', async (t) => {
  const property = fc.property(
    fc.array(nal, { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 0, max: 65_535 }),
    (nals, sequence) => {
      const template = cutIntoPackets({ nals, key: true, atTicks: 0 });
      const packets = takeApart(stampPackets(template, { channel: 4, sequence, timestamp: 2 ** 32 + 7, ssrc: 1 }));
      const rightNumbers = packets.every((packet, index) => packet.sequence === ((sequence + index) & 0xffff));
      const markers = packets.map(({ marker }) => marker);
      return (
        Buffer.concat(putTogether(packets)).equals(Buffer.concat(nals)) &&
        rightNumbers &&
        markers.lastIndexOf(true) === packets.length - 1 &&
        markers.indexOf(true) === packets.length - 1 &&
        packets.every(({ channel, timestamp, payload }) => channel === 4 && timestamp === 7 && payload.length <= 1_400)
      );
    },
  );
  t.doesNotThrow(() => fc.assert(property));
});

/** NAL units out of single and FU payloads (RFC 7798 §4.4.1, §4.4.3). */
function putHevcTogether(packets: Packet[]): Buffer[] {
  const nals: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const { payload } of packets) {
    if (((payload.readUInt8(0) >> 1) & 63) !== 49) {
      nals.push(payload);
      continue;
    }
    const head = payload.readUInt8(2);
    const first = (payload.readUInt8(0) & 0x81) | ((head & 63) << 1);
    if (head & 0x80) parts = [Buffer.from([first, payload.readUInt8(1)])];
    parts.push(payload.subarray(3));
    if (head & 0x40) nals.push(Buffer.concat(parts));
  }
  return nals;
}

const hevcNal = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 9_000 })).map(([type, length]) => {
  return Buffer.concat([Buffer.from([type << 1, 1]), Buffer.alloc(length, type)]);
});

t.test('so is H.265', async (t) => {
  const property = fc.property(fc.array(hevcNal, { minLength: 1, maxLength: 5 }), (nals) => {
    const template = cutIntoPackets({ nals, key: true, atTicks: 0 }, 'H265');
    const packets = takeApart(stampPackets(template, { channel: 4, sequence: 0, timestamp: 7, ssrc: 1 }));
    const together = putHevcTogether(packets);
    return (
      together.length === nals.length &&
      together.every((one, index) => one.equals(nals[index]!)) &&
      packets.every(({ payload }) => payload.length <= 1_400)
    );
  });
  t.doesNotThrow(() => fc.assert(property));
});

t.test('stamping leaves the template alone', async (t) => {
  const template = cutIntoPackets({ nals: [Buffer.alloc(3_000, 0x65)], key: true, atTicks: 0 });
  const before = Buffer.from(template.bytes);
  stampPackets(template, { channel: 9, sequence: 65_535, timestamp: 1, ssrc: 2 });
  t.same(template.bytes, before);
});

t.test('a sender report ties the RTP clock to the wall clock', async (t) => {
  const atMs = Date.parse('2026-01-05T00:00:00.500Z');
  const report = senderReport({ channel: 1, sequence: 0, timestamp: 99, ssrc: 5, atMs, packets: 3, octets: 4 });
  t.equal(report.readUInt32BE(12) - 2_208_988_800, Math.floor(atMs / 1000));
  t.equal(report.readUInt32BE(16), 2 ** 31, 'half a second');
  t.equal(report.readUInt32BE(20), 99);
});
