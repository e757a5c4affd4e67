import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import { CAGE_REMEDY, findCage } from '../../streams/ffmpeg/cage.ts';
import { findPostgres } from '../local-services/postgres/binaries.ts';
import { run } from '../local-services/run.ts';
import { ffmpegUserToBe, isRoot, systemUserProblem } from '../local-services/system-user.ts';
import type { DoctorDeps } from './deps.ts';

/** What streams need of ffmpeg; a build without one of these would fail only when the first camera is looked at. */
const FFMPEG_NEEDS: { list: string; names: string[] }[] = [
  { list: '-protocols', names: ['rtp', 'tcp', 'pipe'] },
  { list: '-formats', names: ['rtsp', 'mp4', 'h264', 'hevc', 'mjpeg'] },
  { list: '-encoders', names: ['mjpeg'] },
];

export async function checkFfmpeg({ config }: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const program = config.ffmpeg.path;
  const remedy = 'install ffmpeg (apt-get install ffmpeg), or set FFMPEG_PATH to one';
  try {
    // What it is stands above each list, on the other output.
    const lists = await Promise.all(FFMPEG_NEEDS.map(({ list }) => run(program, [list], { signal })));
    const missing = FFMPEG_NEEDS.flatMap(({ list, names }, index) => {
      const words = new Set(lists[index]?.stdout.split(/[\s,]+/));
      return names.filter((name) => !words.has(name)).map((name) => `${name} (${list})`);
    });
    if (missing.length > 0) return [problem('ffmpeg', `${program} was built without ${missing.join(', ')}`, remedy)];
    return [fine('ffmpeg', lists[0]?.stderr.split(' Copyright')[0] ?? program)];
  } catch {
    return [problem('ffmpeg', `${program} cannot be run`, remedy)];
  }
}

/** Whether ffmpeg can be kept from everything that is not its business; a start finds out by itself. */
export async function checkCage({ config }: DoctorDeps): Promise<Remark[]> {
  const place = await mkdtemp(join(tmpdir(), 'citywatch-'));
  try {
    const [user, hidden] = [await ffmpegUserToBe(), [resolve(config.dataDir)]];
    const { gap } = await findCage({ directory: join(place, 'cage'), ffmpegPath: config.ffmpeg.path, user, hidden });
    return [
      gap ? warning('ffmpeg', gap, CAGE_REMEDY) : fine('ffmpeg', 'sees no network, no data and no other process'),
    ];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

const REDIS_MIN = [6, 2];

export async function checkRedisProgram(_: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const remedy = 'install it (apt-get install redis-server), or set REDIS_URL to a server';
  return checkVersion(
    { part: 'redis', command: ['redis-server', '--version'], pattern: /v=(\d+)\.(\d+)/, remedy },
    signal,
  );
}

export async function checkInfluxProgram(_: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const remedy = 'install it (apt-get install influxdb), or set INFLUX_URL to a server';
  return checkVersion({ part: 'influx', command: ['influxd', 'version'], pattern: /v?(1)\.(\d+)/, remedy }, signal);
}

interface VersionCheck {
  part: string;
  command: [string, ...string[]];
  pattern: RegExp;
  remedy: string;
}

async function checkVersion({ part, command, pattern, remedy }: VersionCheck, signal: AbortSignal): Promise<Remark[]> {
  const [program, ...args] = command;
  try {
    const { stdout } = await run(program, args, { signal });
    const found = pattern.exec(stdout);
    const line = stdout.trim().split('\n')[0] ?? '';
    if (!found) return [problem(part, `${program} is of a version that does not fit (${line})`, remedy)];
    if (part === 'redis' && isOlder(found)) return [problem(part, `${program} is older than 6.2 (${line})`, remedy)];
    return [fine(part, line)];
  } catch {
    return [problem(part, `${program} is not installed`, remedy)];
  }
}

/** Whether a match with major and minor version is older than what BullMQ needs. */
export function isOlder([, major, minor]: RegExpExecArray | string[]): boolean {
  const [needMajor = 0, needMinor = 0] = REDIS_MIN;
  return Number(major) < needMajor || (Number(major) === needMajor && Number(minor) < needMinor);
}

export async function checkPostgresProgram(): Promise<Remark[]> {
  const { version } = await findPostgres();
  const wrong = isRoot() ? await systemUserProblem() : null;
  if (wrong) return [problem('postgres', wrong, 'install useradd (apt-get install passwd), or set DATABASE_URL')];
  return [fine('postgres', `PostgreSQL ${version} of the npm package`)];
}
