import type { Test } from 'tap';
import type { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { until } from '../time/until.ts';
import { commandInProcess } from './command-line.ts';
import { ADMIN_TOKEN, type Gateway } from './gateway.ts';

/**
 * Checks a camera that is well in each of the ways there are: as it is registered, by the command, with its `district`,
 * and as if it were not registered. A machine that has much else to do may be too slow for the deadlines of a check:
 * then it is checked once more.
 */
export async function isFoundSound(
  t: Test,
  { gateway, id, district }: { gateway: Gateway; id: string; district: string },
  camera: VirtualCamera,
): Promise<void> {
  const sound = await until('it is found sound', async () => {
    const { body } = await gateway.api('POST', `/devices/${id}/check`, { body: { order: 'W-1' } });
    return body.grade === 'ok' ? body : null;
  });
  const { serial } = camera.identity;
  t.match(sound, { grade: 'ok', cause: null, unit: { serial }, picture: { jpeg: null } });
  t.match(sound.picture.withheld, /No work order of this number is open/);
  t.match(sound.steps[6], { name: 'rtsp', seen: /^H\.264, 768x576, brightness/ });
  const shown = await until('the command finds it sound', async () => {
    const said = await commandInProcess(['check', id, '--url', gateway.httpUrl], {
      CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN,
      CITYWATCH_DATA_DIR: gateway.directory,
    });
    return said.status === 0 ? said : null;
  });
  t.match(shown.stdout, /^reach +ok .*\n(.*\n)*rtsp +ok +\d+ ms {2}H\.264, 768x576.*\n.*\n.*: ok after/);
  const items = await until('its district is found sound', async () => {
    const job = await gateway.api('POST', '/checks', { body: { jurisdiction: district } });
    t.equal(job.status, 202);
    await until('it is checked', async () => (await gateway.get(`/jobs/${job.body.id}`)).state === 'done');
    const report = await gateway.get(`/checks/${job.body.id}/report`);
    return report.items[0]?.grade === 'ok' ? report.items : null;
  });
  t.match(items, [{ device: id, grade: 'ok', unit: { serial } }]);
  await until('it is well', async () => (await gateway.get(`/devices/${id}`)).health.health === 'online');
  const beforehand = { onvif: { xaddr: camera.xaddr, ...camera.account } };
  const byAddress = await until('it is found sound before it is registered', async () => {
    const { status, body } = await gateway.api('POST', '/devices/check', { body: beforehand });
    return status === 200 && body.grade === 'ok' ? body : null;
  });
  t.match(byAddress, { unit: { serial } });
}
