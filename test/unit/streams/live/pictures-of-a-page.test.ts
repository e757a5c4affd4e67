import t, { type Test } from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { LIVE_LIMITS, LiveChannels } from '../../../../src/streams/live/live-channels.ts';
import { type LiveLook, type LiveNews, liveOrder } from '../../../../src/streams/live/live-protocol.ts';
import { OrderPace } from '../../../../src/streams/live/order-pace.ts';
import type { Consumer } from '../../../../src/streams/pool/consumers.ts';
import type { StreamLease } from '../../../../src/streams/pool/pool.ts';
import { StreamFailure, type View } from '../../../../src/streams/pool/types.ts';
import type { WallLevel } from '../../../../src/streams/pool/uses.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MOVIE = { codec: 'avc1.4d401f', width: 640, height: 360 };
const EPOCH = { token: 'e', leaseEpoch: 1, init: { data: Buffer.from('init'), movie: MOVIE } } as unknown as Epoch;

const ORDERS = { perS: 20, atOnce: 200, viewersMax: 10 };

function fragment(key: boolean): Fragment {
  return { data: Buffer.from(key ? 'key' : 'more'), key, startsAtMs: 1_700_000_000_000.5, durationMs: 500 } as Fragment;
}

function open(channel: number, changes: Partial<LiveLook> = {}): LiveLook {
  return { ...(liveOrder.parse({ type: 'open', channel, camera: 'cam' }) as LiveLook), ...changes };
}

function bed(t: Test) {
  const clock = new ManualClock();
  const news: LiveNews[] = [];
  const videos: Buffer[] = [];
  const sink = {
    backlogBytes: 0,
    isCut: null as string | null,
    news: (one: LiveNews) => void news.push(one),
    video: (message: Buffer) => void videos.push(message),
    cut: (why: string) => {
      sink.isCut = why;
    },
  };
  /** Those who listen, by what they were given. */
  const listening = new Map<Consumer, { view: View; quality: string }>();
  const rights = { refusal: null as CitywatchError | null };
  const streams = {
    wall: 'as-asked' as WallLevel,
    lease: async (view: View): Promise<StreamLease> => {
      if (view.use === 'wall' && streams.wall === 'stills') throw new CitywatchError('stream.stills-only');
      const quality = view.use === 'wall' && streams.wall === 'small' ? 'sub' : view.quality;
      const listen = (consumer: Consumer) => {
        listening.set(consumer, { view, quality });
        consumer.epoch(EPOCH);
        return () => void listening.delete(consumer);
      };
      return { pull: null as never, quality, listen, release: () => {} };
    },
  };
  const viewOf = ({ camera, quality, use }: LiveLook): View => {
    if (rights.refusal) throw rights.refusal;
    return {
      deviceId: camera ?? '',
      quality,
      use,
      viewer: { type: 'person', id: 'p', name: 'p' },
      purpose: 'x',
      case: null,
    };
  };
  const pace = new OrderPace(clock, ORDERS);
  const page = () => new LiveChannels({ clock, streams, viewOf, sink, limits: LIVE_LIMITS, pace, viewer: 'person:p' });
  const channels = page();
  const other = page();
  t.teardown(() => {
    channels.stop();
    other.stop();
  });
  const send = (key: boolean) => {
    for (const consumer of listening.keys()) consumer.fragment(fragment(key));
  };
  return { clock, news, videos, sink, listening, rights, streams, channels, other, send };
}

t.test('each picture has its channel, its beginning and the time it was taken', async (t) => {
  const { channels, news, videos, send } = bed(t);
  await channels.take(open(7));
  send(true);
  t.strictSame(news, [{ type: 'begin', channel: 7, quality: 'main', ...MOVIE }]);
  const [init, video] = videos;
  t.strictSame([init!.readUInt16BE(0), init![2], init!.subarray(12).toString()], [7, 0, 'init']);
  t.strictSame([video!.readUInt16BE(0), video![2], video![3], video!.subarray(12).toString()], [7, 1, 1, 'key']);
  t.equal(video!.readDoubleBE(4), 1_700_000_000_000.5);
});

