import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FILM = fileURLToPath(new URL('../../simulators/media/cctv-pedestrians.mp4', import.meta.url));

/** The first seconds of the film as fragmented MP4, written by ffmpeg with the gateway's own muxing options. */
export function fragmentedFilm(seconds: number): Buffer {
  const muxing = ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000'];
  const args = ['-v', 'error', '-i', FILM, '-t', String(seconds), '-c', 'copy', ...muxing, 'pipe:1'];
  return execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 });
}
