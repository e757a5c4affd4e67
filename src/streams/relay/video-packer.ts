import type { Clock } from '../../core/clock.ts';
import { backoffMs } from '../../core/mechanisms/backoff.ts';
import { NalReader } from './nal-reader.ts';
import { type Codec, type NalKind, nalKind } from './nal-unit.ts';
import { ParameterSets } from './parameter-sets.ts';
import { PictureClock } from './picture-clock.ts';
import { type RtpPacket, readRtp } from './rtp-packet.ts';
import { localDescription, type VideoTrack } from './sdp.ts';
import type { SeenPicture, SoundFrame } from './sound/sound-packer.ts';

/** Where the video of one description goes. */
export interface VideoTaker {
  /**
   * A picture begins. `stamp`: when it is shown, in ticks of 90 kHz, beyond 32 bits in the end. `key`: whether decoding
   * may begin with it.
   */
  picture(stamp: number, key: boolean): void;
  /** A NAL unit of it, in order. */
  unit(nal: Buffer): void;
  /** A piece of sound; where sound was set up, pieces follow each other without a hole. */
  sound(frame: SoundFrame): void;
  /** The stream goes on, but with another picture size or coding: this description has no more. */
  end(): void;
}

export interface VideoPackerOptions {
  clock: Clock;
  /** Called with true when more waits for a taker than may, and with false when it was taken. */
  hold(held: boolean): void;
  /** Told of each picture from the first that can be decoded on. */
  pictured?(picture: SeenPicture): void;
}

/** What may wait for a taker: two seconds of 16 Mbit/s. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** What an entry costs beside its bytes, so that a flood of tiny ones counts. */
const ENTRY_BYTES = 64;
/** What may come before a picture and belong to it. */
const LEADING_MAX = 64;
const LEADING_BYTES_MAX = 256 * 1024;
/** So many packets of another type than described, and none as described: the description is wrong. */
const STRANGERS_MAX = 20;
/** After a change of its parameters a stream is not believed to change again before this; each change doubles it. */
const CHANGE_PAUSES = { minMs: 5_000, maxMs: 300_000 };

/**
 * The video of one camera as it should have come: NAL units without start codes, stamps that pass as time does, a
 * description with the parameter sets that really belong to it, and nothing before the first picture that can be
 * decoded. Sound packets go in; pictures for one taker at a time come out.
 */
export class VideoPacker {
  readonly #track: VideoTrack;
  readonly #options: VideoPackerOptions;
  readonly #reader: NalReader;
  readonly #sets: ParameterSets;
  readonly #times: PictureClock;
  #payloadType: number;
  #strangers: number | null = 0;
  #leading: Buffer[] = [];
  #leadingBytes = 0;
  #recovery = false;
  #described: readonly Buffer[] = [];
  #turn = 0;
  #changeAtMs = 0;
  #taker: VideoTaker | null = null;
  #waiting: ({ stamp: number; key: boolean } | { sound: SoundFrame } | Buffer)[] = [];
  #waitingBytes = 0;
  #wake: (() => void)[] = [];
  #pictureAtMs: number | null = null;
  #hasKey = false;

  constructor(track: VideoTrack, options: VideoPackerOptions) {
    this.#track = track;
    this.#options = options;
    this.#payloadType = track.payloadType;
    this.#reader = new NalReader(track.codec);
    this.#sets = new ParameterSets(track.codec, track.sets);
    this.#times = new PictureClock(track.clockRate);
  }

  /** How often the stream began: 0 before its first picture that can be decoded, one more with each change. */
  get turn(): number {
    return this.#turn;
  }

  get codec(): Codec {
    return this.#track.codec;
  }

  /** When a picture last came, on the monotonic clock; null before the first. */
  get pictureAtMs(): number | null {
    return this.#pictureAtMs;
  }