t.test('a picture that is closed, and one that is opened in its place, end what was before', async (t) => {
  const { channels, listening } = bed(t);
  await channels.take(open(1));
  await channels.take(open(1, { camera: 'other' }));
  t.strictSame(
    [...listening.values()].map(({ view }) => view.deviceId),
    ['other'],
  );
  await channels.take({ type: 'close', channel: 1 });
  await channels.take({ type: 'close', channel: 1 });
  t.equal(listening.size, 0);
});

t.test('a page that is behind gets whole pictures only, and is cut when it takes nothing', async (t) => {
  const { clock, channels, videos, sink, send } = bed(t);
  await channels.take(open(1));
  sink.backlogBytes = LIVE_LIMITS.backlogBytesMax + 1;
  send(true);
  send(false);
  t.equal(videos.length, 1, 'the initialisation segment alone');
  sink.backlogBytes = 0;
  send(false);
  t.equal(videos.length, 1, 'what follows on a picture that was left out is left out too');
  send(true);
  send(false);
  t.equal(videos.length, 3);
  sink.backlogBytes = LIVE_LIMITS.backlogBytesMax + 1;
  await clock.advance(LIVE_LIMITS.stuckMs);
  t.equal(sink.isCut, null);
  await clock.advance(2_000);
  t.equal(sink.isCut, 'stuck');
});

t.test('what hinders a picture is told, whether it comes before or later', async (t) => {
  const { clock, channels, news, listening, rights } = bed(t);
  await channels.take(open(1));
  for (const consumer of listening.keys()) consumer.failed(new StreamFailure('stalled'));
  t.match(news.at(-1), {
    type: 'trouble',
    channel: 1,
    code: 'stream.unavailable',
    reason: 'stalled',
    detail: /stopped sending/,
  });
  rights.refusal = new CitywatchError('not-found');
  await channels.take(open(2));
  t.match(news.at(-1), { type: 'end', channel: 2, code: 'not-found', retryAfterS: null });
  await clock.advance(1_000);
  t.match(news.at(-1), { type: 'end', channel: 1, code: 'not-found' });
  t.equal(listening.size, 0, 'a right that is gone ends the picture');
});

t.test('pictures of a wall get smaller, then are refused; others go on', async (t) => {
  const { clock, channels, news, listening, streams } = bed(t);
  await channels.take(open(1, { use: 'wall' }));
  await channels.take(open(2));
  streams.wall = 'small';
  await clock.advance(1_000);
  t.match(news.at(-1), { type: 'begin', channel: 1, quality: 'sub' });
  streams.wall = 'stills';
  await clock.advance(1_000);
  t.match(news.at(-1), { type: 'end', channel: 1, code: 'stream.stills-only' });
  t.strictSame(
    [...listening.values()].map(({ view }) => view.use),
    ['live'],
  );
});

t.test('a page shows no more pictures than one connection carries', async (t) => {
  const { channels, news, listening } = bed(t);
  for (let channel = 0; channel <= LIVE_LIMITS.channelsMax; channel += 1) await channels.take(open(channel));
  t.match(news.at(-1), { type: 'end', channel: LIVE_LIMITS.channelsMax, code: 'stream.full' });
  t.equal(listening.size, LIVE_LIMITS.channelsMax);
});

t.test('orders that come too fast are refused by name, over all pages of a viewer, and a flood is cut', async (t) => {
  const { clock, channels, other, news, listening, sink } = bed(t);
  for (let n = 0; n < ORDERS.atOnce; n += 1) await [channels, other][n % 2]!.take(open(n % 4));
  t.notOk(news.some(({ type }) => type === 'end'));
  const shown = listening.size;
  await other.take(open(9));
  t.match(news.at(-1), { type: 'end', channel: 9, code: 'request.rate', retryAfterS: 1 });
  await channels.take(open(0));
  t.match(news.at(-1), { type: 'end', channel: 0, code: 'request.rate' });
  t.equal(listening.size, shown - 1, 'what a refused order would have replaced is not left behind either');
  await channels.take({ type: 'close', channel: 2 });
  t.equal(listening.size, shown - 2, 'what is no longer wanted ends all the same');
  await clock.advance(1_000);
  await channels.take(open(5));
  t.equal(listening.size, shown - 1);
  const before = news.length;
  while (sink.isCut === null && news.length < before + 2 * ORDERS.atOnce) await channels.take(open(9));
  t.equal(sink.isCut, 'flood');
});
