import { randomInt } from 'node:crypto';
import { setTimeout as after, setImmediate as soon } from 'node:timers/promises';
import { cutIntoPackets, soundPacket, stampPackets } from '../rtsp/rtp.ts';
import { codecOf, setsOf } from '../video/video.ts';
import type { Storage } from './storage.ts';

/** A connection that plays back. */
export interface ReplayPlayer {
  channel: number;
  /** Of the sound; null where it was not set up. */
  soundChannel: number | null;
  /** Resolves when the connection can take more; rejects when it is gone. */
  write(bytes: Buffer): Promise<void>;
}

/** What a client asked for by PLAY. Unix ms by the camera's clock. */
export interface ReplayAsked {
  fromMs: number;
  toMs: number;
  /** False: as fast as the client takes it (`Rate-Control: no`). */
  paced: boolean;
  cseq: number;
}

/** Faults of a card. */
export interface ReplayFaults {
  /** The connection is cut after so many pictures; null where it is not. */
  cutAfter: number | null;
  /** Packets without the times of their pictures. */
  timeless: boolean;
  /** From one picture to the next, where they come as fast as can be, ms. */
  everyMs: number;
}

const NTP_OFFSET_S = 2_208_988_800;
/** How long the last picture of a section is heard. */
const LAST_MS = 100;
const FRAMING_BYTES = 4;
const HEADER_BYTES = 12;
const EXTENSION_BYTES = 16;
/** Bits of the extension (ONVIF Streaming Specification, RTP header extension of replay). */
const CLEAN = 0x80;
const END = 0x40;
const DISCONTINUITY = 0x20;
const TERMINAL = 0x10;

/** `Range: clock=20261129T080000.250Z-20261129T080100Z`; null for anything else. The end may be left out. */
export function readClockRange(text: string | undefined): { fromMs: number; toMs: number } | null {
  const match = /^clock=(\d{8}T\d{6}(?:\.\d+)?Z)-(\d{8}T\d{6}(?:\.\d+)?Z)?$/.exec(text ?? '');
  if (!match) return null;
  const [fromMs, toMs] = [match[1], match[2]].map((moment) => (moment ? momentOf(moment) : Number.POSITIVE_INFINITY));
  return { fromMs: fromMs!, toMs: toMs! };
}

function momentOf(text: string): number {
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)T(..)(..)(.*)Z$/.exec(text)!;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`) + Number(second) * 1_000;
}

/** Sends what is kept of a time; resolves when all was sent or `signal` is aborted, true where the cable was cut. */
export async function replay(
  storage: Storage,
  player: ReplayPlayer,
  { asked, faults, signal }: { asked: ReplayAsked; faults: ReplayFaults; signal: AbortSignal },
): Promise<boolean> {
  const parameters = await storage.parameters();
  const pictures = storage.read(asked.fromMs, asked.toMs);
  const [ssrc, base] = [randomInt(2 ** 32), randomInt(2 ** 31)];
  let sequence = randomInt(2 ** 15);
  const sound = soundBeside(storage, player, asked.cseq);
  for (const [index, { picture, isFirst, isLast }] of pictures.entries()) {
    if (signal.aborted) return false;
    if (faults.cutAfter !== null && index >= faults.cutAfter) return true;
    const nals = picture.unit.key ? [...setsOf(parameters), ...picture.unit.nals] : picture.unit.nals;
    const template = cutIntoPackets({ ...picture.unit, nals }, codecOf(parameters));
    const timestamp = base + Math.round((picture.atMs - pictures[0]!.picture.atMs) * 90);
    const stamped = stampPackets(template, { channel: player.channel, sequence, timestamp, ssrc });
    sequence = (sequence + template.starts.length) & 0xffff;
    const isTerminal = index === pictures.length - 1;
    const flags =
      (picture.unit.key ? CLEAN : 0) |
      (isLast ? END : 0) |
      (isFirst && index > 0 ? DISCONTINUITY : 0) |
      (isTerminal ? TERMINAL : 0);
    const extension = extensionOf(picture.atMs, flags, asked.cseq);
    await player.write(faults.timeless ? stamped : withExtension(stamped, extension));
    const next = pictures[index + 1];
    const beside = sound(picture.atMs, isLast || !next ? picture.atMs + LAST_MS : next.picture.atMs);
    if (beside.length > 0 && !isTerminal) await player.write(beside);
    const pauseMs = asked.paced && next ? next.picture.atMs - picture.atMs : faults.everyMs;
    if (pauseMs > 0) await after(pauseMs, undefined, { signal }).catch(() => {});
    else await soon();
  }
  return false;
}

/** Frames of what sounds between two moments, each with its time. */
function soundBeside({ sound }: Storage, { soundChannel }: ReplayPlayer, cseq: number) {
  const [ssrc, base] = [randomInt(2 ** 32), randomInt(2 ** 31)];
  let sequence = randomInt(2 ** 15);
  let beganMs: number | null = null;
  return (fromMs: number, toMs: number): Buffer => {
    if (!sound || soundChannel === null) return Buffer.alloc(0);
    const packets = sound.between(fromMs, toMs).map(({ atMs, payload }) => {
      beganMs ??= atMs;
      sequence = (sequence + 1) & 0xffff;
      const timestamp = base + Math.round(((atMs - beganMs) * sound.rate) / 1_000);
      const packet = soundPacket({ channel: soundChannel, sequence, timestamp, ssrc }, sound.payloadType, payload);
      return withExtension(packet, extensionOf(atMs, 0, cseq));
    });
    return Buffer.concat(packets);
  };
}

function extensionOf(atMs: number, flags: number, cseq: number): Buffer {
  const bytes = Buffer.alloc(EXTENSION_BYTES);
  bytes.writeUInt16BE(0xabac, 0);
  bytes.writeUInt16BE(3, 2);
  bytes.writeUInt32BE((Math.floor(atMs / 1_000) + NTP_OFFSET_S) >>> 0, 4);
  bytes.writeUInt32BE(Math.floor(((atMs % 1_000) / 1_000) * 2 ** 32) >>> 0, 8);
  bytes.writeUInt8(flags, 12);
  bytes.writeUInt8(cseq & 0xff, 13);
  return bytes;
}

/** In the first packet of a picture, as the specification has it. */
function withExtension(stamped: Buffer, extension: Buffer): Buffer {
  const head = Buffer.from(stamped.subarray(0, FRAMING_BYTES + HEADER_BYTES));
  head.writeUInt16BE(head.readUInt16BE(2) + EXTENSION_BYTES, 2);
  head.writeUInt8(head.readUInt8(FRAMING_BYTES) | 0x10, FRAMING_BYTES);
  return Buffer.concat([head, extension, stamped.subarray(FRAMING_BYTES + HEADER_BYTES)]);
}
