import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clip, parseClip, withKeyEvery } from '../../../simulators/camera/video/mp4.ts';

const FILM = fileURLToPath(new URL('../../../simulators/media/cctv-pedestrians.mp4', import.meta.url));

/** A coded film: pictures in order, each a list of NAL units, and the parameter sets every decoder needs. */
export interface Film {
  /** `shown`: its place among all in the order of showing, where that is another than here. */
  frames: { nals: Buffer[]; key: boolean; shown?: number }[];
  sps: Buffer;
  pps: Buffer;
  /** Of H.265 alone. */
  vps?: Buffer;
  framesPerS: number;
}

let loaded: Film | null = null;

/** The CCTV film of the simulators as NAL units, with a key frame each half second, which nobody waits for long. */
export function loadFilm(): Film {
  loaded ??= readFilm(5);
  return loaded;
}

/** As {@link loadFilm}, with a key frame every `keyEvery` pictures, of which there are 10 a second; at most 20. */
export function readFilm(keyEvery: number): Film {
  return filmOf(withKeyEvery(parseClip(readFileSync(FILM), FILM), keyEvery));
}

function filmOf({ parameters, units }: Clip): Film {
  // The encoder's own words (SEI) are no part of a picture.
  const frames = units.map(({ nals, key }) => ({ nals: nals.filter((nal) => (nal[0]! & 0x1f) !== 6), key }));
  return { ...parameters, frames, framesPerS: 10 };
}

export interface TestFilm {
  size: string;
  seconds: number;
  /** What else x264 is told. */
  x264: string;
  framesPerS?: number;
}

/** A coded test picture of this size. */
export function testFilm({ size, seconds, x264, framesPerS = 10 }: TestFilm): Film {
  const picture = `testsrc2=size=${size}:rate=${framesPerS}`;
  const source = ['-f', 'lavfi', '-i', picture, '-t', String(seconds), '-pix_fmt', 'yuv420p'];
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-threads', '1', '-x264-params', x264];
  const args = ['-v', 'error', '-nostdin', ...source, ...coding, '-f', 'h264', '-'];
  return filmOf264(execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 }), framesPerS, true);
}

/** The film of an H.264 stream with start codes. `all`: with the information (SEI) in front of pictures. */
export function filmOf264(annexB: Buffer, framesPerS = 10, all = false): Film {
  const frames: Film['frames'] = [];
  let before: Buffer[] = [];
  let sps: Buffer = Buffer.alloc(0);
  let pps: Buffer = Buffer.alloc(0);
  for (const nal of nalUnits(annexB)) {
    const type = nal[0]! & 0x1f;
    if (type === 7) sps = nal;
    else if (type === 8) pps = nal;
    else if (type === 1 || type === 5) {
      // The first bit after the header is 1 for the first slice of a picture (first_mb_in_slice 0).
      if (nal[1]! & 0x80) {
        frames.push({ nals: before, key: type === 5 });
        before = [];
      }
      frames.at(-1)!.nals.push(nal);
    } else if (all && type === 6) {
      before.push(nal);
    }
  }
  return { frames, sps, pps, framesPerS };
}

/** The NAL units between start codes. */
export function nalUnits(data: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let from = -1;
  for (let at = data.indexOf('000001', 0, 'hex'); at >= 0; at = data.indexOf('000001', at + 3, 'hex')) {
    if (from >= 0) units.push(data.subarray(from, data[at - 1] === 0 ? at - 1 : at));
    from = at + 3;
  }
  if (from >= 0) units.push(data.subarray(from));
  return units;
}

/** RTP packets of one picture (RFC 6184, 7798: single NAL units and fragments), framed for an RTSP connection. */
export class Packetizer {
  #sequence = 0;
  readonly #channel: number;
  readonly #split: (nal: Buffer) => Buffer[];

  constructor(channel: number, codec: 'H264' | 'H265' = 'H264') {
    this.#channel = channel;
    this.#split = codec === 'H264' ? split : splitHevc;
  }

  frame(nals: readonly Buffer[], timestamp: number): Buffer {
    const packets: Buffer[] = [];
    nals.forEach((nal, index) => {
      const parts = this.#split(nal);
      parts.forEach((part, at) => {
        const last = index === nals.length - 1 && at === parts.length - 1;
        packets.push(this.#packet(part, timestamp, last));
      });
    });
    return Buffer.concat(packets);
  }

  #packet(payload: Buffer, timestamp: number, marker: boolean): Buffer {
    const head = Buffer.alloc(16);
    head.writeUInt8(0x24, 0);
    head.writeUInt8(this.#channel, 1);
    head.writeUInt16BE(12 + payload.length, 2);
    head.writeUInt8(0x80, 4);
    head.writeUInt8((marker ? 0x80 : 0) | 96, 5);
    head.writeUInt16BE(this.#sequence++ & 0xffff, 6);
    head.writeUInt32BE(timestamp >>> 0, 8);
    head.writeUInt32BE(0x12345678, 12);
    return Buffer.concat([head, payload]);
  }
}

const PAYLOAD_BYTES = 1_400;

function split(nal: Buffer): Buffer[] {
  if (nal.length <= PAYLOAD_BYTES) return [nal];
  const parts: Buffer[] = [];
  for (let at = 1; at < nal.length; at += PAYLOAD_BYTES) {
    const end = Math.min(nal.length, at + PAYLOAD_BYTES);
    const flags = (at === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    const header = Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 0x1f)]);
    parts.push(Buffer.concat([header, nal.subarray(at, end)]));
  }
  return parts;
}

function splitHevc(nal: Buffer): Buffer[] {
  if (nal.length <= PAYLOAD_BYTES) return [nal];
  const parts: Buffer[] = [];
  for (let at = 2; at < nal.length; at += PAYLOAD_BYTES) {
    const end = Math.min(nal.length, at + PAYLOAD_BYTES);
    const flags = (at === 2 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    const header = Buffer.from([(nal[0]! & 0x81) | (49 << 1), nal[1]!, flags | ((nal[0]! >> 1) & 0x3f)]);
    parts.push(Buffer.concat([header, nal.subarray(at, end)]));
  }
  return parts;
}
