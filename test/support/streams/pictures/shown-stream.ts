import { writeFragment } from '../../../../src/streams/fmp4/fragment-writer.ts';
import { TRACK_ID, writeInit } from '../../../../src/streams/fmp4/init-writer.ts';
import { LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';
import type { PulledStream } from '../../../../src/streams/picture-health/sampler.ts';
import { type Film, loadFilm } from '../h264-source.ts';

const TICKS_PER_S = 90_000;
const BETWEEN_MS = 500;

/** A stream whose fragments a test makes. */
export class ShownStream implements PulledStream {
  readonly target: PulledStream['target'];
  isLive = true;
  readonly window = new LiveWindow();
  #atMs = 1_000;
  #sequence = 0;

  constructor(deviceId: string, { sps, pps }: Pick<Film, 'sps' | 'pps'> = loadFilm()) {
    this.target = { deviceId, quality: 'main' };
    const { init } = writeInit({ codec: 'H264', sets: [sps, pps], timescale: TICKS_PER_S });
    this.window.begin({ token: deviceId, init, leaseEpoch: 1 });
  }

  /** A key frame of these units, and then a second and a half in which so many bytes come. */
  shows(nals: readonly Buffer[], betweenBytes: number): void {
    this.#add(nals, true);
    for (let at = 0; at < 3; at += 1) this.#add([Buffer.alloc(Math.round(betweenBytes / 3), 1)], false);
  }

  #add(nals: readonly Buffer[], key: boolean): void {
    this.#sequence += 1;
    const data = nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    });
    const samples = [{ data, key, duration: (BETWEEN_MS * TICKS_PER_S) / 1_000 }];
    const written = { sequence: this.#sequence, tracks: [{ trackId: TRACK_ID, decodeTime: 0, samples }] };
    this.window.add({
      data: writeFragment(written),
      decodeTimeMs: 0,
      durationMs: BETWEEN_MS,
      key,
      startsAtMs: this.#atMs,
    });
    this.#atMs += BETWEEN_MS;
  }
}

/** The key frames of the film, one after the other. */
export function keyFrames(): Buffer[][] {
  return loadFilm()
    .frames.filter(({ key }) => key)
    .map(({ nals }) => nals);
}
