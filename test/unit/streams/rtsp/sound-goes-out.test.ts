import fc from 'fast-check';
import t from 'tap';
import { videoSetup } from '../../../../src/streams/fmp4/annex-b.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { soundIn } from '../../../../src/streams/fmp4/samples.ts';
import { type RtpPacket, readRtp } from '../../../../src/streams/relay/rtp-packet.ts';
import { aacConfigOf } from '../../../../src/streams/relay/sound/aac-config.ts';
import { AacReader } from '../../../../src/streams/relay/sound/aac-reader.ts';
import { readSenderReport } from '../../../../src/streams/relay/sound/sender-report.ts';
import { soundOffer } from '../../../../src/streams/relay/sound/sound-track.ts';
import { describeTracks, type TrackName } from '../../../../src/streams/rtsp/description.ts';
import { Player } from '../../../../src/streams/rtsp/player.ts';
import { SoundWriter } from '../../../../src/streams/rtsp/sound-writer.ts';
import { interleavedChannel } from '../../../../src/streams/rtsp/transport.ts';
import { fragmentedH264, fragmentedWithSound } from '../../../support/streams/fragmented.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const AT_MS = 1_700_000_000_000;
const LIMITS = { backlogBytesMax: 1_000_000, stuckMs: 15_000, pictureMs: 30_000 };
const WAYS = { video: { channel: 0, source: 1 }, sound: { channel: 2, source: 2 } };

/** Packets of each interleaved channel in `data`, whose frames must be whole. */
function packetsOf(data: Buffer): Map<number, Buffer[]> {
  const channels = new Map<number, Buffer[]>();
  for (let at = 0; at < data.length; at += 4 + data.readUInt16BE(at + 2)) {
    const packet = data.subarray(at + 4, at + 4 + data.readUInt16BE(at + 2));
    channels.set(data[at + 1]!, [...(channels.get(data[at + 1]!) ?? []), packet]);
  }
  return channels;
}

function filmOf(file: Buffer) {
  const parts = new FragmentParser().push(file);
  const { init } = parts.find((part) => part.type === 'init')!;
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const told = { video: videoSetup(init), sound: aacConfigOf(Buffer.from(init.movie.sound?.config ?? '', 'hex')) };
  return { init, told, fragments: fragments.map((one) => ({ ...one, startsAtMs: AT_MS + one.decodeTimeMs })) };
}

/** A player that set `tracks` up as it was told of them, and what it was sent. */
function start(told: ReturnType<typeof filmOf>['told'], tracks: TrackName[]) {
  const written: Buffer[] = [];
  const sink = { backlogBytes: 0, write: (data: Buffer) => void written.push(Buffer.from(data)) };
  const ways = new Map(tracks.map((track) => [track, WAYS[track]]));
  const player = new Player({ clock: new ManualClock(), sink, told, ways, limits: LIMITS });
  const packets = (channel: number) => packetsOf(Buffer.concat(written)).get(channel) ?? [];
  return { player, sink, packets, rtp: (channel: number) => packets(channel).map((packet) => readRtp(packet)!) };
}

const HEADERS = { sizeBits: 13, indexBits: 3, deltaBits: 3 };
const FILM = filmOf(fragmentedWithSound());

t.test('frames of sound are packed so that a reader gets them back, whatever their size', async () => {
  const size = fc.oneof(fc.integer({ min: 10, max: 3_000 }), fc.constantFrom(1_396, 1_397, 2_792, 8_191));
  const rates = fc.constantFrom(8_000, 16_000, 44_100, 48_000);
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), rates, fc.boolean(), (sizes, sampleRate, isShifted) => {
      const frameMs = 1_024_000 / sampleRate;
      const frames = sizes.map((bytes, at) => ({ atMs: AT_MS + at * frameMs, data: Buffer.alloc(bytes, at + 1) }));
      const writer = new SoundWriter({ sampleRate, channel: 4, source: 9 });
      const later = frames.map((one) => ({ ...one, atMs: one.atMs + sizes.length * frameMs + (isShifted ? 700 : 0) }));
      const sent = Buffer.concat([writer.frames(frames), writer.frames(later)]);
      const packets = (packetsOf(sent).get(4) ?? []).map((packet) => readRtp(packet)!);
      const reader = new AacReader(HEADERS);
      const got = packets.flatMap((packet) => reader.push(packet));
      const stamps = packets.filter(({ marker }) => marker).map(({ timestamp }) => timestamp);
      const steps = stamps.slice(1).map((stamp, at) => (stamp - stamps[at]!) | 0);
      const jump = Math.round(0.7 * sampleRate);
      return (
        Buffer.concat(got).equals(Buffer.concat([...frames, ...later].map(({ data }) => data))) &&
        packets.every(({ sequence, payload, payloadType }, at) => {
          return sequence === at && payload.length <= 1_400 && payloadType === 97;
        }) &&
        stamps.length === 2 * frames.length &&
        steps.every((step, at) => {
          const wanted = isShifted && at === frames.length - 1 ? 1_024 + jump : 1_024;
          return Math.abs(step - wanted) <= (wanted === 1_024 ? 0 : 1);
        })
      );
    }),
  );
});

