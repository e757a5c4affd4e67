import { execFileSync } from 'node:child_process';
import { bareVideo } from '../../../../src/streams/fmp4/annex-b.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { nalKind } from '../../../../src/streams/relay/nal-unit.ts';
import { type Film, nalUnits } from '../h264-source.ts';

const CODING = {
  H264: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '10', '-threads', '1'],
  H265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:bframes=3:keyint=10'],
} as const;

const made = new Map<string, Film>();

/** Four seconds of a test picture, 320x240, whose pictures come in another order than they are shown in (B-frames). */
export function reorderedFilm(codec: 'H264' | 'H265'): Film {
  const film = made.get(codec) ?? make(codec);
  made.set(codec, film);
  return film;
}

function make(codec: 'H264' | 'H265'): Film {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10:duration=4', '-pix_fmt', 'yuv420p'];
  const muxing = ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-'];
  const file = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...source, ...CODING[codec], ...muxing]);
  const [first, ...others] = new FragmentParser().push(file);
  if (first?.type !== 'init') throw new Error('no initialisation segment first');
  const fragments = others.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  const sets = new Map<string, Buffer>();
  const frames: Film['frames'] = [];
  for (const nal of nalUnits(bareVideo(first.init, fragments).data)) {
    const kind = nalKind(codec, nal);
    if (kind?.set) sets.set(kind.set, nal);
    if (!kind?.picture) continue;
    if (kind.first) frames.push({ nals: [], key: kind.key });
    frames.at(-1)!.nals.push(nal);
  }
  for (const [index, at] of shownOrder(file).entries()) frames[index]!.shown = at;
  const vps = sets.get('vps');
  return { frames, sps: sets.get('sps')!, pps: sets.get('pps')!, ...(vps && { vps }), framesPerS: 10 };
}

/** The place of each picture of a file in the order of showing. */
function shownOrder(file: Buffer): number[] {
  const asked = ['-v', 'error', '-show_entries', 'packet=pts', '-of', 'csv=p=0', '-'];
  const text = execFileSync('ffprobe', asked, { input: file, encoding: 'utf8' });
  const times = text.trim().split(/\s+/).map(Number.parseFloat);
  const inOrder = [...times].sort((one, other) => one - other);
  return times.map((time) => inOrder.indexOf(time));
}
