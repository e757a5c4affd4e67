import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { RTSP_LIMITS, RtspServer, type RtspServerOptions } from '../../../../src/streams/rtsp/server.ts';
import type { PassDoor } from '../../../../src/streams/rtsp/showing.ts';
import { look, type StreamBed } from '../streams.ts';

const run = promisify(execFile);
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
  const entries = 'stream=codec_name,width,height,r_frame_rate';
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', entries, '-of', 'json', url];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: LIMIT_MS });
  return { complaint: stderr, stream: JSON.parse(stdout).streams[0] };
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
