import { TICKS_PER_S } from '../picture-clock.ts';
import { readRtp } from '../rtp-packet.ts';
import { AAC_FRAME_SAMPLES, silentFrame } from './aac-config.ts';
import { AacReader } from './aac-reader.ts';
import type { SenderReport } from './sender-report.ts';
import type { SoundTrack } from './sound-track.ts';

/** A piece of sound: when it begins and how long it lasts, in samples; its time passes as that of the pictures. */
export interface SoundFrame {
  at: number;
  samples: number;
  data: Buffer;
}

/** A picture as the camera stamped it, as it is stamped, and when it came (monotonic). */
export interface SeenPicture {
  told: number;
  stamp: number;
  atMs: number;
}

export interface SoundPackerOptions {
  /** Units a second of the camera's stamps of pictures. */
  videoRate: number;
  taken(frame: SoundFrame): void;
}

/** Sound may lag behind the pictures by so much before it is silence. */
const LAG_S = 1;
/** Silence is not made for longer than this at once: after that, time jumps. */
const SILENCE_MAX_S = 10;
/** Sound that is off by more than this is put where it belongs: by the camera's reports, or by its arrival. */
const OFF_BY_REPORT_S = 0.2;
const OFF_BY_ARRIVAL_S = 0.7;
/** Reports that disagree with arrival by more are of clocks that have nothing to do with each other. */
const CLOCKS_APART_S = 3;
/** A step of the stamps by more than this says nothing. */
const JUMP_S = 10;
/** Frames of G.711 are cut and filled in such pieces. */
const PIECE_S = 0.032;
const G711_SILENCE = { PCMA: 0xd5, PCMU: 0xff } as const;

/**
 * The sound of one camera beside its pictures: without holes, overlaps and jumps, in time with them by the camera's
 * reports or, without these, by arrival. Where it stops it is silent, so that no player waits for it.
 */
export class SoundPacker {
  readonly track: SoundTrack;
  readonly #options: SoundPackerOptions;
  readonly #reader: AacReader | null;
  #picture: SeenPicture | null = null;
  #reports: { video: SenderReport | null; sound: SenderReport | null } = { video: null, sound: null };
  /** Where the next frame begins; null before the first picture. */
  #next: number | null = null;
  #due: number | null = null;

  constructor(track: SoundTrack, options: SoundPackerOptions) {
    this.track = track;
    this.#options = options;
    this.#reader = track.coding.codec === 'AAC' ? new AacReader(track.coding.headers) : null;
  }

  /** Sound begins with the first picture, and never ends long before the newest. */
  pictured(picture: SeenPicture): void {
    const { sampleRate } = this.track.coding;
    const at = samplesAt(picture.stamp, sampleRate);
    if (this.#next === null || at - this.#next > SILENCE_MAX_S * sampleRate) this.#next = at;
    this.#picture = picture;
    this.#fill(at - LAG_S * sampleRate);
  }

  /** The camera told of the pictures, or of the sound, what time it is. */
  reported(of: 'video' | 'sound', report: SenderReport): void {
    this.#reports[of] = report;
  }

  /** Takes one RTP packet as it came. */
  push(packet: Buffer, atMs: number): void {
    const rtp = readRtp(packet);
    const { coding, payloadType, clockRate } = this.track;
    if (!rtp || rtp.payloadType !== payloadType || this.#next === null) return;
    const frames = this.#reader ? this.#reader.push(rtp) : [rtp.payload];
    let told = rtp.timestamp;
    for (const data of frames) {
      const samples = coding.codec === 'AAC' ? AAC_FRAME_SAMPLES : data.length;
      if (samples > 0) this.#place({ data, samples, told, atMs });
      told = (told + (samples * clockRate) / coding.sampleRate) >>> 0;
    }
  }

  #place({ data, samples, told, atMs }: { data: Buffer; samples: number; told: number; atMs: number }): void {
    const { coding, clockRate } = this.track;
    const { sampleRate } = coding;
    const [belongs, off] = this.#belongs(told, atMs);
    const stepS = this.#due === null ? JUMP_S : ((told - this.#due) | 0) / clockRate;
    const follows = this.#next! + Math.round(stepS * sampleRate);
    const at = Math.abs(stepS) < JUMP_S && Math.abs(follows - belongs) <= off * sampleRate ? follows : belongs;
    this.#due = (told + (samples * clockRate) / sampleRate) >>> 0;
    this.#fill(at);
    // What belongs where something sounds already came too late.
    if (this.#next! - at > samples / 2) {
      this.#due = null;
      return;
    }
    this.#give(data, samples);
  }

  /** Where a frame belongs by what else is known of it, and how far it may be off. */
  #belongs(told: number, atMs: number): [at: number, offS: number] {
    const { clockRate, coding } = this.track;
    const { told: pictureTold, stamp, atMs: pictureAtMs } = this.#picture!;
    const { video, sound } = this.#reports;
    const arrivedS = (atMs - pictureAtMs) / 1_000;
    let sinceS = arrivedS;
    let off = OFF_BY_ARRIVAL_S;
    if (video && sound) {
      const pictureS = video.atS + ((pictureTold - video.told) | 0) / this.#options.videoRate;
      const reportedS = sound.atS + ((told - sound.told) | 0) / clockRate - pictureS;
      if (Math.abs(reportedS - arrivedS) <= CLOCKS_APART_S) {
        sinceS = reportedS;
        off = OFF_BY_REPORT_S;
      }
    }
    return [Math.max(0, samplesAt(stamp + sinceS * TICKS_PER_S, coding.sampleRate)), off];
  }

  /** Silence up to a place, in whole frames; never more than there is room for. */
  #fill(to: number): void {
    const { coding } = this.track;
    const limit = this.#next! + SILENCE_MAX_S * coding.sampleRate;
    const [data, samples] = silenceOf(coding);
    while (this.#next! + samples <= Math.min(to, limit)) this.#give(data, samples);
  }

  #give(data: Buffer, samples: number): void {
    this.#options.taken({ at: this.#next!, samples, data });
    this.#next! += samples;
  }
}

function samplesAt(ticks: number, sampleRate: number): number {
  return Math.round((ticks * sampleRate) / TICKS_PER_S);
}

function silenceOf(coding: SoundTrack['coding']): [data: Buffer, samples: number] {
  if (coding.codec === 'AAC') return [silentFrame(coding.channels), AAC_FRAME_SAMPLES];
  const samples = Math.round(PIECE_S * coding.sampleRate);
  return [Buffer.alloc(samples, G711_SILENCE[coding.codec]), samples];
}
