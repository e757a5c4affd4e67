import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cloneCheckout, Demo } from '../support/gateway/demo.ts';
import { alertIsComplete, alertsOf, interruptEndsAll, secretsStaySecret } from '../support/gateway/demo-checks.ts';
import { descendantsOf } from '../support/process-tree.ts';
import { startCameras } from '../support/streams/cameras.ts';
import { decode, probe } from '../support/streams/players.ts';
import { until } from '../support/time/until.ts';
import { openBrowser } from '../support/web/browser.ts';

const PICTURES = join(import.meta.dirname, '../../test-results');
/** From the moment the city is connected; the slowest is the camera, with its 30 s of silence. */
const ALERTS_MS = 60_000;
const GONE_MS = 30_000;
const VIEWERS = 10;
const PLANTED = {
  camera: 'PlantedCamera7351',
  person: 'PlantedPerson7352',
  webhook: 'UGxhbnRlZFdlYmhvb2s3MzUzUGxhbnRlZA==',
};
const STORY = {
  'kiosk-fire@1': 'kiosk-001',
  'kiosk-full@1': 'kiosk-010',
  'plate-on-watchlist@2': 'kakou-02',
  'camera-offline@1': 'cam-06',
};

t.setTimeout(240_000);

/** Its first alert, and the lines of the README: test/acceptance/set-up/demo-from-a-clone. */
t.test('npm run demo from a clone tells its whole story, on the page too, to ten viewers at once', async (t) => {
  const demo = await Demo.start(t, { checkout: await cloneCheckout(t), env: { CITYWATCH_LOG_LEVEL: 'debug' } });
  await demo.ready();
  await demo.connected();
  const alerts = alertsOf(demo, STORY, ALERTS_MS);
  await Promise.all([alerts, videoIsShared(t, demo)]);
  for (const alert of await alerts) await alertIsComplete(t, demo, alert);
  // Closed once it is seen: a browser that draws four videos is dearer than all that follows.
  await t.test('the page', (t) => pageShowsIt(t, demo));
  await Promise.all([plant(t, demo), cameraComesBack(demo)]);
  const still = () => demo.fetch('/api/v1/streams/planted/snapshot.jpg?purpose=acceptance');
  await until('the planted camera is introduced and lets us in', async () => (await still()).status === 200, 30_000);
  await secretsStaySecret(t, demo, { more: PLANTED, paths: ['devices/planted', 'streams/planted'] });
  await interruptEndsAll(t, demo, GONE_MS);
});

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
  const rows = page.locator('.alert-list');
  for (const title of ['Fire in a recycling kiosk', 'Wanted plate'])
    t.ok(await rows.getByText(title).first().isVisible(), title);
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, 'console.png') });
  t.equal(await rows.getByText('Camera is offline').count(), 0, 'a fault rings nobody at the command centre');
  await page.getByRole('button', { name: /^Maintenance/ }).click();
  for (const title of ['Recycling kiosk is full', 'Camera is offline']) await rows.getByText(title).first().waitFor();
  t.same(offences, []);
}

async function cameraComesBack(demo: Demo): Promise<void> {
  const condition = async (): Promise<string> => (await demo.get('/alerts?rule=camera-offline')).items[0].condition;
  await until('the camera is no longer offline', async () => (await condition()) === 'cleared', 60_000);
  const isDelivered = () => /received alert\.opened \(signature right\)/.test(demo.output);
  await until('what the command centre is told is delivered', isDelivered);
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
