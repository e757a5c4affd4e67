import { createRequire } from 'node:module';
import t from 'tap';
import { startCameras } from '../../support/streams/cameras.ts';
import { until } from '../../support/time/until.ts';

// In a process of its own: elsewhere this library is bound to sessions of ours.
t.setTimeout(120_000);

const require = createRequire(import.meta.url);

interface ForeignCamera {
  getStreamUri(options: object, done: (error: Error | null, answer: { uri: string }) => void): void;
  getSnapshotUri(done: (error: Error | null, answer: { uri: string }) => void): void;
  getDeviceInformation(
    done: (error: Error | null, answer: { manufacturer: string; serialNumber: unknown }) => void,
  ): void;
  getUsers(done: (error: Error | null, answer: { username: string }[]) => void): void;
  createUsers(options: object, done: (error: Error | null, answer: unknown) => void): void;
  setUsers(options: object, done: (error: Error | null, answer: unknown) => void): void;
  /** Listening begins a subscription, and ending it ends that with the next pull. */
  on(name: 'event', heard: (message: ForeignMessage) => void): void;
  on(name: 'eventsError', heard: (error: unknown) => void): void;
  removeAllListeners(name: 'event'): void;
  renew(options: object, done: (error: Error | null, answer: { terminationTime: Date }) => void): void;
}

interface ForeignMessage {
  topic: { _: string };
  message: { message: { $: { PropertyOperation?: string }; data: { simpleItem: { $: { Value: unknown } } } } };
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

t.test('npm onvif is told its events, and lets go of it', async (t) => {
  const cameras = await startCameras(t);
  for (const [index, reference] of (['path', 'parameter'] as const).entries()) {
    const camera = await cameras.start({ address: `127.64.31.${index + 5}`, events: { reference } });
    const foreign = await connect(camera.xaddr, camera.account);
    const heard: string[] = [];
    foreign.on('eventsError', (error) => heard.push(String(error)));
    foreign.on('event', ({ topic, message: { message } }) => {
      heard.push(`${topic._} ${message.$.PropertyOperation} ${message.data.simpleItem.$.Value}`);
    });
    camera.notices('tamper', true);
    await until('it has a subscription', () => camera.events.subscriptions === 1);
    await until('it knows how it is', () => heard.length === 1);
    camera.notices('motion', true);
    camera.lineCrossed('15');
    await until('it is told what happens', () => heard.length === 3);
    t.same(heard, [
      'tns1:RuleEngine/TamperDetector/Tamper Initialized true',
      'tns1:RuleEngine/CellMotionDetector/Motion Changed true',
      'tns1:RuleEngine/LineDetector/Crossed undefined 15',
    ]);
    const { terminationTime } = await ask<{ terminationTime: Date }>((done) => foreign.renew({}, done));
    t.ok(terminationTime.getTime() > Date.now() + 60_000, 'it may renew');
    foreign.removeAllListeners('event');
    camera.notices('motion', false);
    await until('it has unsubscribed', () => camera.events.subscriptions === 0);
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

t.test('npm onvif makes an account and changes its password; five wrong logins lock everybody out', async (t) => {
  const cameras = await startCameras(t);
  const rule = { min: 8, max: 16, classes: 3, forbidden: '&' };
  const camera = await cameras.start({ address: '127.64.31.9', rule, lockAfter: 5, media: 'media' });
  const foreign = await connect(camera.xaddr, camera.account);
  const make = (password: string) =>
    ask((done) => foreign.createUsers([{ username: 'guard', password, userLevel: 'Operator' }], done));
  for (const weak of ['Short1', 'onlysmallletters', 'Much2longerthanthis', 'With1&sign'])
    await t.rejects(make(weak), weak);
  await make('Long2enough');
  await t.rejects(make('Long2enough'), 'it is there already');
  const users = await ask<{ username: string }[]>((done) => foreign.getUsers(done));
  t.same(
    users.map(({ username }) => username),
    ['admin', 'guard'],
  );
  await ask((done) => foreign.setUsers([{ username: 'guard', password: 'Other3enough', userLevel: 'Operator' }], done));
  const asGuard = async (password: string) => {
    const guard = await connect(camera.xaddr, { username: 'guard', password });
    return ask((done) => guard.getDeviceInformation(done));
  };
  t.ok(await asGuard('Other3enough'));
  await t.rejects(asGuard('Long2enough'));
  t.equal(camera.users.wrongLogins, 3, 'this client sends a wrong password three times');
  t.ok(await asGuard('Other3enough'), 'three are borne');
  await t.rejects(asGuard('Long2enough'));
  await t.rejects(asGuard('Other3enough'), 'nobody is let in');
});