t.test('what no packet can say is left out, and the frames around it are not', async (t) => {
  const writer = new SoundWriter({ sampleRate: 16_000, channel: 0, source: 9 });
  const frames = [Buffer.alloc(20, 1), Buffer.alloc(0), Buffer.alloc(8_192, 2), Buffer.alloc(20, 3)];
  const sent = packetsOf(writer.frames(frames.map((data, at) => ({ data, atMs: AT_MS + at * 64 })))).get(0)!;
  const reader = new AacReader(HEADERS);
  const got = sent.map((packet) => readRtp(packet)!);
  t.same(
    got.flatMap((packet) => reader.push(packet)),
    [frames[0], frames[3]],
  );
  t.equal((got[1]!.timestamp - got[0]!.timestamp) | 0, 3 * 1_024, 'each at its own time');
});

t.test('a stream with sound is described so that our own reader takes it', async (t) => {
  const text = describeTracks(FILM.told);
  t.match(soundOffer(text, 'rtsp://10.0.0.1/live/cam/'), {
    track: {
      coding: { codec: 'AAC', sampleRate: 48_000, channels: 2, headers: HEADERS },
      payloadType: 97,
      clockRate: 48_000,
      controlUri: 'rtsp://10.0.0.1/live/cam/sound',
    },
    note: null,
  });
  t.notMatch(describeTracks({ ...FILM.told, sound: null }), /audio/);
});

/** Where the stamp of a packet lies on the clock of the reports, seconds. */
function onClock({ timestamp }: RtpPacket, report: Buffer, rate: number): number {
  const { atS, told } = readSenderReport(report)!;
  return atS + ((timestamp - told) | 0) / rate;
}

t.test('pictures and sound go out on one clock, as they stand in the fragments', async (t) => {
  const { player, packets, rtp } = start(FILM.told, ['video', 'sound']);
  player.epoch({ token: 'a', init: FILM.init, leaseEpoch: 1 });
  for (const fragment of FILM.fragments) player.fragment(fragment);
  const reader = new AacReader(HEADERS);
  const got = rtp(2).flatMap((packet) => reader.push(packet).map((data) => ({ data, packet })));
  const wanted = FILM.fragments.flatMap((fragment) => soundIn(fragment.data, FILM.init.movie));
  t.ok(wanted.length > 90, `${wanted.length} frames`);
  t.strictSame(
    got.map(({ data }) => data),
    wanted.map(({ data }) => data),
    'each frame once and in order',
  );
  const [picture] = rtp(0);
  const began = onClock(picture!, packets(1)[0]!, 90_000);
  const { decodeTimeMs } = FILM.fragments[0]!;
  for (const [at, { packet }] of got.entries()) {
    const due = wanted[at]!.decodeTime / 48_000 - decodeTimeMs / 1000;
    t.ok(Math.abs(onClock(packet, packets(3)[0]!, 48_000) - began - due) < 0.002, `frame ${at} at its time`);
  }
});

t.test('a player gets the tracks that it set up and no others', async (t) => {
  for (const [tracks, channels] of [
    [['video'], [true, true, false, false]],
    [['sound'], [false, false, true, true]],
  ] as const) {
    const { player, packets } = start(FILM.told, [...tracks]);
    player.epoch({ token: 'a', init: FILM.init, leaseEpoch: 1 });
    for (const fragment of FILM.fragments) player.fragment(fragment);
    t.same(
      [0, 1, 2, 3].map((channel) => packets(channel).length > 0),
      channels,
    );
  }
});

t.test('sound of before the first picture is not sent, nor any that comes late for it', async (t) => {
  const { player, rtp } = start(FILM.told, ['video', 'sound']);
  player.epoch({ token: 'a', init: FILM.init, leaseEpoch: 1 });
  const keys = FILM.fragments.flatMap(({ key }, at) => (key ? [at] : []));
  for (const fragment of FILM.fragments.slice(keys[1]! - 1)) player.fragment(fragment);
  const firstMs = FILM.fragments[keys[1]!]!.startsAtMs;
  const beganAt = Math.round(firstMs * 48) % 2 ** 32;
  const [first] = rtp(2);
  t.ok(Math.abs((first!.timestamp - beganAt) | 0) <= 1_024, 'it begins with the picture, to a frame');
});

t.test('sound that stops, or becomes another, costs no picture', async (t) => {
  const { player, rtp } = start(FILM.told, ['video', 'sound']);
  const silent = filmOf(fragmentedH264('in order'));
  const other = filmOf(fragmentedWithSound({ rate: 16_000, channels: 1 }));
  const counts: [pictures: boolean, sound: boolean][] = [];
  for (const { init, fragments } of [FILM, silent, other, FILM]) {
    const before = [rtp(0).length, rtp(2).length];
    player.epoch({ token: 'a', init, leaseEpoch: 1 });
    for (const fragment of fragments) player.fragment(fragment);
    counts.push([rtp(0).length > before[0]!, rtp(2).length > before[1]!]);
  }
  t.same(counts, [
    [true, true],
    [true, false],
    [true, false],
    [true, true],
  ]);
  t.equal(player.check(), null);
});

t.test('a player that names no channel, or one that is taken, gets one that is free', async (t) => {
  const tcp = 'RTP/AVP/TCP;unicast';
  t.equal(interleavedChannel(tcp, [0]), 2);
  t.equal(interleavedChannel(`${tcp};interleaved=0-1`, [0]), 2);
  t.equal(interleavedChannel(`${tcp};interleaved=1-2`, [0]), 2);
  t.equal(interleavedChannel(`${tcp};interleaved=4-5`, [0]), 4);
  t.equal(interleavedChannel(`${tcp};interleaved=254-255`, [254]), 0);
});