  /** Whether a picture came that decoding can begin with, and whether every parameter set for it is known. */
  get seen(): { key: boolean; sets: boolean } {
    return { key: this.#hasKey, sets: this.#sets.current().length > 0 };
  }

  /** Resolves when there is a description and pictures for it. */
  async ready(): Promise<void> {
    if (this.#turn > 0) return;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** The description of the video since the last turn; of use after {@link ready}. */
  description(sound: readonly string[] = []): string {
    return localDescription(this.#track.codec, this.#described, sound);
  }

  /** What decodes the video since the last turn; of use after {@link ready}. */
  parameters(): { codec: Codec; sets: readonly Buffer[] } {
    return { codec: this.#track.codec, sets: this.#described };
  }

  /** Gives everything since the last turn to `taker`, and all that follows until the next turn. */
  take(taker: VideoTaker): void {
    this.#taker = taker;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#options.hold(false);
    for (const one of waiting) {
      if (Buffer.isBuffer(one)) taker.unit(one);
      else if ('sound' in one) taker.sound(one.sound);
      else taker.picture(one.stamp, one.key);
    }
  }

  /** Passes sound on beside the pictures; before the first picture there is none. */
  sound(frame: SoundFrame): void {
    if (this.#turn === 0) return;
    if (this.#taker) {
      this.#taker.sound(frame);
      return;
    }
    this.#waiting.push({ sound: frame });
    this.#wait(frame.data.length + ENTRY_BYTES);
  }

  /** Takes one RTP packet as it came. */
  push(packet: Buffer): void {
    const rtp = readRtp(packet);
    if (!rtp || !this.#isVideo(rtp)) return;
    const atMs = this.#options.clock.monotonicMs();
    for (const nal of this.#reader.push(rtp)) this.#unit(nal, rtp.timestamp, atMs);
  }

  #isVideo({ payloadType }: RtpPacket): boolean {
    if (payloadType === this.#payloadType) this.#strangers = null;
    if (payloadType === this.#payloadType || this.#strangers === null) return payloadType === this.#payloadType;
    this.#strangers += 1;
    if (this.#strangers > STRANGERS_MAX) this.#payloadType = payloadType;
    return false;
  }

  #unit(nal: Buffer, told: number, atMs: number): void {
    const kind = nalKind(this.#track.codec, nal);
    if (!kind) return;
    if (kind.set) this.#sets.receive(nal);
    if (kind.leads) {
      this.#lead(nal, kind);
      return;
    }
    if (kind.picture && kind.first) this.#picture(kind, told, atMs);
    if (this.#turn > 0) this.#send(nal);
  }

  /** Kept until its picture comes: it gets the picture's stamp, which cameras do not always give it. */
  #lead(nal: Buffer, kind: NalKind): void {
    this.#leadingBytes += nal.length;
    if (this.#leading.length >= LEADING_MAX || this.#leadingBytes > LEADING_BYTES_MAX) return;
    this.#leading.push(nal);
    this.#recovery ||= kind.recovery;
  }

  #picture(kind: NalKind, told: number, atMs: number): void {
    this.#pictureAtMs = atMs;
    const stamp = this.#times.stamp(told, atMs);
    const key = kind.key || this.#recovery;
    if (key) this.#enter(atMs);
    const leading = this.#leading;
    this.#leading = [];
    this.#leadingBytes = 0;
    this.#recovery = false;
    if (this.#turn === 0) return;
    if (this.#taker) this.#taker.picture(stamp, key);
    else this.#waiting.push({ stamp, key });
    this.#waitingBytes += this.#taker ? 0 : ENTRY_BYTES;
    this.#options.pictured?.({ told, stamp, atMs });
    for (const nal of leading) if (!this.#isDescribed(nal)) this.#send(nal);
  }

  /** Whether decoders have it already. */
  #isDescribed(nal: Buffer): boolean {
    const { codec } = this.#track;
    return codec === 'H265' && nalKind(codec, nal)?.set != null && this.#described.some((set) => set.equals(nal));
  }

  /** A picture with which decoding can begin: the stream begins with the first, and anew where it became another. */
  #enter(atMs: number): void {
    this.#hasKey = true;
    const sets = this.#sets.current();
    if (sets.length === 0) return;
    if (this.#turn > 0) {
      if (sameFrame(this.#track, this.#described, sets) || atMs < this.#changeAtMs) return;
    }
    this.#changeAtMs = atMs + backoffMs(CHANGE_PAUSES, this.#turn);
    this.#described = sets;
    this.#turn += 1;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#taker?.end();
    this.#taker = null;
    this.#options.hold(false);
    for (const wake of this.#wake.splice(0)) wake();
  }

  #send(nal: Buffer): void {
    if (this.#taker) {
      this.#taker.unit(nal);
      return;
    }
    this.#waiting.push(nal);
    this.#wait(nal.length + ENTRY_BYTES);
  }

  #wait(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#options.hold(true);
  }
}

/**
 * Whether two lists of parameter sets describe the same frame. Of H.264 a new PPS alone is understood by every decoder;
 * those of H.265 take sets from the description alone (`hvc1`).
 */
function sameFrame({ codec }: VideoTrack, described: readonly Buffer[], sets: readonly Buffer[]): boolean {
  if (codec === 'H265') return sets.every((set) => described.some((one) => one.equals(set)));
  const frames = (some: readonly Buffer[]) => some.filter((nal) => nalKind(codec, nal)?.set === 'sps');
  const [before, after] = [frames(described), frames(sets)];
  return before.length === after.length && before.every((nal, index) => nal.equals(after[index]!));
}
