import { TICKS_PER_S } from '../picture-clock.ts';
import { RtpWriter, reportFrame } from '../rtp-packet.ts';
import type { SoundFrame } from './sound-packer.ts';
import type { SoundCoding } from './sound-track.ts';

/** Payload type of the sound in our own description, and its channels towards a reader of ours. */
const SOUND_PAYLOAD_TYPE = 97;
export const SOUND_CHANNELS = [2, 3] as const;
const VIDEO_REPORTS = 1;
/** The control address of the sound in {@link soundLines}. */
export const SOUND_CONTROL = 'sound';

/** The lines of a description that are told of the sound. */
export function soundLines(coding: SoundCoding): string[] {
  const { codec, sampleRate, channels } = coding;
  const name = codec === 'AAC' ? 'MPEG4-GENERIC' : codec;
  const fields = 'streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
  return [
    `m=audio 0 RTP/AVP ${SOUND_PAYLOAD_TYPE}`,
    `a=rtpmap:${SOUND_PAYLOAD_TYPE} ${name}/${sampleRate}/${channels}`,
    ...(codec === 'AAC' ? [`a=fmtp:${SOUND_PAYLOAD_TYPE} ${fields};config=${coding.config.toString('hex')}`] : []),
    `a=control:${SOUND_CONTROL}`,
  ];
}

/** Packs sound as RTP for a reader of ours. */
export class SoundFrames {
  readonly #coding: SoundCoding;
  readonly #writer = new RtpWriter(SOUND_PAYLOAD_TYPE, SOUND_CHANNELS[0]);

  constructor(coding: SoundCoding) {
    this.#coding = coding;
  }

  /** Says which moment of the sound belongs to a picture: without it a reader lets both begin together. */
  reports(pictureStamp: number): Buffer {
    const told = Math.round((pictureStamp * this.#coding.sampleRate) / TICKS_PER_S);
    return Buffer.concat([reportFrame(VIDEO_REPORTS, pictureStamp), reportFrame(SOUND_CHANNELS[1], told)]);
  }

  frame({ at, data }: SoundFrame): Buffer {
    if (this.#coding.codec !== 'AAC') return this.#writer.frame([data], at >>> 0, false);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(16, 0);
    head.writeUInt16BE(data.length << 3, 2);
    return this.#writer.frame([head, data], at >>> 0, true);
  }
}
