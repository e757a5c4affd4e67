export interface RtpTrackOptions {
  /** Interleaved channel of the media; that of reports is the next one. */
  channel: number;
  /** Who sends, as RTP calls it; random. */
  source: number;
  payloadType: number;
  /** Units of a stamp. */
  clockPerMs: number;
}

/** What stands before the payload of a packet: its frame (RFC 2326 §10.12) and its RTP header. */
export const HEAD_BYTES = 16;
/** What fits into a packet of every network, should somebody hand it on by UDP. */
export const PAYLOAD_BYTES = 1_400;

const FRAME_BYTES = 4;
const RTP_BYTES = HEAD_BYTES - FRAME_BYTES;
const STAMPS = 2 ** 32;
/** From 1900, where the time of reports begins, to 1970 (RFC 5905 §6). */
const NTP_AHEAD_S = 2_208_988_800;
/** Sender report of one block, and a source description with the name below (RFC 3550 §6.4.1, §6.5). */
const REPORT_BYTES = 28;
const NAME = Buffer.from('citywatch', 'latin1');
const NAMING_BYTES = 24;

/** The packets of one track for one player: numbered one by one, and counted for its reports. */
export class RtpTrack {
  readonly #options: RtpTrackOptions;
  #sequence = 0;
  #packets = 0;
  #bytes = 0;

  constructor(options: RtpTrackOptions) {
    this.#options = options;
  }

  /**
   * The stamp of a moment (Unix ms). It is the time of day itself: another run of the camera, other tracks and reports
   * need nothing else to fit in.
   */
  stampOf(atMs: number): number {
    return Math.round(atMs * this.#options.clockPerMs) % STAMPS;
  }

  /** Writes what stands before `bytes` of payload; answers where these begin. */
  head(out: Buffer, at: number, { bytes, stamp, marker }: { bytes: number; stamp: number; marker: boolean }): number {
    const { channel, source, payloadType } = this.#options;
    out.writeUInt16BE(0x2400 | channel, at);
    out.writeUInt16BE(RTP_BYTES + bytes, at + 2);
    out[at + 4] = 0x80;
    out[at + 5] = (marker ? 0x80 : 0) | payloadType;
    out.writeUInt16BE(this.#sequence, at + 6);
    out.writeUInt32BE(stamp, at + 8);
    out.writeUInt32BE(source, at + 12);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets += 1;
    this.#bytes += bytes;
    return at + HEAD_BYTES;
  }

  /** What says that a stamp belongs to a time of day: to be sent now and then. */
  report(atMs: number): Buffer {
    const { channel, source } = this.#options;
    const out = Buffer.alloc(FRAME_BYTES + REPORT_BYTES + NAMING_BYTES);
    out.writeUInt16BE(0x2400 | (channel + 1), 0);
    out.writeUInt16BE(REPORT_BYTES + NAMING_BYTES, 2);
    out.writeUInt32BE(0x80c80006, 4);
    out.writeUInt32BE(source, 8);
    out.writeUInt32BE(Math.floor(atMs / 1000) + NTP_AHEAD_S, 12);
    out.writeUInt32BE(Math.floor(((atMs % 1000) / 1000) * STAMPS), 16);
    out.writeUInt32BE(this.stampOf(atMs), 20);
    out.writeUInt32BE(this.#packets % STAMPS, 24);
    out.writeUInt32BE(this.#bytes % STAMPS, 28);
    out.writeUInt32BE(0x81ca0005, 32);
    out.writeUInt32BE(source, 36);
    out.writeUInt8(1, 40);
    out.writeUInt8(NAME.length, 41);
    NAME.copy(out, 42);
    return out;
  }
}
