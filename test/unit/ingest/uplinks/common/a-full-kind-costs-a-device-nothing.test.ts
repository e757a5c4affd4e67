import t from 'tap';
import { UNLIMITED_RATES } from '../../../../../src/ingest/uplinks/common/rate-budget.ts';
import { HttpUplink } from '../../../../../src/ingest/uplinks/http/uplink.ts';
import { OnvifEvents } from '../../../../../src/ingest/uplinks/onvif/camera-events.ts';
import { quietObserver } from '../../../../support/ingest/journal.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

const DEVICE = { id: 'one', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
/** The device may send four at once. */
const BURST = 4;

/** Rates of which the kind has nothing left until `isFull` is set to false. */
function rates() {
  const kind = { isFull: true };
  return { kind, rates: { ...UNLIMITED_RATES, devicePerS: () => 1, take: () => (kind.isFull ? 50 : 0) } };
}

t.test('a camera that was refused for its kind has its own turns left', async (t) => {
  const { kind, rates: some } = rates();
  const taken: unknown[] = [];
  const accept = async (message: unknown) => void taken.push(message);
  const clock = new ManualClock();
  const events = new OnvifEvents({ accept, find: async () => DEVICE, rates: some, clock, observer: quietObserver() });
  await events.start();
  const all = Array.from({ length: 10 }, (_, index) => {
    return { type: 'motion', topic: 'VideoSource/MotionAlarm', atMs: 7, identity: `${index}`, data: {} };
  });
  for (let n = 0; n < 100; n += 1) t.same(await events.take(DEVICE.id, all), all);
  kind.isFull = false;
  await events.take(DEVICE.id, all);
  t.equal(taken.length, BURST);
});

t.test('so has a device over HTTP, and what it sends too fast is its own fault', async (t) => {
  const { kind, rates: some } = rates();
  const uplink = new HttpUplink({
    clock: new ManualClock(),
    devices: { identity: () => DEVICE },
    rates: some,
  } as unknown as ConstructorParameters<typeof HttpUplink>[0]);
  const turn = () => uplink.turn(DEVICE.id);
  for (let n = 0; n < 100; n += 1) t.throws(turn, { code: 'request.rate', message: /this kind/ });
  kind.isFull = false;
  for (let n = 0; n < BURST; n += 1) t.doesNotThrow(turn);
  t.throws(turn, { code: 'request.rate', message: /This device/ });
});
