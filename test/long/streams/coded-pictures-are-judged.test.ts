import { execFileSync } from 'node:child_process';
import t from 'tap';
import { faultsOf, judgePicture, NO_PICTURES, type PictureFault } from '../../../src/streams/picture-health/judges.ts';
import { edgesOf } from '../../../src/streams/picture-health/likeness.ts';
import { SMALL, type SmallPicture } from '../../../src/streams/picture-health/small-picture.ts';
import { Dice, expose, type Grid, type Optics, sense } from '../../support/streams/pictures/optics.ts';
import { JUDGED_BY, type Scene } from '../../support/streams/pictures/scenes.ts';

/** Half the size of the full picture on each side. */
const GRID: Grid = { width: 960, height: 540 };
const EVERY_MS = 10_000;
/** From good to poor, as cameras are set. */
const QUALITIES = [24, 33];
const dice = new Dice(4_711);

/** Pictures as key frames of H.264, decoded as the gateway decodes them. */
function coded(pictures: readonly SmallPicture[], crf: number): SmallPicture[] {
  const size = `${GRID.width}x${GRID.height}`;
  const raw = ['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', size, '-r', '1', '-i', '-'];
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '1', '-crf', String(crf), '-pix_fmt', 'yuv420p'];
  const input = Buffer.concat(pictures);
  const limits = { input, maxBuffer: 256 * 1024 * 1024 };
  const file = execFileSync('ffmpeg', [...raw, ...x264, '-f', 'h264', '-'], limits);
  const filters = `scale=${SMALL.width}:${SMALL.height}:flags=neighbor,format=gray`;
  const decode = ['-v', 'error', '-skip_loop_filter', 'all', '-f', 'h264', '-i', '-', '-vf', filters];
  const all = execFileSync('ffmpeg', [...decode, '-f', 'rawvideo', '-'], { ...limits, input: file });
  const bytes = SMALL.width * SMALL.height;
  return pictures.map((_, at) => Uint8Array.from(all.subarray(at * bytes, (at + 1) * bytes)));
}

const shot = (scene: Scene, atS: number, optics: Optics = {}, noise = 3): SmallPicture =>
  sense(expose(scene, atS, optics, GRID), dice, noise);

/** The same light several times, each with a noise of its own. */
function shots(times: number, scene: Scene, optics: Optics = {}, noise = 3): SmallPicture[] {
  const light = expose(scene, 91, optics, GRID);
  return Array.from({ length: times }, () => sense(light, dice, noise));
}

for (const { name, day, night } of JUDGED_BY) {
  t.test(`coded pictures of the ${name} are judged as those that are not`, async (t) => {
    const usual = [1, 2, 3, 4, 5, 6].map((at) => shot(day, at * 13));
    const frozen = usual.at(-1)!;
    const cases: [PictureFault | null, SmallPicture[]][] = [
      [null, shots(6, night, {}, 4)],
      [null, shots(5, day, { fog: 0.8 })],
      ['frozen', [frozen, frozen, frozen, frozen]],
      ['black', shots(4, day, { gain: 0.01 }, 1)],
      ['covered', shots(4, day, { cover: { share: 1, level: 0.4 } })],
      ['blurred', shots(4, day, { blur: 40 })],
      ['over-exposed', shots(4, day, { gain: 2, veil: 1 })],
      ['turned-away', shots(4, day, { view: { dx: 620, dy: 60 } })],
    ];
    for (const crf of QUALITIES) {
      for (const [label, after] of cases) {
        const pictures = coded([...usual, ...after], crf);
        const approved = [{ edges: edgesOf(pictures[0]!), preset: null }];
        let memory = NO_PICTURES;
        for (const [at, picture] of pictures.entries()) {
          memory = judgePicture(memory, { picture, atMs: at * EVERY_MS, isStill: at >= usual.length }, approved);
        }
        t.strictSame(faultsOf(memory), label === null ? [] : [label], `${label ?? 'nothing'} at crf ${crf}`);
      }
    }
  });
}
