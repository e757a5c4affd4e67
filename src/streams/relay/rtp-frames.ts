import { type Codec, NAL_HEADER_BYTES } from './nal-unit.ts';
import { RtpWriter } from './rtp-packet.ts';
import { OUR_PAYLOAD_TYPE } from './sdp.ts';
import type { SoundFrame } from './sound/sound-packer.ts';
import { SoundFrames } from './sound/sound-rtp.ts';
import type { SoundCoding } from './sound/sound-track.ts';
import type { VideoTaker } from './video-packer.ts';

/** Where interleaved frames go. */
export interface FrameTaker {
  /** Whole frames, of the video on channel 0. */
  write(data: Buffer): void;
  end(): void;
}

/** Largest piece of a NAL unit in one frame, whose length has 16 bits. */
const PIECE_BYTES = 60_000;

/** Packs the video of a camera, and its sound where a coding is given, as RTP for a reader of ours. */
export class RtpFrames implements VideoTaker {
  readonly #codec: Codec;
  readonly #taker: FrameTaker;
  readonly #writer = new RtpWriter(OUR_PAYLOAD_TYPE);
  readonly #sound: SoundFrames | null;
  #stamp = 0;
  #begun = false;

  constructor(codec: Codec, taker: FrameTaker, sound: SoundCoding | null = null) {
    this.#codec = codec;
    this.#taker = taker;
    this.#sound = sound && new SoundFrames(sound);
  }

  picture(stamp: number): void {
    this.#stamp = stamp >>> 0;
    if (!this.#begun && this.#sound) this.#taker.write(this.#sound.reports(stamp));
    this.#begun = true;
  }

  sound(frame: SoundFrame): void {
    if (this.#sound && this.#begun) this.#taker.write(this.#sound.frame(frame));
  }

  unit(nal: Buffer): void {
    if (nal.length <= PIECE_BYTES) {
      this.#taker.write(this.#writer.frame([nal], this.#stamp, false));
      return;
    }
    const headerBytes = NAL_HEADER_BYTES[this.#codec];
    for (let at = headerBytes; at < nal.length; at += PIECE_BYTES) {
      const end = Math.min(nal.length, at + PIECE_BYTES);
      const flags = (at === headerBytes ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
      const pieces = [this.#fragmentHeader(nal, flags), nal.subarray(at, end)];
      this.#taker.write(this.#writer.frame(pieces, this.#stamp, false));
    }
  }

  end(): void {
    this.#taker.end();
  }

  /** RFC 6184 §5.8 and RFC 7798 §4.4.3. */
  #fragmentHeader(nal: Buffer, flags: number): Buffer {
    if (this.#codec === 'H264') return Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 0x1f)]);
    return Buffer.from([(nal[0]! & 0x81) | (49 << 1), nal[1]!, flags | ((nal[0]! >> 1) & 0x3f)]);
  }
}
