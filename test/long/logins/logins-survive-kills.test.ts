import t from 'tap';
import { RotationRun } from '../../../src/devices/logins/run.ts';
import { Killed, killedAt, lead, openLogins } from '../../support/devices/logins.ts';
import { callerIn } from '../../support/devices/registry.ts';
import { startCameras } from '../../support/streams/cameras.ts';

const AREA = '330203';
const PLACE = { kind: 'camera', name: 'at the gate', jurisdiction: AREA, location: { lat: 29.87, lon: 121.55 } };

t.setTimeout(900_000);

t.test('a process that is killed at any moment, and the next one at any moment, locks nobody out', async (t) => {
  const [cameras, logins] = await Promise.all([startCameras(t), openLogins(t)]);
  const admin = callerIn('330000');
  const signal = new AbortController().signal;
  const tryOnce = async (account: 'own' | 'same', first: number, second: number): Promise<number> => {
    const id = `cam-${account}-${first}-${second}`;
    const address = `127.64.${account === 'own' ? 90 : 91}.${1 + (first % 200)}`;
    const camera = await cameras.start({ id, address, lockAfter: 5 });
    const onvif = { xaddr: camera.xaddr, ...camera.account };
    await logins.registry.create(admin, { ...PLACE, id, onvif });
    const begun = await logins.rotations.begin(admin, id, account);
    let chances = 0;
    for (const at of [first, second]) {
      const dying = killedAt(logins.deps, at);
      const run = new RotationRun(dying);
      try {
        while ((await run.turn(begun.id, signal)).again !== null);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      chances = Math.max(chances, dying.chances());
    }
    const what = `${account}, killed at ${first} and then at ${second}`;
    t.match(await lead(logins, begun), { state: 'changed' }, what);
    t.ok(camera.users.wrongLogins <= 3, `${what}: ${camera.users.wrongLogins} wrong logins`);
    const access = await logins.connections.onvifAccess(id);
    t.match(await logins.doors.enter(access!, null), { type: 'let-in' }, what);
    await camera.stop();
    return chances;
  };
  for (const account of ['same', 'own'] as const) {
    const chances = await tryOnce(account, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER);
    for (let first = 1; first <= chances; first += 1)
      for (let second = 1; second <= chances; second += 3) await tryOnce(account, first, second);
  }
});
