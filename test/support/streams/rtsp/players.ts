import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { RTSP_LIMITS, RtspServer, type RtspServerOptions } from '../../../../src/streams/rtsp/server.ts';
import type { PassDoor } from '../../../../src/streams/rtsp/showing.ts';
import { judge } from '../../judges.ts';
import { look, type StreamBed } from '../streams.ts';

const run = promisify(execFile);
const GSTREAMER = join(import.meta.dirname, 'gst-player.py');
const LIMIT_MS = 60_000;

/** Viewer tokens in memory. */
export class MemoryPasses implements PassDoor {
  readonly views = new Map<string, View>();
  readonly #secret = randomBytes(16).toString('hex');
  /** Whether the one who knows does not answer. */
  isAway = false;
  asked = 0;

  add(view: View = look('cam')): { user: string; password: string } {
    const user = randomUUID();
    this.views.set(user, view);
    return { user, password: this.#secret };
  }

  secretOf(id: string): string | null {
    return id.includes('-') ? this.#secret : null;
  }

  async viewOf(id: string): Promise<View> {
    this.asked += 1;
    const view = this.views.get(id);
    if (!view) throw new CitywatchError('auth.required');
    return view;
  }

  async standing(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (this.isAway) throw new CitywatchError('store.unavailable');
    return new Set(ids.filter((id) => this.views.has(id)));
  }
}

type Limits = Partial<Pick<RtspServerOptions, 'seats' | 'player' | 'connection'>>;

/** An RTSP server for the cameras of `bed`, ended with the test. */
export async function startRtsp(
  t: Test,
  bed: Pick<StreamBed, 'service' | 'lines'>,
  { clock = systemClock, ...limits }: Limits & { clock?: Clock } = {},
) {
  const passes = new MemoryPasses();
  const destination = { write: (line: string) => void bed.lines.push(line) };
  const observer = createObserver({ level: 'trace', secrets: new KnownSecrets(), destination });
  const seats = { sessionsMax: 100, perViewerMax: 16 };
  const server = new RtspServer(
    { clock, observer, streams: bed.service, passes },
    { host: '127.0.0.1', port: 0, seats, ...RTSP_LIMITS, ...limits },
  );
  t.teardown(() => server.stop());
  const { port } = await server.start();
  const url = (path: string, { user, password }: { user: string; password: string }) =>
    `rtsp://${user}:${password}@127.0.0.1:${port}${path}`;
  return { server, passes, port, url, metrics: () => observer.metrics.metrics() };
}

/** What ffprobe finds in a stream. */
export async function probeRtsp(url: string) {
  const entries = 'stream=codec_name,width,height,r_frame_rate,sample_rate,channels';
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', entries, '-of', 'json', url];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS });
  const { streams } = JSON.parse(stdout);
  return { complaint: stderr, stream: streams[0], streams };
}

/** One packet of a stream as ffmpeg takes it out: its time in seconds, and the MD5 of its bytes. */
export interface FoundPacket {
  track: 'video' | 'audio';
  atS: number;
  md5: string;
}

/** Every packet of some seconds of a stream, as ffprobe reads it; rejects when it complains. */
export async function packetsOfRtsp(url: string, seconds: number): Promise<FoundPacket[]> {
  const entries = ['-show_entries', 'packet=codec_type,pts_time,data_hash', '-show_data_hash', 'md5', '-of', 'json'];
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-read_intervals', `%+${seconds}`, ...entries, url];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS, maxBuffer: 16 * 1024 * 1024 });
  if (stderr !== '') throw new Error(`ffprobe: ${stderr}`);
  const { packets } = JSON.parse(stdout) as { packets: { codec_type: string; pts_time?: string; data_hash: string }[] };
  return packets.flatMap(({ codec_type: track, pts_time: at, data_hash: md5 }) =>
    at !== undefined && (track === 'video' || track === 'audio')
      ? [{ track, atS: Number(at), md5: md5.replace('MD5:', '') }]
      : [],
  );
}

/** Decodes both tracks for some seconds and resolves with what ffmpeg complained of, and frames of each. */
export async function decodeTracks(url: string, seconds: number) {
  const input = ['-nostdin', '-v', 'warning', '-rtsp_transport', 'tcp', '-i', url, '-t', String(seconds)];
  const output = ['-map', '0', '-fps_mode', 'passthrough', '-f', 'framecrc', '-'];
  const { stdout, stderr } = await run('ffmpeg', [...input, ...output], { timeout: LIMIT_MS });
  const count = (track: number) => stdout.split('\n').filter((line) => line.startsWith(`${track},`)).length;
  return { complaint: stderr, pictures: count(0), sounds: count(1) };
}

/** When the first frames of each track are shown, seconds, as GStreamer plays it; rejects where it complains. */
export async function playByGstreamer(
  location: { url: string; username: string; password: string },
  frames: number,
): Promise<Partial<Record<'video' | 'audio', (number | null)[]>>> {
  const { command, env } = await judge('gst-python');
  const playing = run(command, [GSTREAMER], { env, timeout: 2 * LIMIT_MS });
  playing.child.stdin!.end(`${JSON.stringify({ ...location, frames })}\n`);
  return JSON.parse((await playing).stdout);
}

/** Decodes so many pictures with ffmpeg and resolves with what it complained of, and how many there were. */
export async function decodeRtsp(url: string, frames: number) {
  const input = ['-nostdin', '-v', 'warning', '-rtsp_transport', 'tcp', '-i', url];
  const output = ['-frames:v', String(frames), '-fps_mode', 'passthrough', '-f', 'framecrc', '-'];
  const { stdout, stderr } = await run('ffmpeg', [...input, ...output], { timeout: LIMIT_MS });
  return { complaint: stderr, pictures: stdout.split('\n').filter((line) => /^\d/.test(line)).length };
}

/** When pictures of some seconds are shown, 1/90,000 s; without the first, whose time ffprobe leaves out. */
export async function timesOfRtsp(url: string, seconds: number): Promise<number[]> {
  const entries = ['-read_intervals', `%+${seconds}`, '-show_entries', 'packet=pts', '-of', 'csv=p=0'];
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', ...entries, url];
  const { stdout } = await run('ffprobe', args, { timeout: LIMIT_MS });
  return stdout
    .split(/[\s,]+/)
    .filter((text) => /^\d+$/.test(text))
    .map(Number);
}

/** An ffmpeg that decodes until it is stopped or the stream ends. */
export function watchRtsp(t: Test, url: string) {
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-rtsp_transport',
    'tcp',
    '-i',
    url,
    '-f',
    'null',
    '-progress',
    'pipe:1',
    '-',
  ];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const state = { frames: 0, ended: false };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    state.frames = Number(/.*frame=(\d+)/s.exec(text)?.[1] ?? state.frames);
  });
  const ended = once(child, 'exit').then(() => {
    state.ended = true;
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return state;
}

/** A connection that says what a test wants to say. */
export async function rawRtsp(t: Test, port: number): Promise<{ socket: Socket; text(): string; closed(): boolean }> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  let text = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.once('close', () => {
    isClosed = true;
  });
  await once(socket, 'connect');
  return { socket, text: () => text, closed: () => isClosed };
}
