import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { replay } from '../../../../simulators/camera/storage/replay.ts';
import { Storage } from '../../../../simulators/camera/storage/storage.ts';
import { readClip } from '../../../../simulators/camera/video/mp4.ts';
import type { AccessUnit, VideoSource } from '../../../../simulators/camera/video/video.ts';
import { ReplayPacker } from '../../../../src/streams/edge/replay-packer.ts';
import type { Movie } from '../../../../src/streams/fmp4/movie.ts';
import { soundIn } from '../../../../src/streams/fmp4/samples.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import type { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { aacConfig } from '../../../../src/streams/relay/sound/aac-config.ts';

const CLIP = fileURLToPath(new URL('../../../../simulators/media/cctv-pedestrians.mp4', import.meta.url));
const START_MS = 1_790_000_000_000;
const clip = await readClip(CLIP);
/** Time between two key frames of the clip. */
const keys = clip.units.filter(({ key }) => key).map(({ atTicks }) => START_MS + atTicks / 90);
const [, secondMs, thirdMs] = keys as [number, number, number];
const groupMs = thirdMs - secondMs;

/** Of 1,024 samples at 16 kHz. */
const PIECE_MS = 64;

/** A card with the clip on it, at {@link START_MS}. */
function card(): Storage {
  let told: (unit: AccessUnit) => void = () => {};
  let nowMs = START_MS;
  const source: VideoSource = {
    want: (listener) => {
      told = listener;
      return () => {};
    },
    parameters: async () => clip.parameters,
    stop: async () => {},
  };
  const sound = { payloadType: 97, rate: 16_000, lines: [], between: soundBetween };
  const storage = new Storage(source, () => nowMs, { keepS: 3_600 }, sound);
  storage.start();
  for (const unit of clip.units) {
    nowMs = START_MS + unit.atTicks / 90;
    told(unit);
  }
  return storage;
}

const storage = card();

/** RTP packets of what the card plays back. */
async function packetsOf(fromMs: number, toMs: number, timeless = false): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  const player = { channel: 0, soundChannel: 2, write: async (bytes: Buffer) => void frames.push(bytes) };
  const asked = { fromMs, toMs, paced: false, cseq: 1 };
  const faults = { cutAfter: null, everyMs: 0, timeless };
  await replay(storage, player, { asked, faults, signal: new AbortController().signal });
  return frames.flatMap((bytes) => {
    const packets: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
      packets.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2)));
    }
    return packets;
  });
}

const track = {
  codec: 'H264',
  payloadType: 96,
  clockRate: 90_000,
  sets: [],
  controlUri: '',
  aggregateUri: '',
} as const;

const SOUND_TYPE = 97;
const config = aacConfig(16_000, 1)!;
const soundTrack = {
  track: {
    coding: { codec: 'AAC', headers: { sizeBits: 13, indexBits: 3, deltaBits: 3 }, ...config },
    payloadType: SOUND_TYPE,
    clockRate: 16_000,
    controlUri: '',
  },
  config,
  coder: null,
} as const;

/** Pieces of sound of a time, each telling by its bytes which one it is. */
function soundBetween(fromMs: number, toMs: number) {
  const [first, end] = [Math.ceil(fromMs / PIECE_MS), Math.ceil(toMs / PIECE_MS)];
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => {
    const payload = Buffer.alloc(12);
    payload.writeUInt16BE(16, 0);
    payload.writeUInt16BE(8 << 3, 2);
    payload.writeDoubleBE(first + index, 4);
    return { atMs: (first + index) * PIECE_MS, payload };
  });
}

function packed(
  packets: readonly Buffer[],
  { fromMs, toMs, skewMs = 0 }: { fromMs: number; toMs: number; skewMs?: number },
) {
  const fragments: Fragment[] = [];
  const failures: StreamFailure[] = [];
  let [begun, done] = [0, false];
  const packer = new ReplayPacker(track, {
    fromMs,
    toMs,
    skewMs,
    sound: soundTrack,
    hold: () => {},
    taker: {
      begin: () => {
        begun += 1;
      },
      fragment: (one) => void fragments.push(one),
    },
    done: () => {
      done = true;
    },
    failed: (failure) => void failures.push(failure),
  });
  for (const packet of packets) {
    if ((packet[1]! & 0x7f) === SOUND_TYPE) packer.pushSound(packet);
    else packer.push(packet);
  }
  packer.end();
  const last = fragments.at(-1);
  const endMs = last ? last.startsAtMs + last.durationMs : null;
  return { fragments, failures, begun, done, fromMs: fragments[0]?.startsAtMs ?? null, endMs };
}

