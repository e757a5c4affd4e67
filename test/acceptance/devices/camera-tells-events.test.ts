import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { until } from '../../support/time/until.ts';

interface Told {
  type: string;
  at: string;
  data: Record<string, unknown>;
}

/** Longest time from what happens to its being found in the store. */
const FOUND_MS = 30_000;

t.test('what a camera notices is an event like any other, over a kill and a new password', async (t) => {
  const gateway = await Gateway.start(t, { ...(await lentServices(t)), CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
  const camera = await (await startCameras(t)).start({ address: '127.64.41.1' });
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  await gateway.register({ id: 'cam-1', kind: 'camera', onvif });
  const subscribed = () => until('the camera is subscribed to', () => camera.events.subscriptions > 0, FOUND_MS);
  const since = new Date(Date.now() - 60_000).toISOString();
  const later = new Date(Date.now() + 600_000).toISOString();
  const range = `from=${since}&to=${later}&limit=500`;
  const told = async (): Promise<Told[]> => (await gateway.get(`/devices/cam-1/events?${range}`)).items;
  const untilTold = (type: string, active: boolean) =>
    until(`${type} ${active} is told`, async () => find(await told(), type, active), FOUND_MS);

  await subscribed();
  camera.notices('motion', true);
  camera.notices('tamper', true);
  await untilTold('tamper', true);
  const remembered = join(gateway.directory, 'cameras/active.json');
  await until('it is remembered', async () => (await readFile(remembered, 'utf8')).includes('Tamper'), FOUND_MS);
  await gateway.stop('SIGKILL');
  camera.events.loseSubscriptions();
  camera.notices('motion', false);
  await gateway.start();
  await subscribed();
  camera.notices('input', true);
  await untilTold('digital_input', true);
  await untilTold('motion', false);

  camera.misbehave({ passwordChanged: true });
  camera.events.loseSubscriptions();
  const password = `${camera.account.password} changed`;
  const { headers } = await gateway.api('GET', '/devices/cam-1');
  const change = { body: { onvif: { ...onvif, password } }, headers: { 'if-match': headers.get('etag') ?? '' } };
  t.equal((await gateway.api('PATCH', '/devices/cam-1', change)).status, 200);
  await subscribed();
  camera.notices('signal-loss', true);
  await untilTold('video_loss', true);

  const events = await told();
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  t.equal(count('tamper'), 1, 'what went on over the kill was told once');
  t.equal(count('digital_input'), 1);
  const { balanced } = await gateway.settledLedger();
  t.ok(balanced);

  // The introduction with the new password may come in between: then it is read again, as a person would.
  await until('it is retired', async () => {
    const { headers: last } = await gateway.api('GET', '/devices/cam-1');
    const retired = { headers: { 'if-match': last.get('etag') ?? '' } };
    return (await gateway.api('DELETE', '/devices/cam-1', retired)).status === 204;
  });
  await until('the camera is let go', () => camera.events.subscriptions === 0, FOUND_MS);
});

function find(events: Told[], type: string, active: boolean): boolean {
  return events.some((event) => event.type === type && event.data.active === active);
}
