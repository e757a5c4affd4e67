import { createRequire } from 'node:module';
import t from 'tap';
import { startCameras } from '../../support/cameras.ts';

const require = createRequire(import.meta.url);

interface ForeignCamera {
  getStreamUri(options: object, done: (error: Error | null, answer: { uri: string }) => void): void;
  getSnapshotUri(done: (error: Error | null, answer: { uri: string }) => void): void;
  getDeviceInformation(
    done: (error: Error | null, answer: { manufacturer: string; serialNumber: unknown }) => void,
  ): void;
}

type Connect = new (options: object, done: (this: ForeignCamera, error: Error | null) => void) => ForeignCamera;

const { Cam } = require('onvif') as { Cam: Connect };

function connect(xaddr: string, login: { username: string; password: string }): Promise<ForeignCamera> {
  const { hostname, port } = new URL(xaddr);
  return new Promise((resolve, reject) => {
    new Cam({ hostname, port: Number(port), timeout: 5_000, ...login }, function (error) {
      if (error) reject(error);
      else resolve(this);
    });
  });
}

function ask<Answer>(run: (done: (error: Error | null, answer: Answer) => void) => void): Promise<Answer> {
  return new Promise((resolve, reject) => run((error, answer) => (error ? reject(error) : resolve(answer))));
}

t.test('npm onvif reads it, by token and by HTTP digest', async (t) => {
  const cameras = await startCameras(t);
  for (const [index, onvifAuth] of (['wsse', 'digest'] as const).entries()) {
    const camera = await cameras.start({ address: `127.64.31.${index + 1}`, onvifAuth });
    const foreign = await connect(camera.xaddr, camera.account);
    const stream = await ask<{ uri: string }>((done) => foreign.getStreamUri({ protocol: 'RTSP' }, done));
    t.equal(stream.uri, camera.streamUrl('main'), onvifAuth);
    t.equal((await ask<{ uri: string }>((done) => foreign.getSnapshotUri(done))).uri, camera.snapshotUrl);
    const about = await ask<{ manufacturer: string }>((done) => foreign.getDeviceInformation(done));
    t.equal(about.manufacturer, camera.identity.maker);
    // It connects without a login and fails at the first question that needs one.
    const wrong = connect(camera.xaddr, { username: 'admin', password: 'wrong' });
    await t.rejects(wrong.then((stranger) => ask((done) => stranger.getDeviceInformation(done))));
  }
});

interface OldDevice {
  init(): Promise<{ SerialNumber: string; FirmwareVersion: string }>;
  getProfileList(): { token: string; stream: { rtsp: string } }[];
}

t.test('npm node-onvif reads it with its own transport and parser', async (t) => {
  const { OnvifDevice } = require('node-onvif') as { OnvifDevice: new (options: object) => OldDevice };
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.31.3', onvifAuth: 'wsse' });
  const device = new OnvifDevice({ xaddr: camera.xaddr, user: 'admin', pass: camera.account.password });
  t.match(await device.init(), { SerialNumber: camera.identity.serial, FirmwareVersion: '2.10' });
  t.match(device.getProfileList(), [
    { token: 'profile_main', stream: { rtsp: camera.streamUrl('main') } },
    { token: 'profile_sub' },
  ]);
  const wrong = new OnvifDevice({ xaddr: camera.xaddr, user: 'admin', pass: 'wrong' });
  await t.rejects(wrong.init());
});

t.test('a token is taken once, and not when it is old', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.31.4', onvifAuth: 'wsse' });
  const first = await connect(camera.xaddr, camera.account);
  t.ok(first);
  camera.misbehave({ clockSkewMs: 60_000 });
  const asked = ask<unknown>((done) => first.getDeviceInformation(done));
  await t.rejects(asked, 'a client that does not ask the time again is refused');
});
