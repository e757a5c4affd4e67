import fc from 'fast-check';
import t from 'tap';
import { aacConfigOf, silentFrame } from '../../../../src/streams/relay/sound/aac-config.ts';
import { AacReader } from '../../../../src/streams/relay/sound/aac-reader.ts';
import { type SoundFrame, SoundPacker } from '../../../../src/streams/relay/sound/sound-packer.ts';
import { soundOffer } from '../../../../src/streams/relay/sound/sound-track.ts';
import { aacPayload } from '../../../support/streams/media/camera-sound.ts';

const BASE = 'rtsp://10.0.0.1/live/';
const FIELDS = 'mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
const AAC = ['m=audio 0 RTP/AVP 97', 'a=rtpmap:97 mpeg4-generic/16000/1', `a=fmtp:97 ${FIELDS};config=1408`];
const HEADERS = { sizeBits: 13, indexBits: 3, deltaBits: 3 };
const RATE = 16_000;

function offered(...lines: string[]) {
  return soundOffer(['v=0', 's=x', 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', ...lines].join('\r\n'), BASE);
}

t.test('the first track that can be taken is, and the others are told of', async (t) => {
  t.match(offered(...AAC, 'a=control:track2'), {
    track: { coding: { codec: 'AAC', sampleRate: RATE, channels: 1 }, controlUri: `${BASE}track2` },
    note: null,
  });
  t.match(offered('m=audio 0 RTP/AVP 0').track?.coding, { codec: 'PCMU', sampleRate: 8_000 });
  t.match(offered('m=audio 0 RTP/AVP 14', ...AAC, 'm=audio 0 RTP/AVP 8'), {
    track: { coding: { codec: 'AAC' } },
    note: /left out: MPEG audio, another track/,
  });
  t.match(offered('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 EVIL/8000'), { track: null, note: /not known/ });
  t.match(offered('m=audio 0 RTP/AVP 0', 'a=sendonly'), { track: null, note: null });
  t.match(offered('m=audio 0 RTP/AVP 97', AAC[1]!, `a=fmtp:97 ${FIELDS};config=2b0a`).note, /another sort/);
  t.equal(offered().track, null);
});

t.test('no description whatever does more than give a track or none', async () => {
  const part = fc.constantFrom(...AAC, 'm=audio 0 RTP/AVP 8', 'a=rtpmap:', 'a=fmtp:97 ', 'config=', 'a=control:', ';');
  const line = fc.array(fc.oneof(part, fc.string({ maxLength: 40 })), { maxLength: 4 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { track } = offered(...lines.filter((one) => !/control/.test(one)));
      return track === null || (track.coding.sampleRate >= 7_350 && track.coding.sampleRate <= 96_000);
    }),
  );
});

function packet(sequence: number, timestamp: number, payload: Buffer, marker = true) {
  return { payloadType: 97, marker, sequence: sequence & 0xffff, timestamp, payload };
}

t.test('frames come out as they went in, however they were packed', async () => {
  const frame = fc.uint8Array({ minLength: 10, maxLength: 700 }).map((bytes) => Buffer.from(bytes).fill(7, 0, 2));
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      (frames, together) => {
        const reader = new AacReader(HEADERS);
        const out: Buffer[] = [];
        let sequence = 65_530;
        for (let at = 0; at < frames.length; at += together) {
          out.push(...reader.push(packet(sequence++, at, aacPayload(frames.slice(at, at + together)))));
        }
        // One frame over several packets.
        const large = Buffer.alloc(3_000, 9);
        const head = aacPayload([large]).subarray(0, 4);
        const parts = [large.subarray(0, 1_400), large.subarray(1_400, 2_800), large.subarray(2_800)];
        for (const part of parts) out.push(...reader.push(packet(sequence++, 1, Buffer.concat([head, part]))));
        return Buffer.concat(out).equals(Buffer.concat([...frames, large]));
      },
    ),
    { numRuns: 50 },
  );
});

t.test('no packet whatever does more than give frames that are in it', async () => {
  const payloads = fc.array(fc.tuple(fc.nat(3), fc.uint8Array({ maxLength: 300 })), { maxLength: 40 });
  const bits = fc.integer({ min: 0, max: 16 });
  fc.assert(
    fc.property(payloads, bits, bits, (packets, sizeBits, indexBits) => {
      const reader = new AacReader({ sizeBits: Math.max(6, sizeBits), indexBits, deltaBits: indexBits });
      let sequence = 0;
      let received = 0;
      let given = 0;
      for (const [skipped, bytes] of packets) {
        sequence += 1 + skipped;
        received += bytes.length;
        for (const frame of reader.push(packet(sequence, 0, Buffer.from(bytes)))) given += frame.length;
      }
      return given <= received;
    }),
  );
});

