import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { decodeFile, packetTimes } from '../../support/streams/players.ts';
import { until } from '../../support/time/until.ts';

// What is waited for are minutes by themselves: alerts of disks come after two looks and go after a quiet minute.
t.setTimeout(420_000);

const CAMERA = 'cam-1';
const KIOSK = 'kiosk-1';
const SOON_MS = 60_000;
const LATER_MS = 180_000;
const CLOCK_MS = 4_000;

interface Evidence {
  id: string;
  type: string;
  camera: string;
  takenAt: string;
  endsAt?: string;
  sha256: string | null;
  url: string;
}

interface Line {
  stretches: { from: string; to: string; source: string }[];
  gaps: { from: string; to: string | null; cause: string }[];
  alerts: { rule: string }[];
  events: { type: string }[] | null;
}

const disk = join(await temporaryDirectory(t), 'disk');
mkdirSync(disk);
const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_RECORDINGS_DIR: disk,
});
const cameras = await startCameras(t);
const camera = await cameras.start({ address: '127.64.75.1', storage: { keepS: 600 } });
await gateway.register({ id: CAMERA, kind: 'camera', onvif: { xaddr: camera.xaddr, ...camera.account } });
const secret = await gateway.register({ id: KIOSK, cameras: [CAMERA] });
const beganMs = Date.now();

const said = async (id: string, values: object): Promise<void> => {
  const body = { ts: Date.now(), id, values };
  const { status } = await gateway.api('POST', `/devices/${KIOSK}/telemetry`, { body, token: `${KIOSK}:${secret}` });
  if (status !== 202) throw new Error(`telemetry answered ${status}`);
};
const alertOf = async (rule: string) =>
  (await gateway.get('/alerts?desk=all')).items.find((one: { rule: string }) => one.rule.startsWith(`${rule}@`));
const line = async (): Promise<Line> => {
  const [from, to] = [beganMs - 60_000, beganMs + 3_600_000].map((atMs) => new Date(atMs).toISOString());
  return await gateway.get(`/streams/${CAMERA}/recordings?from=${from}&to=${to}`);
};

/** How much of a hole no stretch has. */
function missingMs(stretches: Line['stretches'], { from, to }: Line['gaps'][number]): number {
  let [atMs, missing] = [Date.parse(from), 0];
  for (const one of [...stretches, { from: to!, to: to! }]) {
    const beginMs = Math.min(Date.parse(one.from), Date.parse(to!));
    missing += Math.max(0, beginMs - atMs);
    atMs = Math.max(atMs, Date.parse(one.to));
  }
  return missing;
}

