import type { Socket } from 'node:net';
import { type Clock, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { soundTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { Spawner, VideoProcess } from '../ffmpeg/spawner.ts';
import { AAC_FRAME_SAMPLES, type AacConfig, aacConfig, silentFrame } from '../relay/sound/aac-config.ts';
import type { SoundFrame } from '../relay/sound/sound-packer.ts';
import type { SoundCoding } from '../relay/sound/sound-track.ts';

export interface SoundCoderDeps {
  clock: Clock;
  sockets: Pick<LocalSockets, 'open'>;
  spawner: Pick<Spawner, 'run'>;
}

/** G.711, as a camera sends it. */
export type PlainCoding = Extract<SoundCoding, { codec: 'PCMA' | 'PCMU' }>;

/** What ffmpeg is told to write; see `soundTask`. */
const RATE = 16_000;
export const CODED_SOUND: AacConfig = aacConfig(RATE, 1)!;
/** What an encoder writes before the first sample (ISO/IEC 14496-24): one frame. */
const PRIMING_FRAMES = 1;
const ADTS_BYTES = 7;
/** The last frames are there in much less. */
const LAST_MS = 5_000;

/**
 * Codes the sound of one section of a playback as AAC, by an ffmpeg: pieces without a hole go in, frames at the same
 * times come out, a moment later. What ffmpeg does not make, because it ended, is silence.
 */
export class SoundCoder {
  readonly #deps: SoundCoderDeps;
  readonly #coding: PlainCoding;
  readonly #taken: (frame: SoundFrame) => void;
  readonly #stopped = new AbortController();
  readonly #run: Promise<void>;
  #begins: number | null = null;
  #samples = 0;
  #frames = 0;
  #input: Socket | null = null;
  #waiting: Buffer[] = [];
  #isOver = false;
  #isBroken = false;
  #rest = Buffer.alloc(0);

  constructor(deps: SoundCoderDeps, coding: PlainCoding, taken: (frame: SoundFrame) => void) {
    this.#deps = deps;
    this.#coding = coding;
    this.#taken = taken;
    this.#run = this.#code();
  }

  /** What went in and did not come out, seconds. */
  get behindS(): number {
    return (this.#framesDue - Math.max(0, this.#frames - PRIMING_FRAMES)) * (AAC_FRAME_SAMPLES / RATE);
  }

  give({ at, samples, data }: SoundFrame): void {
    this.#begins ??= Math.round((at * RATE) / this.#coding.sampleRate);
    this.#samples += samples;
    if (this.#isBroken) this.#makeUp();
    else if (this.#input) this.#input.write(data);
    else this.#waiting.push(data);
  }

  /** Resolves when all that went in came out. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#input?.end();
    const limit = deadline(this.#deps.clock, LAST_MS);
    await orAborted(this.#run, limit.signal).catch(() => {});
    limit.cancel();
    this.stop();
    await this.#run;
    this.#makeUp();
  }

  /** Nothing of it is wanted any more. */
  stop(): void {
    this.#stopped.abort();
  }

  get #framesDue(): number {
    return Math.floor((this.#samples * RATE) / this.#coding.sampleRate / AAC_FRAME_SAMPLES);
  }

  /** Resolves when ffmpeg is gone. */
  async #code(): Promise<void> {
    const { sockets, spawner } = this.#deps;
    const ends: LocalSocket[] = [];
    let process: VideoProcess | null = null;
    try {
      const [input, output] = [await sockets.open(), await sockets.open()];
      ends.push(input, output);
      process = spawner.run(soundTask({ input: input.path, output: output.path }, this.#coding));
      void input.connection.then((socket) => this.#begin(socket)).catch(() => {});
      const read = output.connection.then((socket) => this.#read(socket));
      // Frames that were written before the end are read before it counts.
      const ended = process.ended.then(() => Promise.race([read, this.#deps.clock.sleep(LAST_MS)]));
      await orAborted(Promise.race([read, ended]), this.#stopped.signal);
    } catch {
      // Made up for by silence.
    } finally {
      this.#isBroken = true;
      process?.stop();
      await process?.ended;
      for (const end of ends) end.close();
    }
  }

  #begin(socket: Socket): void {
    for (const one of this.#waiting.splice(0)) socket.write(one);
    this.#input = socket;
    if (this.#isOver) socket.end();
  }

  /** Resolves at its end. */
  #read(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      socket.on('data', (chunk: Buffer) => this.#frame(chunk));
      socket.once('close', resolve);
    });
  }

  #frame(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length > ADTS_BYTES) {
      const bytes = (data.readUIntBE(3, 3) >> 5) & 0x1fff;
      if (bytes <= ADTS_BYTES || data.length < bytes) break;
      this.#give(Buffer.from(data.subarray(ADTS_BYTES, bytes)));
      data = data.subarray(bytes);
    }
    this.#rest = Buffer.from(data);
  }

  #give(data: Buffer): void {
    const number = this.#frames - PRIMING_FRAMES;
    this.#frames += 1;
    if (number < 0 || this.#begins === null) return;
    this.#taken({ at: this.#begins + number * AAC_FRAME_SAMPLES, samples: AAC_FRAME_SAMPLES, data });
  }

  #makeUp(): void {
    while (this.#frames - PRIMING_FRAMES < this.#framesDue) this.#give(silentFrame(1));
  }
}
