import { execFileSync } from 'node:child_process';

/** What a camera sends of sound. */
export interface CameraSound {
  /** Of its description. */
  lines: string[];
  /** It is offered, and then refused. */
  refused?: true;
  /** Interleaved frames of channel 2: what sounds between two moments, seconds since the camera began. */
  between(fromS: number, toS: number): Buffer;
}

export interface SoundOptions {
  /** The stamp of what sounds at a moment; as time passes where absent. */
  stampAt?: (s: number) => number;
  /** Frames in one packet. */
  together?: number;
}

const CHANNEL = 2;
const ADTS_BYTES = 7;
const CONTROL = 'a=control:track2';

let coded: Buffer[] | null = null;

/** AAC-LC frames of a tone, mono, 16 kHz. */
export function aacFrames(): Buffer[] {
  coded ??= codeTone();
  return coded;
}

function codeTone(): Buffer[] {
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000:duration=4', '-c:a', 'aac', '-b:a', '32k'];
  const stream = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...tone, '-f', 'adts', '-']);
  const frames: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const bytes = (stream.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    frames.push(stream.subarray(at + ADTS_BYTES, at + bytes));
    at += bytes;
  }
  return frames;
}

/** AAC as RFC 3640 packs it. */
export function aacSound({ stampAt = (s) => s, together = 1 }: SoundOptions = {}): CameraSound {
  const [rate, samples, all] = [16_000, 1_024, aacFrames()];
  const fields = 'mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408';
  return {
    lines: ['m=audio 0 RTP/AVP 97', `a=rtpmap:97 MPEG4-GENERIC/${rate}/1`, `a=fmtp:97 ${fields}`, CONTROL],
    between: (fromS, toS) => {
      const packets: Buffer[] = [];
      const perS = rate / samples / together;
      for (let n = Math.ceil(fromS * perS); n < toS * perS; n += 1) {
        const frames = Array.from({ length: together }, (_, more) => all[(n * together + more) % all.length]!);
        packets.push(packet(97, n, stampAt(n / perS) * rate, aacPayload(frames)));
      }
      return Buffer.concat(packets);
    },
  };
}

/** The payload of one packet of AAC frames, 13 bits of size and 3 of index before each. */
export function aacPayload(frames: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(2 + 2 * frames.length);
  head.writeUInt16BE(16 * frames.length, 0);
  for (const [index, { length }] of frames.entries()) head.writeUInt16BE(length << 3, 2 + 2 * index);
  return Buffer.concat([head, ...frames]);
}

/** A-law of something that is no silence. */
export function g711Sound({ stampAt = (s) => s }: SoundOptions = {}): CameraSound {
  const perS = 50;
  return {
    lines: ['m=audio 0 RTP/AVP 8', CONTROL],
    between: (fromS, toS) => {
      const packets: Buffer[] = [];
      for (let n = Math.ceil(fromS * perS); n < toS * perS; n += 1) {
        const payload = Buffer.from(Array.from({ length: 160 }, (_, at) => (at % 16 < 8 ? 0xa5 : 0x25)));
        packets.push(packet(8, n, stampAt(n / perS) * 8_000, payload));
      }
      return Buffer.concat(packets);
    },
  };
}

function packet(payloadType: number, sequence: number, stamp: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(0x2400 | CHANNEL, 0);
  head.writeUInt16BE(12 + payload.length, 2);
  head.writeUInt16BE(0x8080 | payloadType, 4);
  head.writeUInt16BE(sequence & 0xffff, 6);
  head.writeUInt32BE(Math.round(stamp) >>> 0, 8);
  head.writeUInt32BE(0x87654321, 12);
  return Buffer.concat([head, payload]);
}
