import { StreamFailure } from '../pool/types.ts';
import { judgeMessage, type RtspMessage, readMessage } from './rtsp-message.ts';

/** What comes over one RTSP connection (RFC 2326): answers, requests, and frames of media between them. */
export type RtspItem =
  | RtspMessage
  /** One interleaved frame on a channel that was asked for; `data` with its header of four bytes. */
  | { type: 'frame'; data: Buffer };

type Judgement = 'frame' | 'message' | 'noise' | 'wait';

export const FRAME_HEADER_BYTES = 4;
const DOLLAR = 0x24;
/** An RTCP packet has at least 8 bytes, an RTP packet 12. */
const PACKET_BYTES_MIN = 8;
const RTP_BYTES_MIN = 12;
const RTCP_TYPE_MIN = 192;
const RTCP_TYPE_MAX = 223;
/** Noise that is borne between two sound items; beyond it, what comes is no stream. */
const NOISE_BYTES_MAX = 256 * 1024;
const NOISE_FRAMES_MAX = 50;

/**
 * Cuts the bytes of an RTSP connection into items. Holds at most one head, body or frame that is not complete. Bytes
 * that belong to nothing are left out, once something sound has come: some cameras put them between frames.
 */
export class RtspReader {
  /** Channels whose frames are handed out; others are dropped. */
  channels: readonly number[] = [];
  #waiting: Buffer = Buffer.alloc(0);
  #sound = false;
  #lost = false;
  #noiseBytes = 0;
  #noiseFrames = 0;
  /** Who sends on each channel: what tells a frame from noise that begins like one. */
  readonly #sources = new Map<number, number>();

  /** The items that became complete with `chunk`. After it threw ({@link StreamFailure} `nonsense`) it is of no use. */
  push(chunk: Buffer): RtspItem[] {
    let data = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, chunk]) : chunk;
    const items: RtspItem[] = [];
    while (data.length > 0) {
      const used = this.#step(data, items);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#waiting = data;
    return items;
  }

  /** Takes one item, or some noise, from the front. Returns bytes used; 0 to wait for more. */
  #step(data: Buffer, items: RtspItem[]): number {
    // Some cameras put empty lines between messages.
    if (data[0] === 0x0d || data[0] === 0x0a) return 1;
    switch (this.#judge(data, 0)) {
      case 'frame':
        return this.#frame(data, items);
      case 'message':
        return this.#message(data, items);
      case 'noise':
        return this.#noise(data);
      case 'wait':
        return 0;
    }
  }

  #judge(data: Buffer, at: number): Judgement {
    return data[at] === DOLLAR ? this.#judgeFrame(data, at) : judgeMessage(data, at);
  }

  /**
   * A frame is known by its sender. One of another sender, or of a channel that was not asked for, is believed when
   * something sound follows where it ends: noise may begin like a frame, and its length would cost many.
   */
  #judgeFrame(data: Buffer, at: number): Judgement {
    const packetAt = at + FRAME_HEADER_BYTES;
    if (packetAt >= data.length) return 'wait';
    const bytes = data.readUInt16BE(at + 2);
    if (bytes < PACKET_BYTES_MIN || data[packetAt]! >> 6 !== 2) return 'noise';
    const channel = data[at + 1]!;
    const wanted = this.channels.includes(channel);
    if (this.#lost && !wanted) return 'noise';
    if (packetAt + RTP_BYTES_MIN > data.length) return 'wait';
    if (this.#isKnown(data, at) || (wanted && !this.#lost && !this.#sources.has(channel))) return 'frame';
    const next = packetAt + bytes;
    // Not waited for where a frame of a known sender begins before its end.
    if (next + FRAME_HEADER_BYTES >= data.length) return this.#findKnown(data, at + 1) ? 'noise' : 'wait';
    if (data[next] !== DOLLAR) return judgeMessage(data, next) === 'noise' ? 'noise' : 'frame';
    return data[next + FRAME_HEADER_BYTES]! >> 6 === 2 ? 'frame' : 'noise';
  }

  #isKnown(data: Buffer, at: number): boolean {
    const channel = data[at + 1]!;
    const source = this.#sources.get(channel);
    const packetAt = at + FRAME_HEADER_BYTES;
    if (source === undefined || packetAt + RTP_BYTES_MIN > data.length) return false;
    return data[packetAt]! >> 6 === 2 && sourceOf(data, packetAt) === source;
  }

  #findKnown(data: Buffer, from: number): boolean {
    for (let at = data.indexOf(DOLLAR, from); at >= 0; at = data.indexOf(DOLLAR, at + 1)) {
      if (this.#isKnown(data, at)) return true;
    }
    return false;
  }

  #frame(data: Buffer, items: RtspItem[]): number {
    const end = FRAME_HEADER_BYTES + data.readUInt16BE(2);
    if (end > data.length) return 0;
    this.#isSound();
    const channel = data[1]!;
    if (!this.channels.includes(channel)) return end;
    this.#sources.set(channel, sourceOf(data, FRAME_HEADER_BYTES));
    items.push({ type: 'frame', data: data.subarray(0, end) });
    return end;
  }

  #message(data: Buffer, items: RtspItem[]): number {
    const read = readMessage(data);
    if (read === 'wait') return 0;
    if (read === 'noise') return this.#noise(data);
    this.#isSound();
    items.push(read.message);
    return read.bytes;
  }

  #isSound(): void {
    this.#sound = true;
    this.#lost = false;
    this.#noiseBytes = 0;
    this.#noiseFrames = 0;
  }

  /** Leaves out what is at the front, up to the next place where something may begin. */
  #noise(data: Buffer): number {
    if (!this.#sound) throw new StreamFailure('nonsense', 'What answers there does not speak RTSP.');
    this.#lost = true;
    let at = 0;
    do {
      // What is framed as asked for, and no RTP inside, counts more than other noise.
      if (data[at] === DOLLAR && this.channels.includes(data[at + 1] ?? -1)) this.#noiseFrames += 1;
      at += 1;
    } while (at < data.length && this.#judge(data, at) === 'noise');
    this.#noiseBytes += at;
    if (this.#noiseFrames > NOISE_FRAMES_MAX || this.#noiseBytes > NOISE_BYTES_MAX) {
      throw new StreamFailure('nonsense', 'Its media frames are not RTP.');
    }
    return at;
  }
}

/** The sender of the RTP or RTCP packet at `at`, which has its first 12 bytes there. */
function sourceOf(data: Buffer, at: number): number {
  const isRtcp = data[at + 1]! >= RTCP_TYPE_MIN && data[at + 1]! <= RTCP_TYPE_MAX;
  return data.readUInt32BE(at + (isRtcp ? 4 : 8));
}
