import t, { type Test } from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { LIVE_LIMITS, LiveChannels } from '../../../../src/streams/live/live-channels.ts';
import { type LiveLook, type LiveNews, liveOrder } from '../../../../src/streams/live/live-protocol.ts';
import type { Consumer } from '../../../../src/streams/pool/consumers.ts';
import type { StreamLease } from '../../../../src/streams/pool/pool.ts';
import { StreamFailure, type View } from '../../../../src/streams/pool/types.ts';
import type { WallLevel } from '../../../../src/streams/pool/uses.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MOVIE = { codec: 'avc1.4d401f', width: 640, height: 360 };
const EPOCH = { token: 'e', leaseEpoch: 1, init: { data: Buffer.from('init'), movie: MOVIE } } as unknown as Epoch;

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
    isCut: false,
    news: (one: LiveNews) => void news.push(one),
    video: (message: Buffer) => void videos.push(message),
    cut: () => {
      sink.isCut = true;
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
    return { deviceId: camera, quality, use, viewer: { type: 'person', id: 'p', name: 'p' }, purpose: 'x', case: null };
  };
  const channels = new LiveChannels({ clock, streams, viewOf, sink, limits: LIVE_LIMITS });
  t.teardown(() => channels.stop());
  const send = (key: boolean) => {
    for (const consumer of listening.keys()) consumer.fragment(fragment(key));
  };
  return { clock, news, videos, sink, listening, rights, streams, channels, send };
}

t.test('each picture has its channel, its beginning and the time it was taken', async (t) => {
  const { channels, news, videos, send } = bed(t);
  await channels.open(open(7));
  send(true);
  t.strictSame(news, [{ type: 'begin', channel: 7, quality: 'main', ...MOVIE }]);
  const [init, video] = videos;
  t.strictSame([init!.readUInt16BE(0), init![2], init!.subarray(12).toString()], [7, 0, 'init']);
  t.strictSame([video!.readUInt16BE(0), video![2], video![3], video!.subarray(12).toString()], [7, 1, 1, 'key']);
  t.equal(video!.readDoubleBE(4), 1_700_000_000_000.5);
});

t.test('a picture that is closed, and one that is opened in its place, end what was before', async (t) => {
  const { channels, listening } = bed(t);
  await channels.open(open(1));
  await channels.open(open(1, { camera: 'other' }));
  t.strictSame(
    [...listening.values()].map(({ view }) => view.deviceId),
    ['other'],
  );
  channels.close(1);
  channels.close(1);
  t.equal(listening.size, 0);
});

t.test('a page that is behind gets whole pictures only, and is cut when it takes nothing', async (t) => {
  const { clock, channels, videos, sink, send } = bed(t);
  await channels.open(open(1));
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
  t.notOk(sink.isCut);
  await clock.advance(2_000);
  t.ok(sink.isCut);
});

t.test('what hinders a picture is told, whether it comes before or later', async (t) => {
  const { clock, channels, news, listening, rights } = bed(t);
  await channels.open(open(1));
  for (const consumer of listening.keys()) consumer.failed(new StreamFailure('stalled'));
  t.match(news.at(-1), { type: 'trouble', channel: 1, code: 'stream.unavailable', detail: /stopped sending/ });
  rights.refusal = new CitywatchError('not-found');
  await channels.open(open(2));
  t.match(news.at(-1), { type: 'end', channel: 2, code: 'not-found', retryAfterS: null });
  await clock.advance(1_000);
  t.match(news.at(-1), { type: 'end', channel: 1, code: 'not-found' });
  t.equal(listening.size, 0, 'a right that is gone ends the picture');
});

t.test('pictures of a wall get smaller, then are refused; others go on', async (t) => {
  const { clock, channels, news, listening, streams } = bed(t);
  await channels.open(open(1, { use: 'wall' }));
  await channels.open(open(2));
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
  for (let channel = 0; channel <= LIVE_LIMITS.channelsMax; channel += 1) await channels.open(open(channel));
  t.match(news.at(-1), { type: 'end', channel: LIVE_LIMITS.channelsMax, code: 'stream.full' });
  t.equal(listening.size, LIVE_LIMITS.channelsMax);
});
