import t from 'tap';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';

t.test('a camera tells who it is, in text, and where its pictures are', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.20.1', onvifAuth: 'wsse' });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
  t.match(found, {
    maker: 'Virtual Optics',
    model: 'VC-768 Street',
    firmware: '2.10',
    serial: camera.identity.serial,
    hardwareId: '007',
    mainStreamUrl: camera.streamUrl('main'),
    snapshotUrl: camera.snapshotUrl,
  });
  t.match(found.profiles, [
    { token: 'profile_main', name: 'main', encoding: 'H264', width: 768, height: 576, fps: 10 },
    { token: 'profile_sub', name: 'sub', encoding: 'H264' },
  ]);
  t.ok(Math.abs(found.clockSkewMs ?? Number.NaN) <= 1_000);
});

t.test('its video is asked for by the second media service where it has one, and by the first one else', async (t) => {
  const cameras = await startCameras(t);
  const ports = onvifPorts(t);
  let number = 20;
  for (const media of ['both', 'media', 'media2'] as const) {
    for (const onvifAuth of ['wsse', 'digest'] as const) {
      number += 1;
      const camera = await cameras.start({ address: `127.64.20.${number}`, onvifAuth, media });
      const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, ports);
      t.equal(found.mainStreamUrl, camera.streamUrl('main'), `${media} ${onvifAuth}`);
      t.equal(found.snapshotUrl, camera.snapshotUrl);
      t.match(found.profiles[0], { token: 'profile_main', source: 'source', encoding: 'H264', width: 768, fps: 10 });
      t.equal(camera.requests.includes('GetCapabilities'), false, 'one list of services is enough');
    }
  }
  const camera = await cameras.start({ address: '127.64.20.20' });
  camera.misbehave({ media2Fails: true });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, ports);
  t.equal(found.mainStreamUrl, camera.streamUrl('main'), 'a second service that fails leaves the first');
});

t.test('each channel of a recorder has its own video, whatever the order they are asked in', async (t) => {
  const cameras = await startCameras(t);
  const ports = onvifPorts(t);
  const recorder = await cameras.start({ address: '127.64.20.19', channels: 32 });
  const numbers = [32, 1, 17, 2, 3, 13];
  const found = await Promise.all(
    numbers.map((number) =>
      inspectCamera({ xaddr: recorder.xaddr, ...recorder.account, source: `channel_${number}` }, ports),
    ),
  );
  t.same(
    found.map(({ mainStreamUrl }) => mainStreamUrl),
    numbers.map((number) => recorder.channelUrl(number, 'main')),
  );
  const gone = inspectCamera({ xaddr: recorder.xaddr, ...recorder.account, source: 'channel_33' }, ports);
  await t.rejects(gone, /unsupported at GetProfiles.*no video of the source/);
});

t.test('a camera with two sizes of picture has a main and a sub stream', async (t) => {
  const cameras = await startCameras(t, { plain: false });
  const camera = await cameras.start({ address: '127.64.20.8' });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
  t.equal(found.mainStreamUrl, camera.streamUrl('main'));
  t.equal(found.subStreamUrl, camera.streamUrl('sub'));
});

t.test('identity that looks like a number stays what the label says', async (t) => {
  const cameras = await startCameras(t);
  const identity = { firmware: '2.10', serial: '34020000001320000001', hardwareId: '1e5', maker: 'true', model: '007' };
  const camera = await cameras.start({ address: '127.64.20.2', identity });
  t.match(await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t)), identity);
});

t.test('a camera that wants HTTP digest instead of a token is served too', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.20.3', onvifAuth: 'digest' });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
  t.equal(found.mainStreamUrl, camera.streamUrl('main'));
});

t.test('user names and passwords may hold any character', async (t) => {
  const cameras = await startCameras(t);
  const account = { username: 'a&b<"摄像"', password: '密码 <>&"\':=%/p' };
  for (const onvifAuth of ['wsse', 'digest'] as const) {
    const address = onvifAuth === 'wsse' ? '127.64.20.4' : '127.64.20.5';
    const camera = await cameras.start({ address, onvifAuth, username: 'a&b<', password: account.password });
    const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
    t.equal(found.serial, camera.identity.serial, onvifAuth);
  }
  const camera = await cameras.start({ address: '127.64.20.6', onvifAuth: 'wsse', ...account });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...account }, onvifPorts(t));
  t.equal(found.serial, camera.identity.serial);
});

t.test('a camera whose clock is years off is read all the same, and its skew is told', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.20.7', onvifAuth: 'wsse' });
  const skewMs = -3 * 365 * 86_400_000;
  camera.misbehave({ clockSkewMs: skewMs });
  const found = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
  t.ok(Math.abs((found.clockSkewMs ?? 0) - skewMs) <= 1_000);
});

t.test('twenty cameras asked at once do not mix', async (t) => {
  const cameras = await startCameras(t);
  const ports = onvifPorts(t);
  const started = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      cameras.start({ id: `cam-${index}`, address: `127.64.21.${index + 1}`, password: `password-${index}` }),
    ),
  );
  const found = await Promise.all(
    started.map((camera) => inspectCamera({ xaddr: camera.xaddr, ...camera.account }, ports)),
  );
  t.same(
    found.map(({ serial, mainStreamUrl }) => ({ serial, mainStreamUrl })),
    started.map((camera) => ({ serial: camera.identity.serial, mainStreamUrl: camera.streamUrl('main') })),
  );
});
