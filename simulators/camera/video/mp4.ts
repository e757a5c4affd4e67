import { readFile } from 'node:fs/promises';
import type { AccessUnit, VideoParameters } from './video.ts';

/** An H.264 or H.265 clip in memory, ready to be sent round and round. */
export interface Clip {
  parameters: VideoParameters;
  /** In display order (the clip has no reordered frames); `atTicks` counts 1/90,000 s from the start of the clip. */
  units: AccessUnit[];
  durationTicks: number;
}

/**
 * Reads an MP4 file with one H.264 or H.265 track of NAL units with 4-byte lengths. Throws when the file is anything
 * else.
 */
export async function readClip(path: string): Promise<Clip> {
  return parseClip(await readFile(path), path);
}

/** As {@link readClip}, of the file's bytes; `path` is what it is called in errors. */
export function parseClip(file: Buffer, path: string): Clip {
  const moov = need(boxes(file), 'moov', path);
  const track = boxes(moov.body)
    .filter((box) => box.type === 'trak')
    .find((box) => find(box, ['mdia', 'minf', 'vmhd']));
  const media = track && find(track, ['mdia']);
  const table = media && find(media, ['minf', 'stbl']);
  if (!media || !table) throw new Error(`${path} has no video track`);
  if (find(table, ['ctts'])) throw new Error(`${path} has reordered frames; encode it with -bf 0`);
  const timescale = readTimescale(need(boxes(media.body), 'mdhd', path).body);
  const tables = boxes(table.body);
  const sizes = readSizes(need(tables, 'stsz', path).body);
  const offsets = readOffsets(sizes, need(tables, 'stsc', path).body, need(tables, 'stco', path).body);
  const durations = readDurations(need(tables, 'stts', path).body);
  const keys = new Set(readWords(need(tables, 'stss', path).body, 4));
  let clock = 0;
  const units = sizes.map((size, index) => {
    const atTicks = Math.round((clock * 90_000) / timescale);
    clock += durations[index] ?? 0;
    const start = offsets[index] ?? 0;
    return { nals: splitLengthPrefixed(file.subarray(start, start + size)), key: keys.has(index + 1), atTicks };
  });
  const parameters = readParameters(need(tables, 'stsd', path).body, path);
  return { parameters, units, durationTicks: Math.round((clock * 90_000) / timescale) };
}

/**
 * The clip with a key frame every `pictures` pictures: what follows later in each group is left out, and nothing that
 * stays refers to it. The pictures keep the pace of the clip, whose time shrinks.
 */
export function withKeyEvery({ parameters, units, durationTicks }: Clip, pictures: number): Clip {
  const stepTicks = durationTicks / units.length;
  let sinceKey = 0;
  const kept = units.filter(({ key }) => {
    sinceKey = key ? 0 : sinceKey + 1;
    return sinceKey < pictures;
  });
  return {
    parameters,
    units: kept.map((unit, at) => ({ ...unit, atTicks: Math.round(at * stepTicks) })),
    durationTicks: Math.round(kept.length * stepTicks),
  };
}

/** NAL units out of one sample of the AVC file format: each preceded by its length in four bytes. */
export function splitLengthPrefixed(sample: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let at = 0;
  while (at + 4 <= sample.length) {
    const end = at + 4 + sample.readUInt32BE(at);
    if (end > sample.length) throw new Error('a NAL unit is longer than its sample');
    nals.push(sample.subarray(at + 4, end));
    at = end;
  }
  return nals;
}

/** SPS and PPS out of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1). */
export function parseDecoderConfiguration(record: Buffer): VideoParameters {
  let at = 5;
  const take = (count: number): Buffer[] =>
    Array.from({ length: count }, () => {
      const length = record.readUInt16BE(at);
      at += 2 + length;
      return record.subarray(at - length, at);
    });
  if ((record.readUInt8(4) & 3) !== 3) throw new Error('NAL unit lengths of four bytes are expected');
  const sps = take(record.readUInt8(at++) & 31)[0];
  const pps = take(record.readUInt8(at++))[0];
  if (!sps || !pps) throw new Error('the decoder configuration lacks SPS or PPS');
  return { sps, pps };
}

