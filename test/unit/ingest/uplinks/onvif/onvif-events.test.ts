import t from 'tap';
import type { NewMessage } from '../../../../../src/core/types.ts';
import { UNLIMITED_RATES } from '../../../../../src/ingest/uplinks/common/rate-budget.ts';
import { OnvifEvents } from '../../../../../src/ingest/uplinks/onvif/camera-events.ts';
import { quietObserver } from '../../../../support/ingest/journal.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

const DEVICE = { id: 'cam-1', kind: 'camera', kindVersion: 2, jurisdiction: '330203' };

const event = (identity: string) => ({ type: 'motion', topic: 'VideoSource/MotionAlarm', atMs: 7, identity, data: {} });

async function uplink(refuses: (count: number) => boolean) {
  const offered: NewMessage[] = [];
  const accept = async (message: NewMessage): Promise<void> => {
    offered.push(message);
    if (refuses(offered.length)) throw new Error('full');
  };
  const find = async (id: string) => (id === DEVICE.id ? DEVICE : undefined);
  const events = new OnvifEvents({
    accept,
    find,
    rates: UNLIMITED_RATES,
    clock: new ManualClock(),
    observer: quietObserver(),
  });
  t.same(await events.take(DEVICE.id, [event('early')]), [event('early')], 'nothing before the start');
  await events.start();
  return { offered, events };
}

t.test('what comes after a refused event waits with it', async (t) => {
  const { offered, events } = await uplink((count) => count === 2);
  const all = ['a', 'b', 'c'].map(event);
  const left = await events.take('cam-1', all);
  t.same(left, all.slice(1));
  t.equal(offered.length, 2, 'the third was not even offered');
  t.same(await events.take('cam-1', left), []);
  const ids = offered.map(({ raw }) => JSON.parse(raw.toString()).id);
  t.equal(ids[1], ids[2], 'and the second is offered again as the same');
});

t.test('a message carries what the contract says', async (t) => {
  const { offered, events } = await uplink(() => false);
  await events.take('cam-1', [
    { ...event('a'), data: { active: true } },
    { ...event('b'), atMs: null },
  ]);
  t.match(offered[0], { uplink: 'onvif', channel: 'event', topic: 'onvif/VideoSource/MotionAlarm', device: DEVICE });
  const [first, second] = offered.map(({ raw }) => JSON.parse(raw.toString()));
  t.same(first, { ts: 7, id: first.id, type: 'motion', data: { active: true } });
  t.notOk('ts' in second, 'no time of ours is given out as the camera’s');
});

t.test('events of a device that is gone are nobody’s', async (t) => {
  const { offered, events } = await uplink(() => false);
  t.same(await events.take('gone', [event('a')]), []);
  t.equal(offered.length, 0);
});

t.test('a camera that tells too much keeps the rest until there is room for it again', async (t) => {
  const offered: NewMessage[] = [];
  const clock = new ManualClock();
  const rates = { ...UNLIMITED_RATES, devicePerS: () => 1 };
  const accept = async (message: NewMessage) => void offered.push(message);
  const events = new OnvifEvents({ accept, find: async () => DEVICE, rates, clock, observer: quietObserver() });
  await events.start();
  const all = Array.from({ length: 10 }, (_, index) => event(`${index}`));
  const left = await events.take('cam-1', all);
  t.ok(left.length > 0 && left.length < all.length);
  t.same(left, all.slice(offered.length));
  t.same(await events.take('cam-1', left), left, 'no sooner');
  await clock.advance(10_000);
  t.ok((await events.take('cam-1', left)).length < left.length, 'but then');
});
