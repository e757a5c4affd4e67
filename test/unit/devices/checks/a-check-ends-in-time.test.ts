import t from 'tap';
import { envelope } from '../../../../simulators/camera/onvif/soap.ts';
import { type CameraCheckPorts, type CameraTarget, checkCamera } from '../../../../src/devices/checks/camera-check.ts';
import { CAMERA_CHECK_TIMES } from '../../../../src/devices/checks/camera-times.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const onvif = { xaddr: 'http://10.1.2.3/onvif', username: 'admin', password: 'x' };
const TARGET: CameraTarget = {
  onvif,
  stream: { url: 'rtsp://10.1.2.3/1', username: undefined, password: undefined },
  known: null,
};
const NEVER = new Promise<never>(() => {});

/** Ports of a camera that listens, and takes as long for each answer as told, or for ever. */
function ports(clock: ManualClock, answerMs: number | null): CameraCheckPorts {
  const body = Buffer.from(envelope('<tds:GetDeviceInformationResponse/>'));
  const answer = async () => {
    if (answerMs === null) return await NEVER;
    await clock.sleep(answerMs);
    return { status: 200, headers: { 'content-type': 'application/soap+xml' }, body };
  };
  return {
    onvif: { clock, networks: [], outbound: { http: answer } },
    connect: async () => {},
    video: { first: () => NEVER, jpeg: () => null, seen: () => NEVER, seenBoth: () => NEVER, still: () => NEVER },
    unexpected: (error) => t.fail(String(error)),
  };
}

for (const answerMs of [null, 100, 2_400]) {
  t.test(
    `a camera that answers after ${answerMs ?? 'an eternity of'} ms is judged within the time of all`,
    async (t) => {
      const clock = new ManualClock();
      let over = false;
      const check = checkCamera(TARGET, ports(clock, answerMs), CAMERA_CHECK_TIMES).finally(() => {
        over = true;
      });
      for (let ms = 0; ms < CAMERA_CHECK_TIMES.totalMs && !over; ms += 100) await clock.advance(100);
      t.equal(over, true);
      const { steps, tookMs } = await check;
      t.equal(steps.length, 8);
      t.ok(tookMs <= CAMERA_CHECK_TIMES.totalMs);
      t.match(steps[6], { name: 'rtsp', grade: 'failed', problem: 'timeout' });
      t.equal(clock.waiting, 0, 'nothing of it goes on');
    },
  );
}

t.test('a step for which no time is left is not tried', async (t) => {
  const clock = new ManualClock();
  const times = { ...CAMERA_CHECK_TIMES, totalMs: 2_600 };
  const check = checkCamera(TARGET, ports(clock, null), times);
  await clock.advance(3_000);
  t.match((await check).steps[6], { name: 'rtsp', grade: 'not-tried', seen: /took all of the time/ });
});
