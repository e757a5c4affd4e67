import { TICKS_PER_S } from '../relay/picture-clock.ts';
import { readRtp } from '../relay/rtp-packet.ts';
import { type SoundFrame, SoundPacker } from '../relay/sound/sound-packer.ts';
import type { SoundTrack } from '../relay/sound/sound-track.ts';
import { readReplayTimes } from './replay-times.ts';

/** Packets that wait for a picture to go with: some seconds, as the pictures that wait for the next key frame. */
const WAITING_MAX = 256;

interface Timed {
  packet: Buffer;
  /** When it sounded by the camera's clock, Unix ms. */
  atMs: number;
  told: number;
}

/**
 * The sound of what a camera plays back, each piece at the time at which it sounded, not at that of its arrival: a
 * playback is faster than time. Without such times it is left out.
 */
export class ReplaySound {
  readonly track: SoundTrack;
  #packer: SoundPacker | null = null;
  #isPictured = false;
  /** A moment that the camera told, and its stamp then. */
  #known: Omit<Timed, 'packet'> | null = null;
  readonly #waiting: Timed[] = [];

  constructor(track: SoundTrack) {
    this.track = track;
  }

  /** A section of the recording begins with the picture that is told next. */
  begin(taken: (frame: SoundFrame) => void): void {
    this.#packer = new SoundPacker(this.track, { videoRate: TICKS_PER_S, taken });
    this.#isPictured = false;
  }

  /** The section is over. */
  end(): void {
    this.#packer = null;
    this.#waiting.length = 0;
  }

  /** A picture of it: its stamp in ticks of 90 kHz, and when it was taken by the camera's clock. */
  pictured(stamp: number, atMs: number): void {
    const told = stamp >>> 0;
    this.#packer?.reported('video', { atS: atMs / 1_000, told });
    this.#packer?.pictured({ told, stamp, atMs });
    if (!this.#packer || this.#isPictured) return;
    this.#isPictured = true;
    for (const one of this.#waiting.splice(0)) this.#give(this.#packer, one);
  }

  /** Takes one RTP packet as it came. */
  push(packet: Buffer): void {
    const rtp = readRtp(packet);
    if (!rtp || rtp.payloadType !== this.track.payloadType) return;
    const told = rtp.timestamp;
    const times = readReplayTimes(packet);
    if (times) this.#known = { atMs: times.atMs, told };
    if (!this.#known) return;
    const sinceMs = (((told - this.#known.told) | 0) * 1_000) / this.track.clockRate;
    const timed = { packet, atMs: this.#known.atMs + sinceMs, told };
    if (this.#packer && this.#isPictured) this.#give(this.#packer, timed);
    else {
      this.#waiting.push(timed);
      if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    }
  }

  #give(packer: SoundPacker, { packet, atMs, told }: Timed): void {
    packer.reported('sound', { atS: atMs / 1_000, told });
    packer.push(packet, atMs);
  }
}