t.test('a frame in which nothing sounds is one for both counts of channels', async (t) => {
  t.equal(silentFrame(1).toString('hex'), '00000007');
  t.equal(silentFrame(2).length, 6);
  t.match(aacConfigOf(Buffer.from('1408', 'hex')), { sampleRate: RATE, channels: 1 });
});

/** A packer with pictures ten times a second, which keeps what comes out. */
function packer() {
  const frames: SoundFrame[] = [];
  const { track } = offered(...AAC);
  const sound = new SoundPacker(track!, { videoRate: 90_000, taken: (frame) => void frames.push(frame) });
  const picture = (s: number) => sound.pictured({ told: s * 90_000, stamp: (30 + s) * 90_000, atMs: s * 1_000 });
  const heard = (s: number, told: number, fill = 7) => {
    const rtp = Buffer.alloc(12);
    rtp.writeUInt16BE(0x80e1, 0);
    rtp.writeUInt16BE(Math.round(s * 1_000) & 0xffff, 2);
    rtp.writeUInt32BE(Math.round(told) >>> 0, 4);
    sound.push(Buffer.concat([rtp, aacPayload([Buffer.alloc(40, fill)])]), s * 1_000);
  };
  return { sound, frames, picture, heard };
}

/** When the first frame that sounds begins, seconds. */
function soundsFrom(frames: readonly SoundFrame[]): number {
  return frames.find(({ data }) => data.length === 40)!.at / RATE;
}

t.test('sound is put where it belongs: by arrival, or by what the camera reports', async (t) => {
  const byArrival = packer();
  byArrival.picture(0);
  byArrival.picture(0.5);
  byArrival.heard(0.5, 123_456);
  t.ok(Math.abs(soundsFrom(byArrival.frames) - 30.5) < 0.07);

  const byReport = packer();
  byReport.sound.reported('video', { atS: 1_000, told: 0 });
  // What is stamped 0 was heard 0.3 s after the first picture.
  byReport.sound.reported('sound', { atS: 1_000.3, told: 0 });
  byReport.picture(0);
  byReport.picture(0.5);
  byReport.heard(0.5, 0);
  t.ok(Math.abs(soundsFrom(byReport.frames) - 30.3) < 0.07);

  const apart = packer();
  apart.sound.reported('video', { atS: 1_000, told: 0 });
  apart.sound.reported('sound', { atS: 5_000, told: 0 });
  apart.picture(0);
  apart.picture(0.5);
  apart.heard(0.5, 0);
  t.ok(Math.abs(soundsFrom(apart.frames) - 30.5) < 0.07, 'clocks that have nothing to do with each other');
});

t.test('whatever comes as sound, it has no hole, no overlap, and stays with the pictures', async () => {
  const event = fc.tuple(
    fc.integer({ min: 0, max: 400 }),
    fc.constantFrom('picture', 'sound', 'sound', 'report'),
    fc.oneof(fc.constant(1_024), fc.constant(0), fc.integer({ min: -200_000, max: 200_000 }), fc.nat(0xffffffff)),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const { sound, frames, picture, heard } = packer();
      let s = 0;
      let told = 0;
      let pictureS = 0;
      picture(0);
      for (const [ms, what, step] of events) {
        s += ms / 1_000;
        if (what === 'picture') {
          pictureS = s;
          picture(s);
        } else if (what === 'sound') {
          told = (told + step) >>> 0;
          heard(s, told);
        } else sound.reported(step % 2 ? 'video' : 'sound', { atS: 1_000 + step / 1_000, told: step >>> 0 });
      }
      picture(s);
      const holes = frames.slice(1).filter((frame, n) => frame.at !== frames[n]!.at + frames[n]!.samples);
      const last = frames.at(-1);
      const endsS = last ? (last.at + last.samples) / RATE - 30 : 0;
      const isBounded = frames.length <= (s + 15) * 16 + events.length;
      const jumped = s - pictureS > 9;
      return (holes.length === 0 || jumped) && isBounded && (jumped || s < 1.2 || endsS > s - 1.2);
    }),
    { numRuns: 300 },
  );
});