t.test('a fire has a clip of the camera that sees it, from before it was told', async (t) => {
  const warm = { body: { alwaysOn: true, keepS: 0, connectionsMax: 2 } };
  t.equal((await gateway.api('POST', `/devices/${CAMERA}/stream-plan`, warm)).status, 204);
  t.equal((await gateway.api('POST', `/devices/${CAMERA}/recording`, { body: { mode: 'event' } })).status, 204);
  const streams = async () => (await gateway.get('/streams')).items;
  const since = await until('it is pulled', async () => (await streams())[0]?.lastFragmentAt, SOON_MS);
  const isWarm = async () => Date.parse((await streams())[0]?.lastFragmentAt) > Date.parse(since) + 11_000;
  await until('it is warm', isWarm, SOON_MS);
  camera.notices('motion', true);
  await said('smoke', { smoke: true });
  const fire = await until('there is fire', () => alertOf('kiosk-fire'), SOON_MS);
  t.match(fire, { severity: 'extreme', condition: 'active', device: KIOSK });
  const clipOf = async (): Promise<Evidence | undefined> =>
    (await gateway.get(`/alerts/${fire.id}`)).evidence.find(({ type }: Evidence) => type === 'clip');
  const clip = await until('it has a clip', clipOf, LATER_MS);
  t.match(clip, { camera: CAMERA, sha256: /^[0-9a-f]{64}$/ });
  const lengthMs = Date.parse(clip!.endsAt!) - Date.parse(clip!.takenAt);
  t.ok(lengthMs > 25_000, `${lengthMs} ms of it`);
  t.ok(Date.parse(clip!.takenAt) < Date.parse(fire.firstAt) - 5_000, 'from before it was told');
  const answer = await fetch(`${gateway.httpUrl}/api/v1/alerts/${fire.id}/evidence/${clip!.id}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const file = Buffer.from(await answer.arrayBuffer());
  t.equal(await decodeFile(file), '', 'it plays');
  t.ok(Math.max(...(await packetTimes(file))) > 25);
  const { items } = await gateway.get('/alerts/events?limit=500');
  const updates = items.filter((one: { type: string; alert: { id: string } }) => {
    return one.type === 'alert.evidence' && one.alert.id === fire.id;
  });
  t.equal(updates.length, 2, 'the picture first, then the clip');
  const kept = await gateway.get(`/streams/${CAMERA}/clips/${clip!.id}`);
  t.match(kept, { state: 'ready', alert: fire.id, file: { source: 'memory' }, holes: [] });
  t.ok(Date.parse(kept.until) - Date.now() > 170 * 86_400_000, 'kept half a year');
});

t.test('the fire is taken away as a bundle, with the picture and the clip as they were attached', async (t) => {
  const fire = await alertOf('kiosk-fire');
  const asked = await gateway.api('POST', `/alerts/${fire.id}/bundle`, { body: { purpose: 'fire', case: 'F-1' } });
  t.equal(asked.status, 202);
  const where = `/recording-exports/${asked.body.id}`;
  const ready = await until(
    'the bundle is ready',
    async () => {
      const made = await gateway.get(where);
      return made.state === 'ready' && made;
    },
    SOON_MS,
  );
  t.match(ready.cameras, [{ id: CAMERA }]);
  const place = await temporaryDirectory(t);
  const [archive, key] = [join(place, 'bundle.tar'), join(place, 'gateway.pem')];
  writeFileSync(archive, await gateway.bytes(`${where}/export.tar`));
  writeFileSync(key, (await gateway.get('/recording-exports/key')).pem);
  const told = await commandInProcess(['verify', archive, '--key', key]);
  t.match(told, { status: 0, stdout: /with plates masked[\s\S]*The export holds/ });
  execFileSync('tar', ['-xf', archive, '-C', place]);
  const folder = join(place, `export-${asked.body.id}`);
  execFileSync('sha256sum', ['-c', '--status', 'SHA256SUMS'], { cwd: folder });
  const evidence: Evidence[] = (await gateway.get(`/alerts/${fire.id}`)).evidence;
  for (const { id, type, url, sha256 } of evidence) {
    const name = type === 'clip' ? `clips/${id}.mp4` : `pictures/${id}.jpg`;
    const file = readFileSync(join(folder, name));
    t.ok(file.equals(await gateway.bytes(url.replace('/api/v1', ''))), `${type}: the bytes that are shown`);
    t.equal(createHash('sha256').update(file).digest('hex'), sha256, type);
  }
  t.equal(evidence.length, 2);
  t.equal(await decodeFile(readFileSync(join(folder, `clips/${evidence[1]!.id}.mp4`))), '', 'the clip plays');
  t.match(readFileSync(join(folder, 'device/readings.csv'), 'utf8'), /smoke/);
  const findings = JSON.parse(readFileSync(join(folder, 'alert/findings.json'), 'utf8')).items;
  t.match(findings, [{ kind: 'fired', data: { smoke: true } }]);
});

t.test('a disk that is not there is an alert, and what the camera kept itself fills the hole', async (t) => {
  // The fire goes on, so the camera is recorded.
  renameSync(disk, `${disk}-away`);
  mkdirSync(disk);
  const alert = await until('the disk is an alert', () => alertOf('recording-disk'), LATER_MS);
  t.match(alert, { severity: 'severe', condition: 'active', device: 'gateway' });
  t.match((await gateway.notGreen()).join(), /Mount the disk/);
  const hole = async () => (await line()).gaps.find(({ cause }) => cause === 'disk-away');
  await until('and a hole with its cause while it lasts', async () => (await hole())?.to === null, SOON_MS);
  const live = await gateway.api('GET', `/streams/${CAMERA}/snapshot.jpg?purpose=routine`);
  t.equal(live.status, 200, 'live video goes on');
  rmdirSync(disk);
  renameSync(`${disk}-away`, disk);
  const lasting = await until('it is recorded again', async () => ((await hole())?.to ? hole() : null), LATER_MS);
  await until('the alert is over', async () => (await alertOf('recording-disk')).condition === 'cleared', LATER_MS);
  await until('the hole is filled', async () => (await hole()) === undefined, LATER_MS);
  const { stretches, alerts, events } = await line();
  t.ok(stretches.some(({ source, to }) => source === 'edge' && to > lasting!.from));
  // What was written before it was noticed was found; how late pictures come is not known of the camera's clock.
  const missing = missingMs(stretches, lasting!);
  t.ok(missing < CLOCK_MS, `${missing} ms of ${JSON.stringify({ lasting, stretches })}`);
  t.ok(stretches.some(({ source }) => source === 'gateway'));
  t.ok(
    alerts.some(({ rule }) => rule.startsWith('kiosk-fire')),
    'the fire stands on the line',
  );
  t.ok(
    events?.some(({ type }) => type === 'motion'),
    'and so does what the camera noticed',
  );
  t.ok(existsSync(join(disk, 'whole')));
  const { items } = await gateway.get(`/reports/recording?device=${CAMERA}`);
  t.ok(
    items.some(({ edgeS }: { edgeS: number }) => edgeS > 2),
    'the report counts it apart',
  );
});
