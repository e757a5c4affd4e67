import t from 'tap';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import { PictureHealth } from '../../../../src/streams/picture-health/health.ts';
import { judgeStream, type StreamMemory } from '../../../../src/streams/picture-health/stream-state.ts';
import type { PullSigns } from '../../../../src/streams/pool/arrivals.ts';
import type { FailureReason } from '../../../../src/streams/pool/types.ts';
import { SignsOfPull } from '../../../support/streams/pictures/signs.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

/** A camera whose second by second is judged. */
class Judged extends SignsOfPull {
  memory: StreamMemory | null = null;

  fails(seconds: number, failure: FailureReason): void {
    for (; seconds > 0; seconds -= 1) this.#judge(this.second({ state: 'backoff', failure }));
  }

  /** Nothing comes, over a connection that stands. */
  isSilent(seconds: number): void {
    for (; seconds > 0; seconds -= 1) this.#judge(this.second());
  }

  /** Sends so many bytes a second, with a key frame every `keyEveryS` seconds. */
  streams(seconds: number, { bytes = 500_000, keyBytes = 100_000, keyEveryS = 2 } = {}): void {
    for (let at = 0; at < seconds; at += 1) this.#judge(this.sends(bytes, at % keyEveryS === 0 ? keyBytes : undefined));
  }

  #judge(signs: PullSigns): void {
    this.memory = judgeStream(this.memory, signs, this.nowMs);
  }
}

t.test('trouble is told at once, its end when pictures came for a while', async (t) => {
  const camera = new Judged();
  camera.isSilent(3);
  t.equal(camera.memory?.state, 'connecting');
  camera.streams(1);
  t.equal(camera.memory?.state, 'live', 'at once, where nothing was wrong');
  camera.isSilent(7);
  t.equal(camera.memory?.state, 'live');
  camera.isSilent(2);
  t.equal(camera.memory?.state, 'stalled', 'within 10 s');
  camera.fails(2, 'stalled');
  camera.second({ state: 'starting' });
  camera.streams(3);
  t.equal(camera.memory?.state, 'stalled', 'one that comes and goes is in trouble');
  camera.streams(3);
  t.equal(camera.memory?.state, 'live');
  for (const [reason, state] of [
    ['auth', 'auth-failed'],
    ['codec-unsupported', 'codec-unsupported'],
    ['unreachable', 'no-video'],
    ['timeout', 'stalled'],
  ] as const) {
    camera.fails(1, reason);
    t.equal(camera.memory?.state, state, reason);
  }
});

t.test('key frames that come too rarely, or never, are told until two follow each other soon', async (t) => {
  const camera = new Judged();
  camera.streams(20, { keyEveryS: 10 });
  t.equal(camera.memory?.keyGap, false, 'ten seconds is what many are set to');
  camera.streams(17, { keyEveryS: 60 });
  t.equal(camera.memory?.keyGap, true);
  camera.streams(10, { keyEveryS: 60 });
  t.equal(camera.memory?.keyGap, true, 'one is not enough');
  camera.streams(3, { keyEveryS: 2 });
  t.equal(camera.memory?.keyGap, false);
  camera.fails(1, 'no-key-frame');
  t.equal(camera.memory?.keyGap, true);
});

t.test('a bitrate that collapses is told, and one that the picture explains is not', async (t) => {
  const camera = new Judged();
  camera.streams(60);
  camera.streams(25, { bytes: 20_000 });
  t.equal(camera.memory?.rate.collapsed, true, 'full key frames, and almost nothing between them');
  camera.streams(8);
  t.equal(camera.memory?.rate.collapsed, true, 'until it lasts');
  camera.streams(10);
  t.equal(camera.memory?.rate.collapsed, false);
  camera.streams(40, { bytes: 20_000, keyBytes: 8_000 });
  t.equal(camera.memory?.rate.collapsed, false, 'lights off: its key frames shrank, too');
  const dim = new Judged();
  for (let bytes = 500_000; bytes > 30_000; bytes *= 0.99) dim.streams(10, { bytes });
  t.equal(dim.memory?.rate.collapsed, false, 'dusk');
  const set = new Judged();
  set.streams(60);
  set.streams(25, { bytes: 20_000 });
  set.streams(950, { bytes: 20_000 });
  t.equal(set.memory?.rate.collapsed, false, 'what lasts a quarter of an hour is how it was set');
});

/** What looks after one camera, and what the journal was told by it. */
function told() {
  const clock = new ManualClock();
  const written: unknown[] = [];
  const journal = { isFull: false };
  const accept = async ({ raw }: NewMessage) => {
    if (journal.isFull) throw new Error('the journal is full');
    written.push(JSON.parse(String(raw)).values);
  };
  const pulls: { signs: PullSigns }[] = [];
  const health = new PictureHealth({
    clock,
    sampler: null,
    observer: createObserver({ level: 'silent', secrets: new KnownSecrets() }),
    accept,
    identity: (id) => ({ id, kind: 'camera', kindVersion: 4, jurisdiction: '330203' }),
    pool: {
      *pulls() {
        for (const { signs } of pulls) yield { target: signs, signs: () => signs, window: {} as never };
      },
    },
  });
  const look = async (...signs: PullSigns[]) => {
    pulls.splice(0, pulls.length, ...signs.map((one) => ({ signs: one })));
    clock.advance(1_000);
    health.look();
    await turns();
  };
  return { clock, journal, written, health, look };
}

t.test('the journal is told everything once, then what changed, and again what it did not take', async (t) => {
  const { clock, journal, written, health, look } = told();
  const camera = new SignsOfPull();
  journal.isFull = true;
  await look(camera.second());
  t.strictSame(written, [], 'that it is being connected is no news');
  t.match(health.of(camera.signs), { state: 'connecting', faults: [] });
  const live = () => ({ ...camera.sends(1_000, 100), atMs: clock.monotonicMs(), keyAtMs: clock.monotonicMs() });
  await look(live());
  journal.isFull = false;
  await look(live());
  await look(live());
  const well = { video_state: 'live', key_frame_gap: false };
  t.strictSame(written, [well], 'once, so that what was told before a restart can end');
  const sub = { ...camera.signs, quality: 'sub' as const, state: 'backoff' as const, failure: 'auth' as const };
  await look(live(), sub);
  t.strictSame(written.slice(1), [{ video_state: 'auth-failed' }], 'of two streams the worse one');
  t.match(health.of(sub), { state: 'auth-failed' });
  await look();
  t.equal(health.of(camera.signs), null);
  t.equal(written.length, 2, 'what was told stands');
});

t.test('that no video comes by our own doing is told of no camera', async (t) => {
  const { clock, written, health, look } = told();
  const camera = new SignsOfPull();
  const live = () => ({ ...camera.sends(1_000, 100), atMs: clock.monotonicMs(), keyAtMs: clock.monotonicMs() });
  const fails = (failure: FailureReason) => camera.second({ state: 'backoff', failure });
  for (const reason of ['no-lease', 'elsewhere', 'not-started', 'refused-address', 'other-unit'] as const) {
    await look(fails(reason));
    t.match(health.of(camera.signs), { state: 'no-video' }, `${reason} is shown`);
    await look(camera.second({ state: 'starting', failure: null }));
    await look(live());
    t.strictSame(written, [], `${reason} is not told, nor while it is not over yet`);
  }
  for (const reason of ['refused', 'redirect', 'nonsense', 'unreachable'] as const) {
    await look(fails(reason));
    t.match(written.at(-1), { video_state: 'no-video' }, reason);
    for (let second = 0; second < 7; second += 1) await look(live());
    t.match(written.at(-1), { video_state: 'live' });
  }
});
