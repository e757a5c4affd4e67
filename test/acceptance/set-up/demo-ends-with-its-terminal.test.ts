import t, { type Test } from 'tap';
import { Demo } from '../../support/gateway/demo.ts';
import { stillThere } from '../../support/process-tree.ts';
import { ROOT } from '../../support/root.ts';
import { until } from '../../support/time/until.ts';

/** PostgreSQL shuts down in order, which a busy machine takes its time for. */
const GONE_MS = 30_000;
const ENV = { CITYWATCH_HTTP_PORT: '0', CITYWATCH_MQTT_PORT: '0' };

t.test('the demo leaves no process behind, however it ends', async (t) => {
  const start = { checkout: ROOT, env: ENV };
  const [closed, killed] = await Promise.all([Demo.start(t, { ...start, terminal: true }), Demo.start(t, start)]);
  await Promise.all([closed.connected(), killed.connected()]);
  await leavesNothing(t, 'the terminal is closed', { demo: closed, end: () => closed.closeTerminal() });
  await leavesNothing(t, 'kill -9', { demo: killed, end: () => killed.killGateway() });
});

async function leavesNothing(t: Test, how: string, { demo, end }: { demo: Demo; end(): void }): Promise<void> {
  await until('a camera is pulled', async () => (await demo.fetch(SNAPSHOT)).status === 200, 30_000);
  const family = demo.family();
  t.ok(family.some(({ program }) => program === 'ffmpeg') && family.length > 6, `${how}: it runs`);
  end();
  await until('nothing is left', () => stillThere(family).length === 0, GONE_MS).catch(() => {});
  t.same(stillThere(family), [], `${how}: nothing is left`);
}

const SNAPSHOT = '/api/v1/streams/cam-01/snapshot.jpg?purpose=acceptance';
