import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { commandInProcess } from '../support/gateway/command-line.ts';
import { ADMIN_TOKEN, Gateway } from '../support/gateway/gateway.ts';
import { phonePhoto } from '../support/ingest/photos.ts';
import { ROOT } from '../support/root.ts';
import { temporaryDirectory } from '../support/services/services.ts';
import { lentServices } from '../support/services/shared-database.ts';
import { startCameras } from '../support/streams/cameras.ts';
import { until } from '../support/time/until.ts';

const run = promisify(execFile);
const ADDRESS = '127.64.43.1';
const PLACE = { jurisdiction: '330212', location: { lat: 29.83, lon: 121.55 } };
const PASSWORD = 'a long enough phrase';

/** Where this machine may lack a font; the answer says which package has one. */
const NEEDS_FONT = /format=pdf/;
/** What a camera cannot do while its login is changed, or while it restarts, and can a moment later. */
const BUSY: ReadonlySet<number> = new Set([409, 502]);
const BUSY_MS = 60_000;

const gateway = await Gateway.start(t, { ...(await lentServices(t)), CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
const cameras = await startCameras(t, { plain: false });
const camera = await cameras.start({ address: ADDRESS, id: 'cam-0815', head: true, rebootMs: 300 });
const directory = await temporaryDirectory(t);

/** The commands of the page, in its order; one may go over several lines. */
async function commands(): Promise<string[]> {
  const page = await readFile(join(ROOT, 'docs/technicians.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  return blocks.flatMap((block) => block.split(/^(?=curl |npx )/m)).map((text) => text.trim());
}

/** What the commands need: devices, an order, photos, and a login. Resolves with the order's number. */
async function prepare(): Promise<string> {
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  await gateway.register({ id: 'cam-0815', kind: 'camera', state: 'installed', onvif, ...PLACE });
  await gateway.register({ id: 'cam-0816', kind: 'camera', state: 'planned', ...PLACE });
  await gateway.register({ id: 'kiosk-7', ...PLACE });
  const order = { id: randomUUID(), device: 'cam-0815', title: 'no picture', cause: 'check:auth' };
  const { body } = await gateway.api('POST', '/orders', { body: order });
  for (const name of ['pole.jpg', 'sign.jpg']) await writeFile(join(directory, name), phonePhoto());
  const li = { username: 'li', name: 'Li', role: 'administrator', jurisdiction: '330212', password: PASSWORD };
  await gateway.api('POST', '/users', { body: li });
  await shell(
    `curl -s -c jar "$CW/api/v1/session" -H 'Content-Type: application/json' -d '${JSON.stringify({
      username: 'li',
      password: PASSWORD,
    })}'`,
  );
  await until('the camera is known', async () => (await gateway.get('/devices/cam-0815')).unit.serial !== null, 30_000);
  return body.number;
}

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the routes answer
  body: any;
}

/** Runs a command as it stands, and tells what was answered. */
async function shell(text: string): Promise<Answer> {
  const script = `curl() { command curl "$@" -w '\\n%{http_code}'; }\n${text}`;
  const env = { PATH: process.env.PATH ?? '', CW: gateway.httpUrl, TOK: ADMIN_TOKEN };
  const { stdout } = await run('bash', ['-c', script], { cwd: directory, env });
  const [, said = '', status = ''] = /^([\s\S]*)\n(\d+)$/.exec(stdout) ?? [];
  return { status: Number(status), body: said.startsWith('{') ? JSON.parse(said) : said };
}

/** As it stands on the page, but for what differs from city to city. */
function localized(command: string, { number, id, code }: Record<'number' | 'id' | 'code', string>): string {
  const { host } = new URL(camera.xaddr);
  const { username, password } = camera.account;
  const login = JSON.stringify({ username, password }).slice(1, -1).replaceAll("'", "'\\''");
  return command
    .replaceAll('W-2026-17', number)
    .replaceAll('7K3M-9QPX', code)
    .replaceAll(/\$JOB|\$ID/g, id)
    .replaceAll('"username":"admin","password":"…"', login)
    .replaceAll(/10\.20\.3\.[79]/g, host)
    .replaceAll('10.20.3.0/24', '127.64.43.0/30');
}

async function byCommandLine(text: string): Promise<void> {
  const env = { CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN, CITYWATCH_DATA_DIR: gateway.directory };
  const { status, stderr } = await commandInProcess([...text.split(' ').slice(2), '--url', gateway.httpUrl], env);
  if (status !== 0 && !/fonts-wqy-microhei/.test(stderr)) throw new Error(`${text}: ${stderr}`);
}

t.test('every command that technicians are told is taken as it stands', async (t) => {
  const known = { number: await prepare(), id: '', code: '' };
  for (const command of await commands()) {
    const here = localized(command, known);
    if (here.startsWith('npx ')) {
      await byCommandLine(here);
      continue;
    }
    const { status, body } = await until(
      here,
      async () => {
        const answer = await shell(here);
        return BUSY.has(answer.status) ? null : answer;
      },
      BUSY_MS,
    );
    const isTaken = (status >= 200 && status < 300) || (status === 501 && NEEDS_FONT.test(here));
    t.ok(isTaken, `${here} answered ${status}: ${JSON.stringify(body)}`);
    if (body?.id) known.id = body.id;
    if (body?.code && status === 201) known.code = body.code;
    // One check of an area goes on at a time.
    const isOver = async () => (await gateway.get(`/jobs/${known.id}`)).state === 'done';
    if (/v1\/checks" /.test(command)) await until('the area is checked', isOver, BUSY_MS);
  }
});
