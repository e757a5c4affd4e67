import fc from 'fast-check';
import t from 'tap';
import { writeInit } from '../../../../src/streams/fmp4/init-writer.ts';
import { NalReader } from '../../../../src/streams/relay/nal-reader.ts';
import { nalKind } from '../../../../src/streams/relay/nal-unit.ts';
import { RtpFrames } from '../../../../src/streams/relay/rtp-frames.ts';
import { readRtp } from '../../../../src/streams/relay/rtp-packet.ts';
import type { VideoTrack } from '../../../../src/streams/relay/sdp.ts';
import { VideoPacker } from '../../../../src/streams/relay/video-packer.ts';
import { loadFilm, Packetizer, testFilm } from '../../../support/streams/h264-source.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const START = Buffer.from([0, 0, 0, 1]);
const film = loadFilm();
const key = film.frames.find((frame) => frame.key)!;
const later = film.frames.filter((frame) => !frame.key);
/** The same parameters for another size: only what tells sets apart matters here. */
const OTHER_SPS = Buffer.concat([film.sps.subarray(0, -1), Buffer.from([film.sps.at(-1)! ^ 0x40])]);

function track(sets: readonly Buffer[] = [film.sps, film.pps]): VideoTrack {
  const uris = { controlUri: 'rtsp://h/p/1', aggregateUri: 'rtsp://h/p' };
  return { codec: 'H264', payloadType: 96, clockRate: 90_000, sets, ...uris };
}

/** RTP packets out of interleaved frames. */
function packets(frames: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < frames.length; ) {
    const end = at + 4 + frames.readUInt16BE(at + 2);
    all.push(frames.subarray(at + 4, end));
    at = end;
  }
  return all;
}

/** What an honest reader finds in frames: each NAL unit with its stamp. */
function unitsOf(frames: readonly Buffer[]): { nal: Buffer; stamp: number }[] {
  const reader = new NalReader('H264');
  return packets(Buffer.concat(frames)).flatMap((packet) => {
    const rtp = readRtp(packet)!;
    return reader.push(rtp).map((nal) => ({ nal, stamp: rtp.timestamp }));
  });
}

class Camera {
  readonly clock = new ManualClock();
  readonly packer: VideoPacker;
  readonly packetizer = new Packetizer(0);
  held = false;
  written: Buffer[] = [];
  ends = 0;
  stamp = 0;

  constructor(described = track()) {
    this.packer = new VideoPacker(described, {
      clock: this.clock,
      hold: (held) => {
        this.held = held;
      },
    });
  }

  take(): void {
    this.packer.take(new RtpFrames('H264', { write: (data) => this.written.push(data), end: () => this.ends++ }));
  }

  /** One picture, and the time until the next. */
  async send(nals: readonly Buffer[], stamp = this.stamp): Promise<void> {
    for (const packet of packets(this.packetizer.frame(nals, stamp))) this.packer.push(packet);
    this.stamp += 9_000;
    await this.clock.advance(100);
  }
}

t.test('nothing goes out before a picture that can be decoded and the sets for it', async (t) => {
  const camera = new Camera(track([]));
  await camera.send(later[0]!.nals);
  await camera.send(key.nals);
  t.equal(camera.packer.turn, 0, 'a key frame without parameters');
  t.same(camera.packer.seen, { key: true, sets: false });
  await camera.send([film.sps, film.pps, ...key.nals]);
  t.equal(camera.packer.turn, 1);
  t.match(camera.packer.description(), `sprop-parameter-sets=${film.sps.toString('base64')},`);
  await camera.send(later[0]!.nals);
  camera.take();
  const nals = unitsOf(camera.written).map(({ nal }) => nal);
  t.same(nals, [film.sps, film.pps, ...key.nals, ...later[0]!.nals]);
});

t.test('sets of the stream win over those of the description', async (t) => {
  const camera = new Camera(track([OTHER_SPS, film.pps]));
  await camera.send([film.sps, film.pps, ...key.nals]);
  t.notMatch(camera.packer.description(), OTHER_SPS.toString('base64'));
  const incomplete = new Camera(track([film.sps]));
  await incomplete.send([film.pps, ...key.nals]);
  t.match(incomplete.packer.description(), `=${film.sps.toString('base64')},${film.pps.toString('base64')}`);
});

