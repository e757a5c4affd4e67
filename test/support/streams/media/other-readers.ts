import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFile, type Movie, MP4BoxBuffer } from 'mp4box';
import type { Test } from 'tap';
import { judge } from '../../judges.ts';

/** A track of a file, as one reader finds it. */
interface FoundTrack {
  kind: 'video' | 'audio';
  /** Pictures, or pieces of sound. */
  count: number;
  /** Of those that decoding may begin with. */
  keys: number;
  /** How long all of them last; holes are passed over, as mp4box.js and MediaInfo do. */
  lengthS: number;
}

const run = promisify(execFile);
const LIMIT_MS = 60_000;
/** Readers differ in how long they let the last sample last. */
const APART_MAX_S = 0.3;
/** No picture and no piece of sound lasts so long. */
const HOLE_S = 0.4;
const FORMATS: Record<string, RegExp> = { AVC: /^avc1\./, HEVC: /^(hvc1|hev1)\./, AAC: /^mp4a\.40\./ };

/**
 * Has a file read by readers that are not ours: ffprobe, mp4box.js and MediaInfo find the same tracks, of the same
 * length, with as many pictures and pieces of sound, in order, and none of them complains.
 */
export async function othersAgree(t: Test, file: Buffer): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-readers-'));
  try {
    const path = join(directory, 'file.mp4');
    await writeFile(path, file);
    const probed = await byFfprobe(path);
    const { tracks, codecs } = byMp4box(t, file);
    t.same(
      tracks.map(({ lengthS, ...track }) => track),
      probed.map(({ lengthS, ...track }) => track),
      'mp4box.js finds what ffprobe finds',
    );
    const told = await byMediaInfo(t, path);
    t.equal(told.length, probed.length, 'and MediaInfo');
    for (const [at, { lengthS }] of probed.entries()) {
      const lengths = [tracks[at]?.lengthS ?? 0, told[at]?.lengthS ?? 0];
      for (const one of lengths) t.ok(Math.abs(one - lengthS) < APART_MAX_S, `${one} s, ${lengthS} s by ffprobe`);
      t.match(codecs[at], FORMATS[told[at]?.format ?? ''] ?? /never/, `${told[at]?.format} by MediaInfo`);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function byFfprobe(path: string): Promise<FoundTrack[]> {
  const entries = 'stream=index,codec_type:packet=stream_index,dts_time,flags';
  const args = ['-v', 'error', '-show_entries', entries, '-of', 'json', path];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
  if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
  const { streams, packets } = JSON.parse(stdout) as {
    streams: { index: number; codec_type: 'video' | 'audio' }[];
    packets: { stream_index: number; dts_time: string; flags: string }[];
  };
  return streams.map(({ index, codec_type: kind }) => {
    const own = packets.filter((packet) => packet.stream_index === index);
    const timesS = own.map(({ dts_time: one }) => Number(one));
    const stepsS = timesS.slice(1).map((atS, at) => atS - timesS[at]!);
    const lengthS = stepsS.reduce((sum, stepS) => sum + (stepS > HOLE_S ? 0 : stepS), 0);
    return { kind, count: own.length, keys: own.filter(({ flags }) => flags.startsWith('K')).length, lengthS };
  });
}

function byMp4box(t: Test, file: Buffer): { tracks: FoundTrack[]; codecs: string[] } {
  const reader = createFile();
  const found: { info?: Movie; wrong: string[] } = { wrong: [] };
  reader.onReady = (info) => {
    found.info = info;
  };
  reader.onError = (_module, message) => void found.wrong.push(message);
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  reader.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes, 0), true);
  reader.flush();
  t.same(found.wrong, [], 'mp4box.js has nothing to say against it');
  const infos = [...(found.info?.videoTracks ?? []), ...(found.info?.audioTracks ?? [])];
  const tracks = infos.map(({ id, timescale }, at): FoundTrack => {
    const samples = reader.getTrackSamplesInfo(id);
    for (const [index, { dts, duration }] of samples.entries()) {
      const next = samples[index + 1];
      if (duration <= 0 || (next && next.dts < dts + duration - 1)) t.fail(`sample ${index} of track ${id} is ${dts}`);
    }
    const lengthS = samples.reduce((sum, { duration }) => sum + duration, 0) / timescale;
    const kind = at < (found.info?.videoTracks.length ?? 0) ? 'video' : 'audio';
    return { kind, count: samples.length, keys: samples.filter(({ is_sync: isSync }) => isSync).length, lengthS };
  });
  return { tracks, codecs: infos.map(({ codec }) => codec) };
}

async function byMediaInfo(t: Test, path: string): Promise<{ format: string; lengthS: number }[]> {
  const { command, env } = await judge('mediainfo');
  const { stdout, stderr } = await run(command, ['--Output=JSON', path], { env, timeout: LIMIT_MS });
  t.equal(stderr, '');
  t.notMatch(stdout, /IsTruncated|ConformanceError/, 'nor has MediaInfo');
  const { media } = JSON.parse(stdout) as {
    media: { track: { '@type': string; Format: string; Duration?: string }[] };
  };
  const ofKind = (kind: string) => media.track.filter((track) => track['@type'] === kind);
  return [...ofKind('Video'), ...ofKind('Audio')].map(({ Format: format, Duration }) => ({
    format,
    lengthS: Number(Duration ?? 0),
  }));
}
