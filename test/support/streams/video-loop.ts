import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT } from '../root.ts';
import { until } from '../time/until.ts';

/** The clip of the virtual cameras as endless HLS with fragmented MP4, made without encoding. */
export interface VideoLoop {
  read(name: string): Promise<{ type: string; body: Buffer } | null>;
  /** A still of the clip, as JPEG. */
  still(): Promise<Buffer>;
}

const MEDIA = join(ROOT, 'simulators/media');
const PLAYLIST = 'live.m3u8';

export async function startLoop(t: { teardown(run: () => unknown): void }): Promise<VideoLoop> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-loop-'));
  const input = ['-re', '-stream_loop', '-1', '-i', join(MEDIA, 'cctv-pedestrians.mp4')];
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '6', '-hls_segment_type', 'fmp4'];
  const flags = ['-hls_flags', 'delete_segments', '-hls_fmp4_init_filename', 'init.mp4'];
  const args = ['-v', 'error', '-nostdin', ...input, '-an', '-c', 'copy', ...hls, ...flags, PLAYLIST];
  const child = spawn('ffmpeg', args, { cwd: directory, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  });
  const read: VideoLoop['read'] = async (name) => {
    const body = await readFile(join(directory, basename(name))).catch(() => null);
    return body && { type: name.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp4', body };
  };
  await until(
    'a first playlist',
    async () => ((await read(PLAYLIST))?.body.toString().match(/#EXTINF/g)?.length ?? 0) >= 2,
  );
  return { read, still: () => readFile(join(MEDIA, 'cctv-pedestrians.jpg')) };
}
