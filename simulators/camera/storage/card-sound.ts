import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How a card keeps sound: AAC in MP4's own way, or G.711 (A-law). */
export type CardCoding = 'AAC' | 'PCMA';

/** A piece of sound, and when it began by the camera's clock, Unix ms. */
export interface StoredSound {
  atMs: number;
  /** As RTP carries it. */
  payload: Buffer;
}

/** What a card has of sound: the same few seconds again and again, each piece at its place in the day. */
export interface CardSound {
  payloadType: number;
  rate: number;
  /** Of a description, without `a=control`. */
  lines: string[];
  between(fromMs: number, toMs: number): StoredSound[];
}

const run = promisify(execFile);
const AAC = { rate: 16_000, samples: 1_024, payloadType: 97, seconds: 8 } as const;
const PCMA = { rate: 8_000, samples: 160, payloadType: 8 } as const;
const ADTS_BYTES = 7;

/** A tone that rises for some seconds (AAC), or one that sounds at the beginning of each second (G.711). */
export async function cardSound(coding: CardCoding, ffmpeg = 'ffmpeg'): Promise<CardSound> {
  return coding === 'AAC' ? aacSound(await risingTone(ffmpeg)) : pcmaSound();
}

function aacSound(frames: readonly Buffer[]): CardSound {
  const { rate, samples, payloadType } = AAC;
  const fields = 'streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408';
  const payloads = frames.map((frame) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(16, 0);
    head.writeUInt16BE(frame.length << 3, 2);
    return Buffer.concat([head, frame]);
  });
  return {
    payloadType,
    rate,
    lines: [
      `m=audio 0 RTP/AVP ${payloadType}`,
      `a=rtpmap:${payloadType} MPEG4-GENERIC/${rate}/1`,
      `a=fmtp:${payloadType} ${fields}`,
    ],
    between: pieces((samples * 1_000) / rate, (number) => payloads[number % payloads.length]!),
  };
}

function pcmaSound(): CardSound {
  const { rate, samples, payloadType } = PCMA;
  const pieceMs = (samples * 1_000) / rate;
  const perS = 1_000 / pieceMs;
  const tone = aLawTone(samples);
  const silence = Buffer.alloc(samples, 0xd5);
  return {
    payloadType,
    rate,
    lines: [`m=audio 0 RTP/AVP ${payloadType}`],
    // The first fifth of each second.
    between: pieces(pieceMs, (number) => (number % perS < perS / 5 ? tone : silence)),
  };
}

/** Half the time at one end and half at the other: 500 Hz, by the codes of A-law. */
function aLawTone(samples: number): Buffer {
  return Buffer.from(Array.from({ length: samples }, (_, at) => (at % 16 < 8 ? 0xa5 : 0x25)));
}

/** Pieces of one length, numbered from the beginning of time on. */
function pieces(pieceMs: number, payloadOf: (number: number) => Buffer): CardSound['between'] {
  return (fromMs, toMs) => {
    const [first, end] = [Math.ceil(fromMs / pieceMs), Math.ceil(toMs / pieceMs)];
    return Array.from({ length: Math.max(0, end - first) }, (_, index) => ({
      atMs: (first + index) * pieceMs,
      payload: payloadOf(first + index),
    }));
  };
}

let risen: Promise<Buffer[]> | null = null;

/** Frames of AAC-LC, mono; coded once for a process. */
function risingTone(ffmpeg: string): Promise<Buffer[]> {
  risen ??= (async () => {
    const { rate, seconds } = AAC;
    const tone = ['-f', 'lavfi', '-i', `aevalsrc=0.3*sin(2*PI*t*(200+40*t)):s=${rate}:d=${seconds}`];
    const args = ['-v', 'error', '-nostdin', ...tone, '-c:a', 'aac', '-b:a', '32k', '-f', 'adts', '-'];
    const { stdout } = await run(ffmpeg, args, { encoding: 'buffer' });
    const frames: Buffer[] = [];
    for (let at = 0; at < stdout.length; ) {
      const bytes = (stdout.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
      frames.push(stdout.subarray(at + ADTS_BYTES, at + bytes));
      at += bytes;
    }
    return frames;
  })();
  return risen;
}
