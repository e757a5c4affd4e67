import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { judge } from '../judges.ts';
import type { Owner } from '../services/services.ts';

const SCRIPTS = {
  live: join(import.meta.dirname, 'gst-camera.py'),
  replay: join(import.meta.dirname, 'rtsp/gst-replay.py'),
};
const CLIP = join(import.meta.dirname, '../../../simulators/media/cctv-pedestrians.mp4');

export interface GstCameraOptions {
  /** An address of its own, such as 127.64.9.1. */
  address: string;
  method: 'basic' | 'digest';
  username: string;
  password: string;
}

/** A camera made by others: GStreamer's RTSP server from Debian. Resolves with its stream's address without login. */
export function startGstCamera(t: Owner, options: GstCameraOptions): Promise<{ url: string }> {
  return startGst(t, options, 'live');
}

/** The card of such a camera (ONVIF replay), by digest: the clip was recorded from `fromMs` (Unix) on. */
export function startGstCard(
  t: Owner,
  options: Omit<GstCameraOptions, 'method'> & { fromMs: number },
): Promise<{ url: string }> {
  return startGst(t, options, 'replay');
}

async function startGst(t: Owner, options: { address: string }, what: 'live' | 'replay'): Promise<{ url: string }> {
  const { command, env } = await judge('gst-python');
  const child = spawn(command, [SCRIPTS[what]], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const firstLine = once(child.stdout.setEncoding('utf8'), 'data');
  child.stdin.write(`${JSON.stringify({ ...options, clip: CLIP })}\n`);
  const [line] = await Promise.race([
    firstLine,
    ended.then(() => {
      throw new Error(`GStreamer's camera ended: ${stderr}`);
    }),
  ]);
  return { url: `rtsp://${options.address}:${Number.parseInt(line, 10)}/${what}` };
}
