import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import type { FfmpegTask } from './protocol.ts';

/**
 * Argument lists of ffmpeg. `fluent-ffmpeg` only builds them: its own way of starting processes leaves orphans, probes
 * the camera a second time and prints addresses, so processes belong to the spawner.
 */
interface ArgumentBuilder {
  /** Private in fluent-ffmpeg 2.1.3 (pinned); a contract test holds what it answers. */
  _getArguments(): string[];
}

/** Nothing interactive, no banner, and log lines that begin with their level. */
const QUIET = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+warning'];

/** Length of a fragment: what a viewer lags behind, against the cost of a `moof` each (120 bytes). */
const FRAGMENT_US = 500_000;

export interface PullPaths {
  relayUrl: string;
  output: string;
  codec: 'H264' | 'H265';
  /** What is done with the sound: left out, taken as it is, or coded as AAC. */
  sound: 'none' | 'copy' | 'aac';
}

/** Telephone sound needs no more; players take this rate everywhere. */
const AAC = ['-c:a', 'aac', '-b:a', '32k', '-ac', '1', '-ar', '16000'];
const SOUNDS = { none: ['-an'], copy: ['-map', '0:a:0?', '-c:a', 'copy'], aac: ['-map', '0:a:0?', ...AAC] } as const;
/** Pictures do not wait longer for sound than this. */
const TOGETHER_US = 1_500_000;

/** Of H.265 its parameters stand in the description alone, which some players ask for. */
const TAGS = { H264: [], H265: ['-tag:v', 'hvc1'] } as const;

/**
 * Reads one video from our own relay and writes it, unchanged, as fragmented MP4 to a unix socket of ours. The relay's
 * address has a token that works once: nothing of the camera is in it.
 */
export function pullTask({ relayUrl, output, codec, sound }: PullPaths): FfmpegTask {
  const command = ffmpeg(relayUrl)
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'rtsp,rtp,tcp', '-rtsp_transport', 'tcp', '-timeout', '15000000'])
    // 0.5 s and 500 kB find the parameters of a stream as quickly as less, without errors about missing headers.
    .inputOptions(['-analyzeduration', '500000', '-probesize', '500000'])
    .inputOptions(['-fpsprobesize', '0', '-f', 'rtsp'])
    .outputOptions(['-map', '0:v:0', '-c:v', 'copy', ...TAGS[codec], ...SOUNDS[sound]])
    .outputOptions(['-sn', '-dn', '-map_metadata', '-1', '-max_interleave_delta', String(TOGETHER_US)])
    .outputOptions(['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'])
    .outputOptions(['-frag_duration', String(FRAGMENT_US), '-flush_packets', '1'])
    .output('pipe:1');
  return { args: built(command), output };
}

export interface SnapshotPaths {
  /** Demuxer of the bare video behind `input`. */
  format: 'h264' | 'hevc';
  input: string;
  output: string;
  /** Pictures to decode before the first one that is written; 0 where the first is whole by itself. */
  skip: number;
}

/**
 * Reads bare video from a unix socket of ours and writes it as JPEG to another: its first picture, or where that is
 * not whole by itself every one after `skip`, however broken, of which the last is the best.
 */
export function snapshotTask({ format, input, output, skip }: SnapshotPaths): FfmpegTask {
  const one = ['-frames:v', '1'];
  const last = ['-vf', `select=gte(n\\,${skip})`, '-vsync', 'passthrough'];
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-threads', '1', '-f', format])
    .inputOptions(skip === 0 ? [] : ['-flags', '+output_corrupt', '-flags2', '+showall'])
    .outputOptions(['-map', '0:v:0', ...(skip === 0 ? one : last), '-an', '-sn', '-dn', '-map_metadata', '-1'])
    .outputOptions(['-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-threads', '1', '-f', 'mjpeg'])
    .output('pipe:1');
  return { args: built(command), input, output };
}

export interface PicturePaths extends Omit<SnapshotPaths, 'format'> {
  format: SnapshotPaths['format'] | 'mjpeg';
}

/**
 * As {@link snapshotTask}, written as grey pictures (PGM, one byte a pixel) in their full size. Two of one camera are
 * decoded side by side, each from its own socket to its own: to start ffmpeg costs ten times what a picture does.
 */
export function greyTask(first: PicturePaths, second?: PicturePaths): FfmpegTask {
  const coding = ['-c:v', 'pgm', '-pix_fmt', 'gray', '-f', 'image2pipe'];
  if (!second) return pictureTask(first, coding, []);
  const command = withInput(withInput(ffmpeg(), first, 'pipe:0'), second, 'pipe:3');
  withOutput(command.output('pipe:1'), first, { input: 0, coding, filters: [] });
  withOutput(command.output('pipe:4'), second, { input: 1, coding, filters: [] });
  const { input, output } = second;
  return { args: built(command), input: first.input, output: first.output, second: { input, output } };
}

const STILL_WIDTH_MAX = 1_280;

/** As {@link snapshotTask}, at most 1,280 pixels wide. */
export function stillTask(paths: PicturePaths): FfmpegTask {
  const coding = ['-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg'];
  return pictureTask(paths, coding, [`scale=min(iw\\,${STILL_WIDTH_MAX}):-2`]);
}

