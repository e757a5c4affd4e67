import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { judge } from '../../judges.ts';

const run = promisify(execFile);
/** VLC refuses to run as root. */
const NOBODY = 65_534;
const LIMIT_MS = 120_000;
/** How it speaks of pictures and files that are wrong; that it is late says something of the machine. */
const WRONG = /(mp4|adaptive|avcodec|h264|hevc|packetizer|decoder|demux).* (error|warning): .*/i;
const BROKEN = /corrupt|invalid|broken|unsupported|could not|cannot|fail/i;
/** Of one picture in so many a file is kept. */
const KEPT_ONE_IN = 5;

/** What VLC found in what it played. */
export interface PlayedByVlc {
  /** How many pictures it showed, about. */
  pictures: number;
  /** What it said against it. */
  complaints: string[];
}

/** Has VLC play a file or an address, on no screen and for so long at most, seconds. */
export async function playedByVlc(source: string, forS: number): Promise<PlayedByVlc> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-vlc-'));
  try {
    await chmod(directory, 0o777);
    const { command, env } = await judge('vlc');
    const args = [
      ...['-vv', '--no-color', '--intf=dummy', '--no-plugins-cache', '--vout=vdummy', '--aout=adummy', '--no-dbus'],
      ...['--no-video-title-show', '--play-and-exit', `--run-time=${forS}`],
      ...['--video-filter=scene', `--scene-ratio=${KEPT_ONE_IN}`, '--scene-prefix=shown', `--scene-path=${directory}`],
      ...[source, 'vlc://quit'],
    ];
    const isRoot = process.getuid?.() === 0;
    const { stdout, stderr } = await run(command, args, {
      env: { ...env, HOME: directory },
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    const complaints = `${stdout}\n${stderr}`.split('\n').filter((line) => BROKEN.test(WRONG.exec(line)?.[0] ?? ''));
    const kept = readdirSync(directory).filter((name) => name.startsWith('shown'));
    return { pictures: kept.length * KEPT_ONE_IN, complaints };
  } finally {
    await rm(directory, { recursive: true });
  }
}
