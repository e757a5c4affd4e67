import t from 'tap';
import { LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';
import { FragmentParser } from '../../../../src/streams/fmp4/parser.ts';
import { freeConnection } from '../../../../src/streams/looks/free-connection.ts';
import { pulledPicture } from '../../../../src/streams/looks/pulled-picture.ts';
import type { PullSigns } from '../../../../src/streams/pool/arrivals.ts';
import type { Quality } from '../../../../src/streams/pool/types.ts';
import { fragmentedH264 } from '../../../support/streams/fragmented.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const film = new FragmentParser().push(fragmentedH264('in order'));

/** A camera that is pulled so, with or without a picture so far. */
function pulled(
  quality: Quality,
  { state = 'live', isShown = true }: { state?: PullSigns['state']; isShown?: boolean } = {},
) {
  const window = new LiveWindow();
  for (const part of isShown ? film : []) {
    if (part.type === 'init') window.begin({ token: 'run', init: part.init, leaseEpoch: 1 });
    else window.add({ ...part.fragment, startsAtMs: part.fragment.decodeTimeMs });
  }
  const target = { deviceId: 'cam', quality };
  const signs = { ...target, state, failure: null, atMs: 0, keyAtMs: 0, bytes: 0, keyBytes: 0 };
  return { target, window, signs: () => signs };
}

const pool = (...pulls: ReturnType<typeof pulled>[]) => ({ pulls: () => pulls.values() as never });

t.test('a camera whose connections all carry live video is looked at by what they carry', async (t) => {
  const one = pulledPicture(pool(pulled('main')), 'cam', 1);
  t.match(one, { format: 'h264', skip: 0 });
  t.strictSame([...one!.data.subarray(0, 4)], [0, 0, 0, 1], 'bare video, as decoders take it');
  t.ok(pulledPicture(pool(pulled('sub'), pulled('main')), 'cam', 2));
});

t.test('a connection that is left is taken, which shows that the login still holds', async (t) => {
  t.equal(pulledPicture(pool(pulled('main')), 'cam', 2), null);
  t.equal(pulledPicture(pool(pulled('main')), 'another', 1), null);
  t.equal(pulledPicture(pool(), 'cam', 1), null);
});

t.test('what is pulled in vain shows nothing, and its own reason is found by asking', async (t) => {
  t.equal(pulledPicture(pool(pulled('main', { isShown: false })), 'cam', 1), null);
  t.equal(pulledPicture(pool(pulled('main', { state: 'backoff' })), 'cam', 1), null);
});

t.test('a login is tried over a connection that is left, and waits for one', async (t) => {
  const clock = new ManualClock();
  const never = new AbortController();
  const free = (pulls: ReturnType<typeof pulled>[], connectionsMax: number, signal = never.signal) =>
    freeConnection(
      { clock, pool: { pulls: () => pulls.values() as never } },
      { device: 'cam', connectionsMax },
      signal,
    );
  t.equal(await free([], 1), true);
  t.equal(await free([pulled('main')], 2), true);
  t.equal(await free([pulled('main', { state: 'backoff' })], 1), true, 'what waits for its next try has none');
  const pulls = [pulled('main')];
  const limit = new AbortController();
  const tried: boolean[] = [];
  const waiting = free(pulls, 1, limit.signal).then((isFree) => void tried.push(isFree));
  await clock.advance(5_000);
  t.same(tried, [], 'not while the one connection carries live video');
  pulls.pop();
  await clock.advance(1_000);
  await waiting;
  t.same(tried, [true]);
  const ended = new AbortController();
  const inVain = free([pulled('main'), pulled('sub')], 2, ended.signal);
  ended.abort();
  t.equal(await inVain, false, 'nor longer than there is time');
});
