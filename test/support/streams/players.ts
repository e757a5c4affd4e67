import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMIT_MS = 30_000;

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

/** Decodes so many pictures with ffmpeg and resolves with what it complained of. */
export async function decode(url: string, frames: number, token = ''): Promise<string> {
  const args = [...headers(token), '-v', 'warning', '-i', url, '-frames:v', String(frames), '-f', 'null', '-'];
  return (await run('ffmpeg', ['-nostdin', ...args], { timeout: LIMIT_MS })).stderr;
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

function headers(token: string): string[] {
  return token ? ['-headers', `Authorization: Bearer ${token}\r\n`] : [];
}
