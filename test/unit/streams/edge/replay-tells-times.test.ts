import fc from 'fast-check';
import t from 'tap';
import { clockOf, readReplayTimes } from '../../../../src/streams/edge/replay-times.ts';

const NTP_OFFSET_S = 2_208_988_800;

interface Told {
  atMs: number;
  flags: number;
  sources: number;
  more: number;
}

/** An RTP packet with the extension of replay, written as the specification has it. */
function packetOf({ atMs, flags, sources, more }: Told): Buffer {
  const header = Buffer.alloc(12 + 4 * sources);
  header.writeUInt8(0x90 | sources, 0);
  header.writeUInt8(96, 1);
  const extension = Buffer.alloc(4 + 12 + 4 * more);
  extension.writeUInt16BE(0xabac, 0);
  extension.writeUInt16BE(3 + more, 2);
  extension.writeUInt32BE((Math.floor(atMs / 1_000) + NTP_OFFSET_S) % 2 ** 32, 4);
  extension.writeUInt32BE(Math.floor(((atMs % 1_000) / 1_000) * 2 ** 32) >>> 0, 8);
  extension.writeUInt8(flags, 12);
  return Buffer.concat([header, extension, Buffer.from([0x65, 0x88])]);
}

// From 1970 on to beyond February 2036, when the seconds of NTP begin anew.
const told: fc.Arbitrary<Told> = fc.record({
  atMs: fc.integer({ min: 0, max: Date.parse('2100-01-01T00:00:00Z') }),
  flags: fc.integer({ min: 0, max: 255 }),
  sources: fc.integer({ min: 0, max: 15 }),
  more: fc.integer({ min: 0, max: 4 }),
});

t.test('the time of a picture is read to the millisecond, wherever the extension stands', async () => {
  fc.assert(
    fc.property(told, (one) => {
      const read = readReplayTimes(packetOf(one))!;
      return (
        Math.abs(read.atMs - one.atMs) < 0.01 &&
        read.isNew === (one.flags & 0x20) > 0 &&
        read.isLast === (one.flags & 0x10) > 0
      );
    }),
  );
});

t.test('bytes of any kind are read or refused, and never more than there is', async () => {
  fc.assert(
    fc.property(told, fc.integer({ min: 0, max: 100 }), fc.uint8Array({ maxLength: 60 }), (one, cut, noise) => {
      const packet = packetOf(one);
      const some = readReplayTimes(packet.subarray(0, Math.min(cut, packet.length)));
      const any = readReplayTimes(Buffer.from(noise));
      return [some, any].every((read) => read === null || Number.isFinite(read.atMs));
    }),
  );
});

t.test('a range is written as RTSP has it', async (t) => {
  t.equal(clockOf(Date.parse('2026-11-29T08:00:00.250Z')), '20261129T080000.250Z');
});
