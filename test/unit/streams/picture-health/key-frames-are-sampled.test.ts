import { randomBytes } from 'node:crypto';
import t from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { TrackPicture } from '../../../../src/streams/picture-health/matroska.ts';
import { Sampler } from '../../../../src/streams/picture-health/sampler.ts';
import { SMALL } from '../../../../src/streams/picture-health/small-picture.ts';
import { keyFrames, ShownStream } from '../../../support/streams/pictures/shown-stream.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

const KEYS = keyFrames();
/** Bytes between key frames where something moves, and where nothing does. */
const MOVING = 40_000;
const STILL = 900;
const EVERY_MS = 20_000;

/** Streams whose pictures are decoded as a test says; each run of the decoder is remembered by its pictures. */
class Rig {
  readonly clock = new ManualClock();
  readonly runs: number[] = [];
  readonly sampler: Sampler;
  readonly #streams: readonly ShownStream[];
  /** What such bytes do to the decoder. */
  poison: Buffer | null = null;

  constructor(streams: readonly ShownStream[]) {
    this.#streams = streams;
    const decode = async (pictures: readonly TrackPicture[]) => {
      this.runs.push(pictures.length);
      const { poison } = this;
      if (poison && pictures.some(({ data }) => data.includes(poison))) return new Map();
      const noise = () => Uint8Array.from(randomBytes(SMALL.width * SMALL.height));
      return new Map(pictures.map((_, at) => [at, noise()]));
    };
    const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
    const deps = { clock: this.clock, observer, decoder: { decode }, approved: async () => [] };
    this.sampler = new Sampler(deps, { everyMs: EVERY_MS });
  }

  /** Seconds pass, with a key frame of each stream in every other one. */
  async pass(seconds: number, show: (stream: ShownStream, second: number) => void): Promise<void> {
    const live = new Map(this.#streams.map((stream) => [stream.target.deviceId, stream]));
    for (let second = 0; second < seconds; second += 1) {
      if (second % 2 === 0) for (const stream of this.#streams) show(stream, second);
      await this.clock.advance(1_000);
      this.sampler.look(live);
      await turns(2);
    }
  }
}

const next = (second: number) => KEYS[(second / 2) % KEYS.length]!;

t.test('pictures of several cameras are decoded together, once in a while', async (t) => {
  const rig = new Rig(['a', 'b', 'c'].map((id) => new ShownStream(id)));
  await rig.pass(7, (stream, second) => stream.shows(next(second), MOVING));
  t.strictSame(rig.runs, [], 'who only glances at a camera costs nothing');
  await rig.pass(40, (stream, second) => stream.shows(next(second), MOVING));
  t.strictSame(rig.runs, [3, 3]);
});

t.test('a picture that comes again, and nothing moves, is told as frozen within 30 s, undecoded', async (t) => {
  const rig = new Rig([new ShownStream('a')]);
  await rig.pass(40, (stream, second) => stream.shows(next(second), MOVING));
  const { runs, sampler } = rig;
  const before = runs.length;
  await rig.pass(30, (stream) => stream.shows(KEYS[0]!, STILL));
  t.equal(sampler.of('a')?.held.frozen.is, true);
  t.ok(runs.length - before <= 1, 'the same bytes are the same picture');
  await rig.pass(22, (stream, second) => stream.shows(next(second), MOVING));
  t.equal(sampler.of('a')?.held.frozen.is, true, 'not at once');
  await rig.pass(20, (stream, second) => stream.shows(next(second), MOVING));
  t.equal(sampler.of('a')?.held.frozen.is, false);
});

t.test('a picture that repeats itself while something moves is a film in a loop', async (t) => {
  const rig = new Rig([new ShownStream('a')]);
  await rig.pass(120, (stream) => stream.shows(KEYS[0]!, MOVING));
  t.equal(rig.sampler.of('a')?.held.frozen.is, false);
});

t.test('one that ends the decoder costs its own judgement, and is tried ever more rarely', async (t) => {
  const rig = new Rig(['good', 'bad', 'fair'].map((id) => new ShownStream(id)));
  const poison = randomBytes(16);
  rig.poison = poison;
  const evil = [Buffer.concat([Buffer.from([0x65, 0x88]), poison])];
  const show = (stream: ShownStream, second: number) =>
    stream.shows(stream.target.deviceId === 'bad' ? [...evil, randomBytes(99)] : next(second), MOVING);
  await rig.pass(12, show);
  t.strictSame(rig.runs, [3, 1, 1, 1], 'together, then each alone');
  t.ok(rig.sampler.of('good')?.last && rig.sampler.of('fair')?.last);
  t.notOk(rig.sampler.of('bad')?.last);
  rig.runs.length = 0;
  await rig.pass(160, show);
  t.ok(
    rig.runs.every((pictures) => pictures <= 2),
    'it is never again decoded with others',
  );
  const alone = rig.runs.filter((pictures) => pictures === 1).length;
  t.ok(alone >= 2 && alone <= 4, `tried ${alone} times in 160 s`);
  rig.poison = null;
  await rig.pass(200, show);
  t.ok(rig.sampler.of('bad')?.last, 'and judged again when it is well');
});
