import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { isRunning, type Started, startScript } from '../../support/processes.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

const HOST = fileURLToPath(new URL('../../support/streams/streams-host.ts', import.meta.url));

async function gateway(t: Test, directory: string): Promise<{ host: Started; pids: number[] }> {
  const camera = await TestCamera.start(t);
  const cameras = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`cam-${n}`, { url: camera.url }]));
  const host = await startScript(t, HOST, [JSON.stringify({ socketDirectory: directory, cameras })]);
  const { spawner, ffmpeg } = JSON.parse(host.line) as { spawner: number; ffmpeg: number[] };
  t.equal(ffmpeg.length, 5);
  const pids = [spawner, ...ffmpeg];
  t.ok(pids.every(isRunning));
  return { host, pids };
}

function directoryOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

t.test('kill -9 of the gateway leaves no spawner and no ffmpeg after three seconds', async (t) => {
  const directory = directoryOf(t);
  const { host, pids } = await gateway(t, directory);
  host.process.kill('SIGKILL');
  await until('nothing of it runs', () => !pids.some(isRunning));

  const next = await gateway(t, directory);
  // The cage has a folder of its own where namespaces may be made.
  const left = readdirSync(directory).filter((name) => name !== 'cage');
  t.same(left, [], 'sockets the dead one left are cleared away');
  next.host.process.kill('SIGKILL');
});

t.test('SIGTERM ends everything in order', async (t) => {
  const { host, pids } = await gateway(t, directoryOf(t));
  const ended = new Promise((resolve) => host.process.once('exit', resolve));
  host.process.kill('SIGTERM');
  t.equal(await ended, 0);
  t.notOk(pids.some(isRunning));
});
