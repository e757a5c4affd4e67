import { randomBytes } from 'node:crypto';
import t from 'tap';
import { LiveWindow } from '../../../src/streams/fmp4/live-window.ts';
import { FragmentParser } from '../../../src/streams/fmp4/parser.ts';
import { SmallPictures } from '../../../src/streams/picture-health/decode.ts';
import { measure } from '../../../src/streams/picture-health/features.ts';
import { newestKeyPicture } from '../../../src/streams/picture-health/key-picture.ts';
import { fragmentedHevc } from '../../support/streams/fragmented.ts';
import { keyFrames, ShownStream } from '../../support/streams/pictures/shown-stream.ts';
import { startStreams } from '../../support/streams/streams.ts';

function ofHevc(): LiveWindow {
  const window = new LiveWindow();
  for (const part of new FragmentParser().push(fragmentedHevc())) {
    if (part.type === 'init') window.begin({ token: 'h', init: part.init, leaseEpoch: 1 });
    else window.add({ ...part.fragment, startsAtMs: 1_000 });
  }
  return window;
}

t.test(
  'key frames of different cameras are decoded in one run, and rubbish among them costs only itself',
  async (t) => {
    const { pool } = await startStreams(t);
    const small = new SmallPictures(pool);
    const { signal } = new AbortController();
    const film = new ShownStream('film');
    film.shows(keyFrames()[0]!, 5_000);
    const rubbish = new ShownStream('rubbish');
    rubbish.shows([Buffer.concat([Buffer.from([0x65, 0x88]), randomBytes(3_000)])], 5_000);
    const [h264, hevc, junk] = [film.window, ofHevc(), rubbish.window].map((window) => newestKeyPicture(window, 0)!);
    const both = await small.decode([hevc!, h264!, hevc!], signal);
    t.strictSame([...both.keys()].sort(), [0, 1, 2]);
    t.strictSame(both.get(0), both.get(2), 'each in its place');
    const { mean, spread } = measure(both.get(1)!);
    t.ok(mean > 40 && mean < 220 && spread > 15, 'something is to be seen');
    const [alone] = (await small.decode([h264!], signal)).values();
    t.strictSame(alone, both.get(1), 'the same as alone');
    const few = await small.decode([junk!, h264!], signal);
    t.notOk(few.has(0) && measure(few.get(0)!).spread > 60);
    t.same(
      (await small.decode([{ ...junk!, format: 'hevc' }], signal)).size,
      0,
      'nothing comes of it, and nobody hangs',
    );
  },
);