/**
 * Reads key frames of one camera, each whole by itself, and writes each as a JPEG of at most `width` points across, in
 * their order. It gives way to everything else.
 */
export function thumbnailsTask(paths: Omit<SnapshotPaths, 'skip'> & { width: number }): FfmpegTask {
  const { format, input, output, width } = paths;
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-threads', '1', '-f', format])
    .outputOptions(['-map', '0:v:0', '-vsync', 'passthrough', '-an', '-sn', '-dn', '-map_metadata', '-1'])
    .outputOptions(['-vf', `scale=min(iw\\,${width}):-2`, '-c:v', 'mjpeg', '-q:v', '5'])
    .outputOptions(['-pix_fmt', 'yuvj420p', '-threads', '1', '-f', 'mjpeg'])
    .output('pipe:1');
  return { args: built(command), input, output, gives: true };
}

export interface BurnPaths {
  /** Matroska, and grey raw pictures, one a second. */
  video: { input: string; output: string };
  caption: { input: string; output: string };
}

export interface BurnSizes {
  /** Of the picture that comes out, and of the caption in it; even numbers. */
  picture: { width: number; height: number };
  caption: { width: number; height: number };
  /** By how much the first caption began before the video, seconds. */
  captionBeganS: number;
}

/**
 * Codes video anew (H.264, fragmented MP4), with pictures of text in its lower left corner: ffmpeg is told no letter of
 * it. It gives way to everything else.
 */
export function burnTask({ video, caption }: BurnPaths, { picture, captionBeganS, ...sizes }: BurnSizes): FfmpegTask {
  const size = `${sizes.caption.width}x${sizes.caption.height}`;
  const scaled = `[0:v:0]scale=${picture.width}:${picture.height},format=yuv420p[p]`;
  const burned = '[p][1:v:0]overlay=x=0:y=main_h-overlay_h:shortest=1:format=yuv420[o]';
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-threads', '1', '-f', 'matroska'])
    .input('pipe:3')
    .inputOptions(['-protocol_whitelist', 'pipe', '-f', 'rawvideo', '-pixel_format', 'gray', '-video_size', size])
    .inputOptions(['-framerate', '1', '-itsoffset', `-${captionBeganS.toFixed(3)}`])
    .outputOptions(['-filter_complex', `${scaled};${burned}`, '-map', '[o]', '-an', '-sn', '-dn'])
    .outputOptions(['-map_metadata', '-1', '-vsync', 'passthrough', '-enc_time_base', '1:90000'])
    .outputOptions(['-c:v', 'libx264', '-preset', 'superfast', '-crf', '26', '-maxrate', '3M', '-bufsize', '6M'])
    .outputOptions(['-pix_fmt', 'yuv420p', '-g', '50', '-bf', '0', '-threads', '1', '-filter_complex_threads', '1'])
    .outputOptions(['-video_track_timescale', '90000', '-f', 'mp4'])
    .outputOptions(['-movflags', '+frag_keyframe+empty_moov+default_base_moof'])
    .output('pipe:1');
  return { args: built(command), input: video.input, output: video.output, second: caption, gives: true };
}

/** Pictures of one run of {@link smallPicturesTask}: as many as a run is shared by, against what is lost with one. */
export const SMALL_PICTURES_MAX = 16;

/**
 * Reads a Matroska file of `count` tracks with a picture each, and writes each as a grey picture (PGM) of single
 * points, as fast as can be: without the filter of blocks, whose smoothing is finer than the points. All go through one
 * socket; which is which tells the height, that of the points and one more for each track before it. A picture is
 * written at once, in fewer bytes than a socket takes in one piece.
 */
export function smallPicturesTask(
  { input, output }: { input: string; output: string },
  { count, width, height }: { count: number; width: number; height: number },
): FfmpegTask {
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-analyzeduration', '0', '-probesize', '32'])
    .inputOptions(['-threads', '1', '-skip_loop_filter', 'all', '-f', 'matroska']);
  for (let track = 0; track < count; track += 1) {
    const filters = `scale=${width}:${height}:flags=neighbor,format=gray,pad=${width}:${height + 1 + track}`;
    command
      .output('pipe:1')
      .outputOptions(['-map', `0:v:${track}`, '-frames:v', '1', '-vf', filters])
      .outputOptions(['-c:v', 'pgm', '-threads', '1', '-f', 'image2pipe']);
  }
  return { args: built(command), input, output };
}

/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/**
 * Reads bare video of key frames alone, for as long as it comes, and writes each at once as raw pixels (I420), fitted
 * into a size with black beside it: a picture that goes in comes out without waiting for the next.
 */