t.test('a picture of another size begins a new turn over the same connection', async (t) => {
  const camera = new Camera();
  await camera.send([film.sps, film.pps, ...key.nals]);
  camera.take();
  for (let n = 0; n < 60; n += 1) await camera.send(later[n % later.length]!.nals);
  const before = camera.written.length;
  await camera.send([OTHER_SPS, film.pps, ...key.nals]);
  t.equal(camera.ends, 1);
  t.equal(camera.packer.turn, 2);
  t.equal(camera.written.length, before, 'the old description has no more');
  t.match(camera.packer.description(), OTHER_SPS.toString('base64'));
  camera.take();
  t.same(
    unitsOf(camera.written.slice(before))
      .map(({ nal }) => nal)
      .slice(0, 2),
    [OTHER_SPS, film.pps],
  );
  for (let n = 0; n < 60; n += 1) await camera.send([n % 2 ? OTHER_SPS : film.sps, film.pps, ...key.nals]);
  t.ok(camera.packer.turn <= 3, `one that changes all the time is followed ${camera.packer.turn - 1} times`);
});

t.test('the newest picture is described, also where its parameters have a number of their own', async (t) => {
  const camera = new Camera();
  await camera.send([film.sps, film.pps, ...key.nals]);
  camera.take();
  await camera.clock.advance(60_000);
  const other = testFilm({ size: '320x240', seconds: 1, x264: 'keyint=10:sps-id=1' });
  await camera.send([other.sps, other.pps, ...other.frames[0]!.nals]);
  const { movie } = writeInit({ ...camera.packer.parameters(), timescale: 90_000 }).init;
  t.match({ turn: camera.packer.turn, ...movie }, { turn: 2, width: 320, height: 240 });
});

t.test('a stream without key frames begins at a recovery point', async (t) => {
  const recovery = Buffer.from([0x06, 0x06, 0x01, 0xc4, 0x80]);
  const camera = new Camera();
  await camera.send(later[0]!.nals);
  await camera.send([Buffer.from([0x06, 0x05, 0x01, 0xc4, 0x80]), ...later[0]!.nals]);
  t.equal(camera.packer.turn, 0, 'other information is none');
  await camera.send([recovery, ...later[1]!.nals]);
  t.equal(camera.packer.turn, 1);
  camera.take();
  t.same(
    unitsOf(camera.written).map(({ nal }) => nal),
    [recovery, ...later[1]!.nals],
  );
});

t.test('pictures are told apart without a mark at their end, and slices of one have one stamp', async (t) => {
  const camera = new Camera();
  const slice = Buffer.from([0x41, 0x1a, 0x01]);
  for (const nals of [key.nals, [...later[0]!.nals, slice], later[1]!.nals]) {
    const frames = camera.packetizer.frame(nals, camera.stamp);
    for (const packet of packets(frames)) {
      packet[1] = 96;
      camera.packer.push(packet);
    }
    camera.stamp += 9_000;
    await camera.clock.advance(100);
  }
  camera.take();
  const stamps = unitsOf(camera.written).map(({ stamp }) => stamp);
  t.same(new Set(stamps).size, 3);
  t.equal(stamps.filter((stamp) => stamp === stamps[key.nals.length]).length, later[0]!.nals.length + 1);
});

t.test('a payload type that nobody described is believed when it is the only one', async (t) => {
  const camera = new Camera({ ...track(), payloadType: 107 });
  await camera.send(Array.from({ length: 25 }, () => Buffer.from([0x06, 0x05, 0x01, 0xc4, 0x80])));
  await camera.send([film.sps, film.pps, ...key.nals]);
  t.equal(camera.packer.turn, 1);
});

t.test('the camera is held while nobody takes its video', async (t) => {
  const camera = new Camera();
  for (let n = 0; n < 400 && !camera.held; n += 1) await camera.send([film.sps, film.pps, ...key.nals]);
  t.ok(camera.held);
  camera.take();
  t.notOk(camera.held);
});

