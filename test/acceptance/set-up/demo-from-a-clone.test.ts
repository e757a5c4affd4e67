import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cloneCheckout, Demo } from '../../support/gateway/demo.ts';
import { descendantsOf, stillThere } from '../../support/process-tree.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { decode, decodeStill, probe } from '../../support/streams/players.ts';
import { until } from '../../support/time/until.ts';
import { openBrowser } from '../../support/web/browser.ts';

const PICTURES = join(import.meta.dirname, '../../../test-results');
/** From the moment the city is connected; the slowest is the camera, with its 30 s of silence. */
const ALERTS_MS = 60_000;
const GONE_MS = 30_000;
const VIEWERS = 10;
const PLANTED = {
  camera: 'PlantedCamera7351',
  person: 'PlantedPerson7352',
  webhook: 'UGxhbnRlZFdlYmhvb2s3MzUzUGxhbnRlZA==',
};

interface Alert {
  id: string;
  rule: string;
  device: string;
  condition: string;
  location: { lat: number; lon: number } | null;
  evidence: { id: string; type: string; camera: string; url: string }[];
  stamps: Record<string, string | null>;
}

t.setTimeout(240_000);

t.test('npm run demo from a clone: video, alerts and the page, and nothing left after Ctrl-C', async (t) => {
  const demo = await Demo.start(t, { checkout: await cloneCheckout(t), env: { CITYWATCH_LOG_LEVEL: 'debug' } });
  const readyMs = await demo.ready();
  const connectedMs = await demo.connected();
  t.comment(`ready after ${Math.round(readyMs)} ms, the city connected after ${Math.round(connectedMs)} ms`);
  const alerts = fourAlerts(demo);
  await Promise.all([alerts, videoIsShared(t, demo)]);
  await alertsAreComplete(t, demo, await alerts);
  // Closed once it is seen: a browser that draws four videos is dearer than all that follows.
  await t.test('the page', (t) => pageShowsIt(t, demo));
  await Promise.all([plant(t, demo), cameraComesBack(demo)]);
  await passwordsStaySecret(t, demo);
  t.notMatch(demo.output, /DeprecationWarning/, 'and nothing that only its makers understand');

  const family = demo.family();
  t.ok(
    family.some(({ program }) => program === 'ffmpeg'),
    'video is still being pulled',
  );
  await demo.interrupt();
  await until('nothing is left', () => stillThere(family).length === 0, GONE_MS).catch(() => {});
  t.same(stillThere(family), [], 'Ctrl-C leaves no process behind');
  t.ok(demo.output.includes('Stopping ...\n'), 'and says that it stops');
});

/** Resolves with the four alerts of the story as they are first seen. */
async function fourAlerts(demo: Demo): Promise<Alert[]> {
  const story = { 'kiosk-fire@1': 'kiosk-001', 'kiosk-full@1': 'kiosk-010', 'plate-on-watchlist@1': 'kakou-02' };
  const wanted = Object.entries({ ...story, 'camera-offline@1': 'cam-06' });
  let found: Alert[] = [];
  const isTold = async (): Promise<boolean> => {
    const { items } = (await demo.get('/alerts?limit=100')) as { items: Alert[] };
    found = wanted.flatMap(
      ([rule, device]) => items.find((alert) => alert.rule === rule && alert.device === device) ?? [],
    );
    return found.length === wanted.length;
  };
  await until('the four alerts', isTold, ALERTS_MS);
  return found;
}

/** Each carries its place, its time stamps and a picture that decodes, which somebody may look at only on record. */
async function alertsAreComplete(t: Test, demo: Demo, alerts: Alert[]): Promise<void> {
  for (const { id, rule } of alerts) {
    await until(`the picture of ${rule}`, async () => (await demo.get(`/alerts/${id}`)).evidence.length > 0, 30_000);
    const { location, evidence, stamps }: Alert = await demo.get(`/alerts/${id}`);
    t.ok(location && Math.abs(location.lat - 29.87) < 0.03 && Math.abs(location.lon - 121.54) < 0.03, `${rule}: place`);
    t.same(Object.keys(stamps), ['deviceAt', 'receivedAt', 'decidedAt', 'committedAt']);
    const times = Object.values(stamps).map((at) => Date.parse(at ?? ''));
    const [deviceAt, ...ours] = times;
    t.ok(
      ours.every((at, index) => at >= (ours[index - 1] ?? 0)),
      `${rule}: received, decided, committed in this order`,
    );
    t.equal(Number.isNaN(deviceAt), rule === 'camera-offline@1', `${rule}: only silence has no time of a device`);
    const [picture] = evidence;
    t.equal(picture?.type, 'picture');
    const answer = await demo.fetch(picture?.url ?? '');
    const still = await decodeStill(Buffer.from(await answer.arrayBuffer()));
    t.match(still, { codec: 'mjpeg', width: 640, height: 480 }, `${rule}: the picture decodes`);
    const { items } = await demo.get(`/access-register?device=${picture?.camera}&limit=100`);
    const looks = items.filter((look: { case: string }) => look.case === id);
    t.same(
      looks.map(({ act }: { act: string }) => act).sort(),
      ['evidence', 'view'],
      `${rule}: both looks are on record`,
    );
  }
}

