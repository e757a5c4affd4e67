import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMIT_MS = 60_000;

export interface Picture {
  codec: string;
  width: number;
  height: number;
}

/** What ffprobe finds at an address, or in a file. The token, if any, goes along as a header. */
export async function probe(url: string, token = ''): Promise<Picture> {
  const entries = 'stream=codec_name,width,height';
  const args = [...headers(token), '-v', 'error', '-show_entries', entries, '-of', 'json', url];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS });
  if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
  const { codec_name: codec, width, height } = JSON.parse(stdout).streams[0];
  return { codec, width, height };
}

/** What ffmpeg 5 says of itself when it reads a live playlist again: it gives its decoder the same beginning twice. */
const OF_ITSELF = /^\[mov,mp4.*\] Found duplicated MOOV Atom\. Skipped it\n(?: *Last message repeated \d+ times\n)?/gm;

/** Decodes so many pictures with ffmpeg and resolves with what it complained of. */
export async function decode(url: string, frames: number, token = ''): Promise<string> {
  const args = [...headers(token), '-v', 'warning', '-i', url, '-frames:v', String(frames), '-f', 'null', '-'];
  const { stderr } = await run('ffmpeg', ['-nostdin', ...args], { timeout: LIMIT_MS });
  return stderr.replaceAll(OF_ITSELF, '');
}

/** What a still picture is; rejects when it does not decode. */
export async function decodeStill(bytes: Buffer): Promise<Picture> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-still-'));
  try {
    const path = join(directory, 'still.jpg');
    await writeFile(path, bytes);
    const complaint = await decode(path, 1);
    if (complaint !== '') throw new Error(complaint);
    return await probe(path);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** When each picture of a file is shown, in seconds, as ffprobe reads it; rejects when it complains. */
export function packetTimes(file: Buffer): Promise<number[]> {
  return timesOf(file, 'v');
}

/** As {@link packetTimes}, of each frame of sound. */
export function soundTimes(file: Buffer): Promise<number[]> {
  return timesOf(file, 'a');
}

/** A frame of sound as ffprobe finds it. */
export interface HeardFrame {
  /** When it is heard, seconds. */
  atS: number;
  /** Of its bytes. */
  md5: string;
}

/** The frames of sound of a file, as ffprobe finds them; rejects when it complains. */
export function heardFrames(file: Buffer): Promise<HeardFrame[]> {
  return withFile(file, async (path) => {
    const entries = ['-select_streams', 'a', '-show_entries', 'packet=pts_time,data_hash', '-show_data_hash', 'md5'];
    const args = ['-v', 'error', ...entries, '-of', 'json', path];
    const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
    if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
    const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; data_hash: string }[] };
    return packets.map((one) => ({ atS: Number(one.pts_time), md5: one.data_hash.replace('MD5:', '') }));
  });
}

/** What ffprobe says of each stream of a file: its codec and how long it is, seconds; rejects when it complains. */
export function streamsOf(file: Buffer): Promise<{ codec: string; lengthS: number }[]> {
  return withFile(file, async (path) => {
    const args = ['-v', 'error', '-show_entries', 'stream=codec_name,start_time,duration', '-of', 'json', path];
    const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS });
    if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
    const { streams } = JSON.parse(stdout) as {
      streams: { codec_name: string; start_time: string; duration: string }[];
    };
    // Of fragments it is the time at which they end.
    return streams.map((one) => ({
      codec: one.codec_name,
      lengthS: Number(one.duration) - Number(one.start_time),
    }));
  });
}

function timesOf(file: Buffer, stream: 'v' | 'a'): Promise<number[]> {
  return withFile(file, async (path) => {
    const entries = ['-select_streams', stream, '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
    const args = ['-v', 'error', ...entries, path];
    const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS, maxBuffer: 16 * 1024 * 1024 });
    if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
    return stdout.trim().split(/\s+/).map(Number.parseFloat);
  });
}

/** Decodes every picture of a file and resolves with what ffmpeg complained of. */
export function decodeFile(file: Buffer): Promise<string> {
  return withFile(file, async (path) => {
    const args = ['-nostdin', '-v', 'warning', '-i', path, '-fps_mode', 'passthrough', '-f', 'null', '-'];
    return (await run('ffmpeg', args, { timeout: LIMIT_MS })).stderr;
  });
}

async function withFile<Result>(bytes: Buffer, use: (path: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-file-'));
  try {
    const path = join(directory, 'file.mp4');
    await writeFile(path, bytes);
    return await use(path);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function headers(token: string): string[] {
  return token ? ['-headers', `Authorization: Bearer ${token}\r\n`] : [];
}
