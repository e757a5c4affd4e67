import t from 'tap';
import { videoSetup } from '../../../../src/streams/fmp4/annex-b.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { Player } from '../../../../src/streams/rtsp/player.ts';
import { fragmentedH264, fragmentedHevc } from '../../../support/streams/fragmented.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const LIMITS = { backlogBytesMax: 1_000, stuckMs: 15_000, pictureMs: 30_000 };
const INIT = initOf(fragmentedH264('in order'));
const FRAGMENTS = new FragmentParser()
  .push(fragmentedH264('in order'))
  .flatMap((part) => (part.type === 'fragment' ? [{ ...part.fragment, startsAtMs: part.fragment.decodeTimeMs }] : []));
const [KEY, OTHER] = [FRAGMENTS.find(({ key }) => key)!, FRAGMENTS.find(({ key }) => !key)!];

function initOf(file: Buffer) {
  return new FragmentParser().push(file).find((part) => part.type === 'init')!.init;
}

function start() {
  const clock = new ManualClock();
  const sink = {
    backlogBytes: 0,
    writes: 0,
    write() {
      this.writes += 1;
    },
  };
  const told = { video: videoSetup(INIT), sound: null };
  const ways = new Map([['video' as const, { channel: 0, source: 1 }]]);
  const player = new Player({ clock, sink, told, ways, limits: LIMITS });
  player.epoch({ token: 'a', init: INIT, leaseEpoch: 1 });
  return { clock, sink, player };
}

t.test('who falls behind is given nothing, then pictures from a key frame on', async (t) => {
  const { sink, player } = start();
  player.fragment(OTHER);
  t.equal(sink.writes, 0, 'a player begins with a key frame');
  player.fragment(KEY);
  t.equal(sink.writes, 2, 'a report and pictures');
  sink.backlogBytes = 2_000;
  player.fragment(OTHER);
  t.equal(sink.writes, 2);
  sink.backlogBytes = 0;
  player.fragment(OTHER);
  t.equal(sink.writes, 2, 'what needs another is worth nothing');
  player.fragment(KEY);
  t.equal(sink.writes, 3);
});

t.test('who takes nothing for 15 s is ended, and who caught up is not', async (t) => {
  const { clock, sink, player } = start();
  for (const backlogBytes of [2_000, 0, 2_000]) {
    sink.backlogBytes = backlogBytes;
    player.fragment(KEY);
    for (let s = 0; s < 14; s += 1) {
      t.equal(player.check(), null);
      await clock.advance(1_000);
    }
  }
  await clock.advance(1_000);
  t.equal(player.check(), 'slow');
});

t.test('without pictures a player is ended, rather than left with an old one', async (t) => {
  const { clock, player } = start();
  player.fragment(KEY);
  await clock.advance(29_000);
  t.equal(player.check(), null);
  player.fragment(KEY);
  await clock.advance(29_000);
  t.equal(player.check(), null);
  await clock.advance(1_000);
  t.equal(player.check(), 'no-picture');
});

t.test('another codec, or what is no video, ends a player', async (t) => {
  const { player: other } = start();
  other.epoch({ token: 'b', init: initOf(fragmentedHevc()), leaseEpoch: 1 });
  t.equal(other.check(), 'codec-changed');
  const { player: broken } = start();
  broken.fragment({ ...KEY, data: KEY.data.subarray(0, 40) });
  t.equal(broken.check(), 'nonsense');
});