t.test('units come out alike, however the camera packs them', async () => {
  const size = fc.integer({ min: 3, max: 4_000 });
  const unit = fc.tuple(fc.constantFrom(1, 5, 6, 7, 8), size).map(([type, bytes]) => {
    const nal = Buffer.alloc(bytes, 0x55);
    nal[0] = 0x60 | type;
    return nal;
  });
  const how = fc.constantFrom<Pack>('single', 'start-code', 'aggregate', 'fragments', 'no-end', 'one-fragment', 'all');
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, how), { minLength: 1, maxLength: 12 }), (units) => {
      const reader = new NalReader('H264');
      const payloads = units.flatMap(([nal, pack]) => packed(nal, pack));
      // An end that is never marked is seen by what follows.
      payloads.push(Buffer.from([0x09, 0xf0]));
      const found = payloads.flatMap((payload, sequence) =>
        reader.push({ payload, sequence, payloadType: 96, marker: false, timestamp: 0 }),
      );
      return Buffer.concat(found).equals(Buffer.concat([...units.map(([nal]) => nal), payloads.at(-1)!]));
    }),
    { numRuns: 300 },
  );
});

type Pack = 'single' | 'start-code' | 'aggregate' | 'fragments' | 'no-end' | 'one-fragment' | 'all';

function packed(nal: Buffer, how: Pack): Buffer[] {
  const sized = Buffer.from([nal.length >> 8, nal.length & 255]);
  const fragment = (flags: number, body: Buffer) =>
    Buffer.concat([Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 31)]), body]);
  switch (how) {
    case 'single':
      return [nal];
    case 'start-code':
      return [Buffer.concat([START, nal])];
    case 'aggregate':
      return [Buffer.concat([Buffer.from([24]), sized, nal, Buffer.alloc(2)])];
    case 'one-fragment':
      return [fragment(0xc0, nal.subarray(1))];
    case 'fragments':
    case 'no-end':
      return [fragment(0x80, nal.subarray(1, 2)), fragment(how === 'no-end' ? 0 : 0x40, nal.subarray(2))];
    case 'all': {
      // A whole byte stream cut into fragments, whose first header is the zero of a start code.
      const stream = Buffer.concat([START, nal]);
      const head = Buffer.from([28, 0x80]);
      return [
        Buffer.concat([head, stream.subarray(1, 3)]),
        Buffer.concat([Buffer.from([28, 0x40]), stream.subarray(3)]),
      ];
    }
  }
}

t.test('a unit with a hole in it is left out', async (t) => {
  const reader = new NalReader('H264');
  const push = (payload: Buffer, sequence: number) =>
    reader.push({ payload, sequence, payloadType: 96, marker: false, timestamp: 0 });
  const [first, last] = packed(Buffer.alloc(100, 0x65), 'fragments');
  t.same(push(first!, 1), []);
  t.same(push(last!, 3), []);
  t.equal(push(Buffer.from([0x41, 0x9a]), 4).length, 1);
});

t.test('H.265: aggregates, fragments and start codes', async (t) => {
  const reader = new NalReader('H265');
  let sequence = 0;
  const push = (...bytes: number[]) =>
    reader.push({ payload: Buffer.from(bytes), sequence: sequence++, payloadType: 96, marker: false, timestamp: 0 });
  t.same(push(0x60, 1, 0, 3, 0x42, 1, 7, 0, 3, 0x44, 1, 8), [Buffer.from([0x42, 1, 7]), Buffer.from([0x44, 1, 8])]);
  t.same(push(0x62, 1, 0x93, 0xaa), []);
  t.same(push(0x62, 1, 0x53, 0xbb), [Buffer.from([0x26, 1, 0xaa, 0xbb])]);
  t.same(push(0, 0, 0, 1, 0x26, 1, 0xaf), [Buffer.from([0x26, 1, 0xaf])]);
  t.match(nalKind('H265', Buffer.from([0x26, 1, 0xaf])), { picture: true, first: true, key: true });
  t.equal(nalKind('H265', Buffer.from([0x26, 0, 0xaf])), null);
});

t.test('no bytes whatever make it throw, or hold more than a unit', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 40 }), (all) => {
      for (const codec of ['H264', 'H265'] as const) {
        const packer = new VideoPacker({ ...track(), codec }, { clock: new ManualClock(), hold: () => {} });
        for (const bytes of all) {
          packer.push(Buffer.from(bytes));
          packer.push(Buffer.concat([Buffer.from([0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from(bytes)]));
        }
      }
      return true;
    }),
    { numRuns: 300 },
  );
});
