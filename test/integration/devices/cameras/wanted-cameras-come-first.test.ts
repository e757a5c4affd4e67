import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CAMERA_SETUP_QUEUE } from '../../../../src/devices/cameras/setup.ts';
import { WantedCameras } from '../../../../src/devices/cameras/wanted.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { DONE, noteOwnWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { callerIn, openDatabase, openRegistry } from '../../../support/devices/registry.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

const WAITING = 300;
const ONVIF = { xaddr: 'http://10.0.0.1/onvif/device_service', username: 'u', password: 'secret-of-camera' };
const PLACE = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };

t.test('a camera that somebody wants to see is asked before those that were registered with it', async (t) => {
  const { registry, database } = await openRegistry(t);
  for (const id of ['cam-298', 'cam-299']) {
    await registry.create(callerIn('000000'), { ...PLACE, id, onvif: ONVIF } as never);
  }
  await registry.create(callerIn('000000'), { ...PLACE, id: 'without-address' } as never);
  const ownership = await nextOwner(database);
  const [clock, observer] = [systemClock, quietObserver()];
  const order: string[] = [];
  const rung: string[] = [];
  const work = new WorkQueue({ database, clock, observer, ownership });
  const wanted = new WantedCameras({ database, ownership, clock, observer, ring: (queue) => void rung.push(queue) });
  let first = async (): Promise<void> => {};
  const handle = async (id: string) => {
    const now = first;
    first = async () => {};
    await now();
    order.push(id);
    wanted.asked(id);
    return DONE;
  };
  work.handle(CAMERA_SETUP_QUEUE, handle, { atOnce: 4 });
  const ids = Array.from({ length: WAITING }, (_, n) => `cam-${String(n).padStart(3, '0')}`);
  await noteOwnWork(
    { database, clock, ownership },
    ids.map((key) => ({ queue: CAMERA_SETUP_QUEUE, key })),
  );
  // It was asked before, in vain: viewers do not make it be asked again and again.
  await sql`INSERT INTO camera_setup (device, attempt, state, problem, at_ms, profiles)
    VALUES ('cam-298', 'x', 'failed', 'login', 1, '[]')`.execute(database.tables());
  first = async () => {
    await Promise.all([wanted.want('cam-299'), wanted.want('cam-299'), wanted.want('cam-298')]);
    for (const id of ['without-address', 'not-there']) await wanted.want(id);
  };
  const stopping = new AbortController();
  await work.pump(CAMERA_SETUP_QUEUE, stopping.signal);
  await until('all were asked', () => order.length >= WAITING);
  stopping.abort();

  t.same(order.toSorted(), ids, 'each was asked once');
  t.same(rung, [CAMERA_SETUP_QUEUE], 'what cannot be asked, or was, is no work at each look');
  // Work is claimed many at a time: what is claimed already goes on.
  t.ok(order.indexOf('cam-299') < WAITING / 2, `it was number ${order.indexOf('cam-299')}`);
  t.ok(order.indexOf('cam-298') > order.indexOf('cam-299'));

  rung.length = 0;
  await wanted.want('cam-299');
  t.equal(rung.length, 1, 'once it was asked it can be wanted again');
});

t.test('while the database is away nobody who looks is told an error of it', async (t) => {
  const database = await openDatabase(t);
  const ownership = { transaction: () => Promise.reject(new Error('away')) };
  const rung: string[] = [];
  const ring = (queue: string): void => void rung.push(queue);
  const wanted = new WantedCameras({ database, ownership, clock: systemClock, observer: quietObserver(), ring });
  await wanted.want('cam-1');
  t.same(rung, []);
});
