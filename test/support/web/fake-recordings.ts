import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { ROOT } from '../root.ts';

/** What was recorded: the same clip twice, with a hole between. */
export interface FakeRecordings {
  startsAtMs: number;
  /** Of each of the two. */
  lengthMs: number;
  holeMs: number;
}

const CLIP = join(ROOT, 'simulators/media/cctv-pedestrians.mp4');
const SECONDS = 20;
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

interface Cut {
  segments: { name: string; seconds: number }[];
  read(name: string): Promise<Buffer>;
}

/** Cuts the clip of the virtual cameras into segments, without encoding. */
async function cutClip(t: { teardown(run: () => unknown): void }): Promise<Cut> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-recorded-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'];
  const input = ['-stream_loop', '-1', '-i', CLIP, '-t', String(SECONDS), '-an', '-c', 'copy'];
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', ...input, ...hls, 'vod.m3u8'], { cwd: directory });
  await new Promise((resolve) => child.once('close', resolve));
  const text = await readFile(join(directory, 'vod.m3u8'), 'utf8');
  const found = [...text.matchAll(/#EXTINF:([\d.]+),\s+(\S+)/g)];
  return {
    segments: found.map(([, seconds, name]) => ({ name: name!, seconds: Number(seconds) })),
    read: (name) => readFile(join(directory, basename(name))),
  };
}

/**
 * Routes that playback asks for: every camera has the same recordings, and none before or after. `h265`: of which it is
 * said that they are H.265 (`cam-0 recorded`).
 */
export async function recordedRoutes(
  app: FastifyInstance,
  t: { teardown(run: () => unknown): void },
  h265: readonly string[],
): Promise<FakeRecordings> {
  const { segments, read } = await cutClip(t);
  const lengthMs = Math.round(segments.reduce((sum, { seconds }) => sum + seconds, 0) * 1_000);
  const holeMs = 10_000;
  const startsAtMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
  const parts = [startsAtMs, startsAtMs + lengthMs + holeMs];
  const at = (ms: number) => new Date(ms).toISOString();
  app.get('/api/v1/streams/:id/recordings', async (request) => {
    const { quality } = request.query as { quality: string };
    const stretches = parts.map((from) => ({ from: at(from), to: at(from + lengthMs), bytes: 1, files: 1 }));
    const gap = { from: at(startsAtMs + lengthMs), to: at(parts[1]!), cause: 'disk-full', detail: null, edge: null };
    const alert = { id: 'a-1', at: at(parts[1]! + 2_000), lastAt: at(parts[1]! + 2_000), severity: 'severe' };
    const alerts = [{ ...alert, rule: 'fall', title: { en: 'A fall', zh: '有人跌倒' } }];
    if (quality !== 'main') return { stretches: [], gaps: [], alerts, events: [], more: false };
    return { stretches, gaps: [gap], alerts, events: [], more: false };
  });
  app.get('/api/v1/streams/:id/playback-master.m3u8', async (request, reply) => {
    const query = request.url.slice(request.url.indexOf('?'));
    const { id } = request.params as { id: string };
    const codec = h265.includes(`${id} recorded`) ? 'hvc1.1.6.L93.B0' : 'avc1.4d401e';
    const variant = `#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="${codec}",RESOLUTION=768x576`;
    return reply.type(PLAYLIST_TYPE).send(`#EXTM3U\n${variant}\nplayback.m3u8${query}\n`);
  });
  app.get('/api/v1/streams/:id/playback.m3u8', async (_request, reply) => {
    const lines = parts.flatMap((from, n) => {
      let ms = from;
      const rows = segments.flatMap(({ name, seconds }) => {
        const row = [`#EXT-X-PROGRAM-DATE-TIME:${at(ms)}`, `#EXTINF:${seconds},`, `recordings/${name}`];
        ms += seconds * 1_000;
        return row;
      });
      return [...(n > 0 ? ['#EXT-X-DISCONTINUITY'] : []), '#EXT-X-MAP:URI="recordings/init.mp4"', ...rows];
    });
    const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-PLAYLIST-TYPE:VOD', '#EXT-X-TARGETDURATION:4'];
    return reply.type(PLAYLIST_TYPE).send([...head, ...lines, '#EXT-X-ENDLIST', ''].join('\n'));
  });
  app.get('/api/v1/streams/:id/recordings/:file', async (request, reply) => {
    const { file } = request.params as { file: string };
    const body = await read(file).catch(() => null);
    return body ? reply.type('video/mp4').send(body) : reply.code(404).send({ code: 'not-found' });
  });
  return { startsAtMs, lengthMs, holeMs };
}