export function tileTask({ format, input, output }: Omit<SnapshotPaths, 'skip'>, { width, height }: Size): FfmpegTask {
  const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2`;
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-analyzeduration', '0', '-probesize', '32', '-fpsprobesize', '0'])
    .inputOptions(['-threads', '1', '-flags', 'low_delay', '-f', format])
    .outputOptions(['-map', '0:v:0', '-vf', `${fitted},pad=${width}:${height}:-1:-1,setsar=1`])
    .outputOptions(['-vsync', 'passthrough', '-an', '-sn', '-dn', '-threads', '1', '-pix_fmt', 'yuv420p'])
    .outputOptions(['-flush_packets', '1', '-f', 'rawvideo'])
    .output('pipe:1');
  return { args: built(command), input, output, gives: true };
}

/** Reads raw pictures (I420), so many a second, and writes them as fragmented MP4 (H.264) with a key frame each 2 s. */
export function encodeTask(
  { input, output }: { input: string; output: string },
  { width, height, perS }: Size & { perS: number },
): FfmpegTask {
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-f', 'rawvideo', '-pix_fmt', 'yuv420p'])
    .inputOptions(['-video_size', `${width}x${height}`, '-framerate', String(perS)])
    .outputOptions(['-map', '0:v:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-threads', '1'])
    .outputOptions(['-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-profile:v', 'main'])
    .outputOptions(['-crf', '26', '-maxrate', '2M', '-bufsize', '2M', '-g', String(2 * perS), '-bf', '0'])
    .outputOptions(['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'])
    .outputOptions(['-frag_duration', String(FRAGMENT_US), '-flush_packets', '1'])
    .output('pipe:1');
  return { args: built(command), input, output, gives: true };
}

/**
 * Reads a Matroska stream of one video for as long as it comes, and writes it as fragmented MP4 (H.264) of a size, with
 * a key frame each 2 s: what browsers show everywhere. Pictures keep their times.
 */
export function recodeTask({ input, output }: { input: string; output: string }, { width, height }: Size): FfmpegTask {
  const command = ffmpeg('pipe:0')
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-analyzeduration', '0', '-probesize', '32', '-fpsprobesize', '0'])
    .inputOptions(['-threads', '1', '-f', 'matroska'])
    .outputOptions(['-map', '0:v:0', '-vf', `scale=${width}:${height},format=yuv420p`, '-an', '-sn', '-dn'])
    .outputOptions(['-map_metadata', '-1', '-vsync', 'passthrough', '-enc_time_base', '1:90000', '-threads', '1'])
    .outputOptions(['-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-profile:v', 'main'])
    .outputOptions(['-crf', '26', '-maxrate', '3M', '-bufsize', '3M', '-bf', '0', '-g', '250'])
    .outputOptions(['-force_key_frames', 'expr:gte(t,n_forced*2)', '-video_track_timescale', '90000'])
    .outputOptions(['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'])
    .outputOptions(['-frag_duration', String(FRAGMENT_US), '-flush_packets', '1'])
    .output('pipe:1');
  return { args: built(command), input, output, gives: true };
}

/** Reads G.711 for as long as it comes, and writes it as AAC (ADTS) of one channel, 16 kHz. */
export function soundTask(
  { input, output }: { input: string; output: string },
  { codec, sampleRate }: { codec: 'PCMA' | 'PCMU'; sampleRate: number },
): FfmpegTask {
  const command = ffmpeg('pipe:0')
    .inputOptions([...QUIET, '-protocol_whitelist', 'pipe', '-analyzeduration', '0', '-probesize', '32'])
    .inputOptions(['-f', codec === 'PCMA' ? 'alaw' : 'mulaw', '-ar', String(sampleRate), '-ac', '1'])
    .outputOptions(['-map', '0:a:0', '-map_metadata', '-1', ...AAC, '-flush_packets', '1', '-f', 'adts'])
    .output('pipe:1');
  return { args: built(command), input, output, gives: true };
}

function pictureTask(paths: PicturePaths, coding: string[], filters: string[]): FfmpegTask {
  const command = withInput(ffmpeg(), paths, 'pipe:0').output('pipe:1');
  withOutput(command, paths, { input: 0, coding, filters });
  return { args: built(command), input: paths.input, output: paths.output };
}

function withInput(command: FfmpegCommand, { format, skip }: PicturePaths, pipe: string): FfmpegCommand {
  return command
    .input(pipe)
    .inputOptions(QUIET)
    .inputOptions(['-protocol_whitelist', 'pipe', '-threads', '1', '-f', format])
    .inputOptions(skip === 0 ? [] : ['-flags', '+output_corrupt', '-flags2', '+showall']);
}

interface PictureOutput {
  /** Number of the input that it is made from. */
  input: number;
  coding: string[];
  filters: string[];
}

/** What is written to the output that was named last. */
function withOutput(command: FfmpegCommand, { skip }: PicturePaths, { input, coding, filters }: PictureOutput): void {
  const chosen = skip === 0 ? filters : [`select=gte(n\\,${skip})`, ...filters];
  command
    .outputOptions(['-map', `${input}:v:0`, ...(skip === 0 ? ['-frames:v', '1'] : ['-vsync', 'passthrough'])])
    .outputOptions(chosen.length === 0 ? [] : ['-vf', chosen.join(',')])
    .outputOptions(['-an', '-sn', '-dn', '-map_metadata', '-1', ...coding, '-threads', '1']);
}

function built(command: FfmpegCommand): string[] {
  return (command as unknown as ArgumentBuilder)._getArguments();
}
