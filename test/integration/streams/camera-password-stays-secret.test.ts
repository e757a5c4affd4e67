import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startScript } from '../../support/processes.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';

const HOST = fileURLToPath(new URL('../../support/streams/streams-host.ts', import.meta.url));
const PASSWORD = 'planted-"pass:word=7341';

/** Command line and environment of every process but our own, which holds the password to plant it. */
function everybody(except: readonly number[]): { pid: string; text: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !except.includes(Number(name)));
  return pids.map((pid) => {
    const read = (file: string) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8');
      } catch {
        return '';
      }
    };
    return { pid, text: `${read('cmdline')} ${read('environ')}` };
  });
}

for (const scheme of ['basic', 'digest'] as const) {
  t.test(`a login by ${scheme} works and its password is seen nowhere`, async (t) => {
    const camera = await TestCamera.start(t, { login: { username: 'viewer', password: PASSWORD, scheme } });
    const directory = mkdtempSync(join(tmpdir(), 'cw-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const cameras = { cam: { url: camera.url, username: 'viewer', password: PASSWORD } };
    const host = await startScript(t, HOST, [JSON.stringify({ socketDirectory: directory, cameras })]);
    const { gateway, ffmpeg } = JSON.parse(host.line) as { gateway: number; ffmpeg: number[] };
    t.equal(ffmpeg.length, 1);
    const address = new URL(camera.url.replace('rtsp', 'http')).host;
    const others = everybody([gateway, process.pid]);
    const secrets = ['planted-', Buffer.from(`viewer:${PASSWORD}`).toString('base64').slice(0, 20), address];
    for (const secret of secrets)
      t.same(
        others.filter(({ text }) => text.includes(secret)).map(({ pid }) => pid),
        [],
      );
    process.kill(ffmpeg[0] ?? 0, 'SIGKILL');
    t.notMatch(host.stderr(), /planted-|Authorization|Basic |Digest /);
  });

  t.test(`a wrong password by ${scheme} is said plainly, and tried no more than needed`, async (t) => {
    const camera = await TestCamera.start(t, { login: { username: 'viewer', password: PASSWORD, scheme } });
    const { service, cameras, lines } = await startStreams(t);
    cameras.set('cam', { url: camera.url, username: 'viewer', password: 'planted-wrong-one' });
    const error = await service.playlist(look('cam')).catch((cause: unknown) => cause);
    t.match(error, { code: 'stream.unavailable', message: /refuses the user name or password/ });
    t.equal(camera.requests.length, 2, 'once without, once with the login: no lock-out');
    t.notMatch(`${String(error)} ${JSON.stringify(error)} ${lines.join('')}`, /planted-/);
  });
}
