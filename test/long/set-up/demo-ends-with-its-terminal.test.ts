import t from 'tap';
import { Demo } from '../../support/gateway/demo.ts';
import { stillThere } from '../../support/process-tree.ts';
import { ROOT } from '../../support/root.ts';
import { until } from '../../support/time/until.ts';

/** PostgreSQL shuts down in order, which a busy machine takes its time for. */
const GONE_MS = 30_000;
const ENV = { CITYWATCH_HTTP_PORT: '0', CITYWATCH_MQTT_PORT: '0' };

/**
 * Ctrl-C: demo-from-a-clone. Kill -9: each part that a demo starts is shown to go with who started it: the services,
 * the gateway's ffmpeg, the city, and the encoders of the city.
 */
t.test('the demo leaves no process behind when its terminal is closed', async (t) => {
  const demo = await Demo.start(t, { checkout: ROOT, env: ENV, terminal: true });
  await demo.connected();
  await until('a camera is pulled', async () => (await demo.fetch(SNAPSHOT)).status === 200, 30_000);
  const family = demo.family();
  t.ok(family.some(({ program }) => program === 'ffmpeg') && family.length > 6, 'it runs');
  demo.closeTerminal();
  await until('nothing is left', () => stillThere(family).length === 0, GONE_MS).catch(() => {});
  t.same(stillThere(family), [], 'nothing is left');
});

const SNAPSHOT = '/api/v1/streams/cam-01/snapshot.jpg?purpose=acceptance';
