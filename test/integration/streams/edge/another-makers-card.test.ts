import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { EDGE_LIMITS, EdgeSource } from '../../../../src/streams/edge/edge-source.ts';
import type { InitSegment } from '../../../../src/streams/fmp4/parser.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { startGstCard } from '../../../support/streams/gst-camera.ts';
import { decodeFile, packetTimes } from '../../../support/streams/players.ts';
import { NO_SOUND_CODED } from '../../../support/streams/recordings/not-coded.ts';
import { TEST_NETWORK } from '../../../support/streams/streams.ts';

/** When the clip on the card was recorded; it has ten pictures a second, and a key frame each two seconds. */
const RECORDED_MS = Date.UTC(2026, 10, 29, 8);
const PICTURE_MS = 100;
const SKEW_MS = 3_000;
const login = { username: 'camera-user', password: 'camera-password' };

t.test('the replay of a server that is not ours is taken, each picture at its own time', async (t) => {
  const { url } = await startGstCard(t, { address: '127.64.77.1', fromMs: RECORDED_MS, ...login });
  const source = new EdgeSource(
    {
      clock: systemClock,
      observer: quietObserver(),
      tcp: new TcpOutbound({ clock: systemClock }),
      networks: [TEST_NETWORK],
      // Where a recording is found is asked by ONVIF; of the card itself this is what comes of it.
      storage: { find: async () => ({ has: 'some', camera: { url, ...login }, skewMs: SKEW_MS }) },
      cameras: { admit: async () => null },
      hasConnection: () => true,
      soundOf: () => false,
      coding: NO_SOUND_CODED,
    },
    EDGE_LIMITS,
  );
  const inits: InitSegment[] = [];
  const fragments: Fragment[] = [];
  const taker = {
    begin: (init: InitSegment) => void inits.push(init),
    fragment: (one: Fragment) => void fragments.push(one),
  };
  const [fromMs, toMs] = [RECORDED_MS + 10_000 - SKEW_MS, RECORDED_MS + 20_000 - SKEW_MS];
  const span = { device: 'cam-1', quality: 'main', fromMs, toMs } as const;
  t.same(await source.playBack(span, taker, new AbortController().signal), { how: 'whole' });
  t.equal(inits.length, 1, 'in one piece');
  t.equal(fragments[0]!.startsAtMs, fromMs, 'from the key frame of that moment on, by our clock');
  const last = fragments.at(-1)!;
  t.ok(Math.abs(last.startsAtMs + last.durationMs - toMs) <= PICTURE_MS, 'to the last picture before the end');
  for (const [at, one] of fragments.slice(1).entries()) {
    const before = fragments[at]!;
    t.ok(Math.abs(one.startsAtMs - before.startsAtMs - before.durationMs) < 2, 'without a hole');
  }
  const file = Buffer.concat([inits[0]!.data, ...fragments.map(({ data }) => data)]);
  t.equal(await decodeFile(file), '');
  t.equal((await packetTimes(file)).length, (toMs - fromMs) / PICTURE_MS);
});