/** VPS, SPS and PPS out of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1). */
function parseHevcConfiguration(record: Buffer): VideoParameters {
  if ((record.readUInt8(21) & 3) !== 3) throw new Error('NAL unit lengths of four bytes are expected');
  const found = new Map<number, Buffer>();
  let at = 23;
  for (let left = record.readUInt8(22); left > 0; left -= 1) {
    const type = record.readUInt8(at) & 63;
    const count = record.readUInt16BE(at + 1);
    at += 3;
    for (let index = 0; index < count; index += 1) {
      const length = record.readUInt16BE(at);
      at += 2 + length;
      if (!found.has(type)) found.set(type, record.subarray(at - length, at));
    }
  }
  const [vps, sps, pps] = [32, 33, 34].map((type) => found.get(type));
  if (!vps || !sps || !pps) throw new Error('the decoder configuration lacks VPS, SPS or PPS');
  return { vps, sps, pps };
}

interface Box {
  type: string;
  body: Buffer;
}

function boxes(bytes: Buffer): Box[] {
  const found: Box[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) throw new Error('the MP4 file is damaged or uses boxes beyond 4 GiB');
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

function find(box: Box, path: string[]): Box | undefined {
  let current: Box | undefined = box;
  for (const type of path) current = current && boxes(current.body).find((inner) => inner.type === type);
  return current;
}

function need(list: Box[], type: string, path: string): Box {
  const box = list.find((candidate) => candidate.type === type);
  if (!box) throw new Error(`${path} lacks the box ${type}`);
  return box;
}

function readTimescale(mdhd: Buffer): number {
  return mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12);
}

function readWords(body: Buffer, countAt: number): number[] {
  return Array.from({ length: body.readUInt32BE(countAt) }, (_, index) => body.readUInt32BE(countAt + 4 + index * 4));
}

function readSizes(stsz: Buffer): number[] {
  const common = stsz.readUInt32BE(4);
  return common === 0 ? readWords(stsz, 8) : new Array<number>(stsz.readUInt32BE(8)).fill(common);
}

function readOffsets(sizes: number[], stsc: Buffer, stco: Buffer): number[] {
  const words = Array.from({ length: stsc.readUInt32BE(4) * 3 }, (_, index) => stsc.readUInt32BE(8 + index * 4));
  const offsets: number[] = [];
  readWords(stco, 4).forEach((chunkAt, chunk) => {
    let perChunk = 0;
    for (let run = 0; run < words.length && (words[run] ?? 0) <= chunk + 1; run += 3) perChunk = words[run + 1] ?? 0;
    let at = chunkAt;
    for (let index = 0; index < perChunk && offsets.length < sizes.length; index += 1) {
      at += sizes[offsets.push(at) - 1] ?? 0;
    }
  });
  return offsets;
}

function readDurations(stts: Buffer): number[] {
  const durations: number[] = [];
  for (let run = 0; run < stts.readUInt32BE(4); run += 1) {
    const count = stts.readUInt32BE(8 + run * 8);
    for (let index = 0; index < count; index += 1) durations.push(stts.readUInt32BE(12 + run * 8));
  }
  return durations;
}

function readParameters(stsd: Buffer, path: string): VideoParameters {
  const entry = boxes(stsd.subarray(8))[0];
  const isHevc = entry?.type === 'hvc1' || entry?.type === 'hev1';
  if (isHevc) return parseHevcConfiguration(need(boxes(entry.body.subarray(78)), 'hvcC', path).body);
  if (entry?.type !== 'avc1') throw new Error(`${path} is neither H.264 nor H.265`);
  return parseDecoderConfiguration(need(boxes(entry.body.subarray(78)), 'avcC', path).body);
}
