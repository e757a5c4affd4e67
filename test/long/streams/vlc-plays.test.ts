import { mkdirSync, readdirSync } from 'node:fs';
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { playedByVlc } from '../../support/streams/media/vlc.ts';
import { packetTimes } from '../../support/streams/players.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(420_000);

const LIVE_S = 8;
const PICTURES_PER_S = 10;
const FILE_S = 60;
/** On a busy machine a player leaves some out. */
const MOST = 0.8;
const LATER_MS = 180_000;

t.test('VLC plays live video by a link, and a recorded file', async (t) => {
  const disk = join(await temporaryDirectory(t), 'disk');
  mkdirSync(disk);
  const camera = await TestCamera.start(t, { host: '127.64.43.2' });
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    ...lentInflux(t),
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_RECORDINGS_DIR: disk,
  });
  await gateway.register({ id: 'cam-1', kind: 'camera', stream: { url: camera.url } });
  await gateway.api('POST', '/devices/cam-1/recording', { body: { mode: 'always' } });

  const body = { camera: 'cam-1', purpose: 'traffic desk' };
  const { url } = (await gateway.api('POST', '/stream-links', { body })).body;
  const live = await playedByVlc(new URL(url, gateway.httpUrl).href, LIVE_S);
  t.same(live.complaints, []);
  t.ok(live.pictures > (LIVE_S / 2) * PICTURES_PER_S, `${live.pictures} pictures in ${LIVE_S} s`);
  t.equal(camera.plays, 1);

  const file = await until('a file is whole', () => recordedIn(disk), LATER_MS);
  const shown = join(await temporaryDirectory(t), 'file.mp4');
  await copyFile(file, shown);
  // VLC is another user where we are root.
  await Promise.all([chmod(join(shown, '..'), 0o755), chmod(shown, 0o644)]);
  const played = await playedByVlc(shown, FILE_S + LIVE_S);
  t.same(played.complaints, []);
  const { length } = await packetTimes(await readFile(file));
  t.ok(played.pictures > length * MOST, `${played.pictures} of ${length} pictures of a file`);
});

function recordedIn(disk: string): string | null {
  const name = readdirSync(disk, { recursive: true }).find((one) => String(one).endsWith('.mp4'));
  return name === undefined ? null : join(disk, String(name));
}
