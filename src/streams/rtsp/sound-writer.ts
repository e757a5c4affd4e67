import { AAC_FRAME_SAMPLES } from '../relay/sound/aac-config.ts';
import { PAYLOAD_TYPES } from './description.ts';
import { HEAD_BYTES, PAYLOAD_BYTES, RtpTrack } from './rtp-track.ts';

/** One frame of AAC as it goes out. */
export interface OutSound {
  /** When it begins, Unix ms. */
  atMs: number;
  data: Buffer;
}

export interface SoundWriterOptions {
  sampleRate: number;
  /** As those of {@link RtpTrack}. */
  channel: number;
  source: number;
}

/** How many bits of headers follow, and the one header: 13 bits of size and 3 of index (RFC 3640 §3.3.6). */
const HEADER_BYTES = 4;
const HEADER_BITS = 16;
const PIECE_BYTES = PAYLOAD_BYTES - HEADER_BYTES;
/** What the size has room for; no frame of two channels is larger. */
const FRAME_BYTES_MAX = 0x1fff;
/** Times are rounded: a frame that is off by no more follows the one before. */
const ROUNDING_MS = 1;

/** Packs AAC as RTP (RFC 3640, AAC-hbr) for one player: a frame in each packet, and a large one in several. */
export class SoundWriter {
  readonly #track: RtpTrack;
  readonly #roundingTicks: number;
  #due: number | null = null;

  constructor({ sampleRate, channel, source }: SoundWriterOptions) {
    const clockPerMs = sampleRate / 1000;
    this.#track = new RtpTrack({ channel, source, payloadType: PAYLOAD_TYPES.sound, clockPerMs });
    this.#roundingTicks = Math.ceil(ROUNDING_MS * clockPerMs);
  }

  /** All packets of some frames in one piece. A frame that is empty or too large for any is left out. */
  frames(frames: readonly OutSound[]): Buffer {
    const sent = frames.filter(({ data }) => data.length > 0 && data.length <= FRAME_BYTES_MAX);
    let bytes = 0;
    for (const { data } of sent) bytes += data.length + piecesOf(data) * (HEAD_BYTES + HEADER_BYTES);
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const { atMs, data } of sent) at = this.#frame(out, at, data, this.#stampOf(atMs));
    return out;
  }

  /** As {@link RtpTrack.report}. */
  report(atMs: number): Buffer {
    return this.#track.report(atMs);
  }

  #frame(out: Buffer, from: number, data: Buffer, stamp: number): number {
    let at = from;
    const pieces = piecesOf(data);
    for (let piece = 0; piece < pieces; piece += 1) {
      const begin = piece * PIECE_BYTES;
      const end = Math.min(data.length, begin + PIECE_BYTES);
      const bytes = HEADER_BYTES + end - begin;
      at = this.#track.head(out, at, { bytes, stamp, marker: end === data.length });
      out.writeUInt16BE(HEADER_BITS, at);
      // Of the whole frame, in each of its pieces.
      out.writeUInt16BE(data.length << 3, at + 2);
      at += HEADER_BYTES;
      at += data.copy(out, at, begin, end);
    }
    return at;
  }

  #stampOf(atMs: number): number {
    const told = this.#track.stampOf(atMs);
    const follows = this.#due !== null && Math.abs((told - this.#due) | 0) <= this.#roundingTicks;
    const stamp = follows ? this.#due! : told;
    this.#due = (stamp + AAC_FRAME_SAMPLES) >>> 0;
    return stamp;
  }
}

function piecesOf(data: Buffer): number {
  return Math.ceil(data.length / PIECE_BYTES);
}
