import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';

const CHILD = new URL('../../support/gateway/watchdog-child.ts', import.meta.url).pathname;

async function run(how: string) {
  const child = spawn(process.execPath, [...process.execArgv, CHILD, how], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  t.teardown(() => void child.kill('SIGKILL'));
  const [status, signal] = await once(child, 'close');
  return { out, err, status, signal };
}

t.test('a process whose event loop stands still is ended, with a word, and no other is', async (t) => {
  const [hung, ended, stopped] = await Promise.all(['hang', 'end', 'stop'].map(run));
  t.match(hung, { out: 'alive\n', signal: 'SIGKILL', err: /has done nothing for 0.3 s/ });
  t.match(ended, { out: 'alive\n', err: '', status: 0 });
  t.match(stopped, { out: 'alive\n', err: '', status: 0 });
});