t.test('pictures have the time at which they were taken, by our clock', async (t) => {
  const asked = { fromMs: secondMs, toMs: secondMs + 2 * groupMs, skewMs: 90_000 };
  const found = packed(await packetsOf(asked.fromMs - 3_000, asked.toMs), asked);
  t.match(found, { begun: 1, done: true, failures: [] });
  t.ok(Math.abs(found.fromMs! - (asked.fromMs - 90_000)) < 1, `${found.fromMs! - asked.fromMs + 90_000}`);
  t.ok(Math.abs(found.endMs! - (asked.toMs - 90_000)) < 150, `${found.endMs! - asked.toMs + 90_000}`);
  for (const [at, one] of found.fragments.entries()) {
    const before = found.fragments[at - 1];
    if (before) t.ok(Math.abs(before.startsAtMs + before.durationMs - one.startsAtMs) < 1, 'they follow each other');
  }
});

t.test(
  'a group that begins before the time is there where the next key frame comes late, and else is not',
  async (t) => {
    // The next key frame comes a moment later.
    const soon = { fromMs: thirdMs - 100, toMs: thirdMs + groupMs };
    t.ok(Math.abs(packed(await packetsOf(soon.fromMs - 3_000, soon.toMs), soon).fromMs! - thirdMs) < 1);
    const isLong = groupMs > 1_900;
    const late = { fromMs: secondMs + 50, toMs: secondMs + groupMs - 10 };
    const found = packed(await packetsOf(late.fromMs - 3_000, late.toMs), late);
    if (isLong) t.ok(found.fromMs! <= late.fromMs, 'nothing of the time is missing');
    else t.equal(found.fragments.length, 0);
  },
);

t.test('a part that the card has lost breaks what is made, and what comes then begins with a key frame', async (t) => {
  const whole = await packetsOf(START_MS, START_MS + 6 * groupMs);
  const cut = [
    ...(await packetsOf(START_MS, START_MS + groupMs)),
    ...(await packetsOf(START_MS + 4 * groupMs, START_MS + 6 * groupMs)),
  ];
  const asked = { fromMs: START_MS, toMs: START_MS + 6 * groupMs };
  t.equal(packed(whole, asked).begun, 1);
  // The flag of the end stands in the first part, after which nothing is believed to follow.
  t.ok(packed(cut, asked).endMs! <= START_MS + groupMs + 150);
});

t.test('without times nothing is believed', async (t) => {
  const asked = { fromMs: START_MS, toMs: START_MS + 4 * groupMs };
  const some = await packetsOf(asked.fromMs, asked.toMs, true);
  const found = packed([...some, ...some, ...some], asked);
  t.equal(found.fragments.length, 0);
  t.match(found.failures[0]?.message, /when its pictures were taken/);
});

t.test('each piece of sound is at its time, also of the group before the time that is wanted', async (t) => {
  const asked = { fromMs: secondMs + 50, toMs: thirdMs + groupMs };
  const { fragments } = packed(await packetsOf(asked.fromMs - 3_000, asked.toMs), asked);
  const movie = { sound: { ...soundTrack.track.coding, trackId: 2, timescale: 16_000, codec: 'mp4a.40.2' } };
  const [first] = fragments;
  const heard = fragments
    .flatMap(({ data }) => soundIn(data, movie as unknown as Movie))
    .map(({ data, decodeTime }) => {
      const atMs = decodeTime / 16 - first!.decodeTimeMs + first!.startsAtMs;
      return { atMs, wasMs: data.length === 8 ? data.readDoubleBE(0) * PIECE_MS : null };
    });
  t.ok(heard.length * PIECE_MS > asked.toMs - first!.startsAtMs - 300);
  for (const { atMs, wasMs } of heard) {
    if (wasMs === null || Math.abs(atMs - wasMs) > PIECE_MS) t.fail(`what was at ${wasMs} is at ${atMs}`);
  }
});

t.test('whatever comes, nothing throws, and what is made is in order', async () => {
  const asked = { fromMs: START_MS, toMs: START_MS + 2 * groupMs };
  const packets = await packetsOf(asked.fromMs, asked.toMs);
  const harm = fc.record({ at: fc.nat(), byte: fc.nat(), to: fc.integer({ min: 0, max: 255 }), drop: fc.boolean() });
  fc.assert(
    fc.property(fc.array(harm, { maxLength: 20 }), (harms) => {
      const harmed = packets.map((packet) => Buffer.from(packet));
      for (const { at, byte, to, drop } of harms) {
        const index = at % harmed.length;
        const packet = harmed[index]!;
        if (drop) harmed.splice(index, 1);
        else if (packet.length > 0) packet[byte % Math.min(packet.length, 40)] = to;
      }
      const { fragments } = packed(harmed, asked);
      return fragments.every(({ startsAtMs, durationMs }) => Number.isFinite(startsAtMs) && durationMs >= 0);
    }),
    { numRuns: 40 },
  );
});