/** Ten people watch one camera, and it is pulled once. */
async function videoIsShared(t: Test, demo: Demo): Promise<void> {
  const look = '/api/v1/streams/cam-02/live.m3u8?purpose=patrol&case=C-7';
  const tokens: string[] = [];
  for (let number = 0; number < VIEWERS; number += 1) {
    const body = { name: `viewer-${number}`, role: 'viewer', jurisdiction: '330200' };
    tokens.push((await demo.make('/tokens', body)).token);
  }
  const answers = await Promise.all(tokens.map((token) => demo.fetch(look, { token })));
  t.same(
    answers.map(({ status }) => status),
    tokens.map(() => 200),
  );
  const { items } = await demo.get('/streams');
  const pulls = items.filter(({ device }: { device: string }) => device === 'cam-02');
  t.match(pulls, [{ quality: 'main', state: 'live', viewers: VIEWERS }], 'one pull for ten viewers');
  // What starts ffmpeg runs once a picture was taken for an alert, which may just be ending.
  const spawner = demo
    .family()
    .find(({ parent, commandLine }) => parent === demo.gateway?.pid && /spawner/.test(commandLine));
  await until('the threads of the gateway pull, and no ffmpeg', () =>
    (spawner ? descendantsOf(spawner.pid) : []).every(({ program }) => program !== 'ffmpeg'),
  );
  const register = (await demo.get('/access-register?device=cam-02&limit=100')).items;
  const rows = register.filter((row: { case: string }) => row.case === 'C-7');
  t.equal(new Set(rows.map(({ viewer }: { viewer: { id: string } }) => viewer.id)).size, VIEWERS, 'each is on record');
  const url = `${demo.url}${look}`;
  t.match(await probe(url, tokens[0]), { codec: 'h264', width: 640, height: 480 });
  t.equal(await decode(url, 20, tokens[0]), '', 'every picture decodes');
}

/** The page as the person sees it who typed the printed password. */
async function pageShowsIt(t: Test, demo: Demo): Promise<void> {
  const { page, offences } = await openBrowser(t);
  await page.goto(`${demo.url}/`);
  await page.locator('input[name=username]').fill('demo');
  await page.locator('input[name=password]').fill(demo.password);
  await page.locator('button[type=submit]').click();
  await until('four playing pictures', async () => (await page.locator('.tile-playing').count()) === 4, 30_000);
  const tile = page.locator('.tile').first();
  const before = await tile.screenshot();
  await until('the picture moves', async () => !(await tile.screenshot()).equals(before));
  for (const title of ['Fire in a recycling kiosk', 'Recycling kiosk is full', 'Wanted plate', 'Camera is offline'])
    t.ok(await page.getByText(title).first().isVisible(), title);
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, 'console.png') });
  t.same(offences, []);
}

async function cameraComesBack(demo: Demo): Promise<void> {
  const condition = async (): Promise<string> => (await demo.get('/alerts?rule=camera-offline')).items[0].condition;
  await until('the camera is no longer offline', async () => (await condition()) === 'cleared', 60_000);
  await until('its end is delivered', () => /received alert\.cleared \(signature right\)/.test(demo.output));
}

/** Secrets that this test knows, in the places where secrets are given. */
async function plant(t: Test, demo: Demo): Promise<void> {
  const camera = await (await startCameras(t)).start({
    id: 'planted',
    address: '127.64.77.1',
    password: PLANTED.camera,
  });
  const place = { jurisdiction: '330203', location: { lat: 29.86, lon: 121.53 } };
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  await demo.make('/devices', { ...place, id: 'planted', kind: 'camera', name: 'Planted', onvif });
  const person = {
    username: 'planted',
    name: 'Planted',
    password: PLANTED.person,
    role: 'viewer',
    jurisdiction: '330200',
  };
  await demo.make('/users', person);
  const hook = {
    name: 'planted',
    url: 'http://127.64.77.2:9/',
    jurisdiction: '330200',
    secret: `whsec_${PLANTED.webhook}`,
  };
  const { secret: _shown, ...subscription } = await demo.make('/subscriptions', hook);
  t.ok(subscription.id);
}

async function passwordsStaySecret(t: Test, demo: Demo): Promise<void> {
  const still = () => demo.fetch('/api/v1/streams/planted/snapshot.jpg?purpose=acceptance');
  await until('the planted camera is introduced and lets us in', async () => (await still()).status === 200, 30_000);
  const running = demo.family().map(({ pid }) => `${read(pid, 'cmdline')} ${read(pid, 'environ')}`);
  const paths = [
    'devices?limit=500',
    'devices/planted',
    'streams',
    'streams/planted',
    'subscriptions',
    'users',
    'tokens',
  ];
  const urls = [...paths, 'audit?limit=500', 'access-register?limit=500', 'alerts'].map((path) => `/api/v1/${path}`);
  const answers = await Promise.all(
    [...urls, '/metrics', '/readyz'].map(async (path) => (await demo.fetch(path)).text()),
  );
  const printed = demo.output.replace(`  Password  ${demo.password}\n`, '');
  const places = { processes: running.join('\n'), answers: answers.join('\n'), log: printed };
  const secrets = { ...PLANTED, login: demo.password, token: demo.token };
  for (const [place, text] of Object.entries(places)) {
    t.ok(text.length > 1_000, place);
    for (const [name, secret] of Object.entries(secrets))
      t.notOk(text.includes(secret), `no secret of ${name} in ${place}`);
  }
}

function read(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
