import { connectAsync } from 'mqtt';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import { ShareMembers } from '../../../src/ingest/uplinks/mqtt-members.ts';
import { Broker } from '../../support/broker.ts';
import { openUplink, startUplink, texts } from '../../support/broker-uplink.ts';
import { Authority } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';

const TOPIC = 'cw/v1/k1/telemetry';
const ABSENT_AFTER_MS = 400;

async function startMember(t: Test, broker: Broker, self: string) {
  const started = await startUplink(t, broker.url, { clientId: `citywatch-${self}`, shareGroup: 'city' });
  const { uplink } = started;
  const said: string[][] = [];
  const members = new ShareMembers(
    {
      clock: systemClock,
      observer: createObserver({ level: 'silent', secrets: new KnownSecrets() }),
      isSubscribed: () => uplink.status().ok,
      changed: (absent) => said.push(absent),
    },
    { broker: uplink.options, group: 'city', self, members: ['a', 'b'], absentAfterMs: ABSENT_AFTER_MS },
  );
  members.start();
  t.teardown(() => members.stop());
  return { ...started, members, said };
}

t.test('a member that is away is told of, and gets what it was dealt when it is back under its name', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const a = await startMember(t, broker, 'a');
  await until('b never came', () => a.members.absent.includes('b'));
  const b = await startMember(t, broker, 'b');
  await until('b is there', () => a.members.absent.length === 0);
  const device = await broker.device(t, 'k1');
  const publish = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, n) => device.publishAsync(TOPIC, `n${from + n}`, { qos: 1 })));
  await publish(0, 40);
  await until('each was dealt once', () => a.intake.taken.length + b.intake.taken.length === 40);
  t.ok(a.intake.taken.length > 0 && b.intake.taken.length > 0, 'both have some');
  await b.members.stop();
  await b.uplink.stop(AbortSignal.timeout(1_000));
  await publish(40, 80);
  await until('a tells that b is away', () => a.members.absent.includes('b'));
  const back = await startUplink(t, broker.url, { clientId: 'citywatch-b', shareGroup: 'city' });
  const taken = () => [a, b, back].flatMap(({ intake }) => texts(intake.taken));
  await until('what waited for b came to b', () => new Set(taken()).size === 80);
  t.same(a.said, [['b'], [], ['b']]);
});

t.test('a member whose connection breaks is away; one that is not subscribed does not say it is there', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const a = await startMember(t, broker, 'a');
  const topic = 'cw/members/city/b';
  const will = { topic, payload: Buffer.from('0'), qos: 1 as const, retain: true };
  const { port } = broker;
  const login = { host: '127.0.0.1', port, username: 'citywatch', password: new URL(broker.url).password, will };
  const b = await connectAsync({ ...login, reconnectPeriod: 0 });
  await b.publishAsync(topic, '1', { qos: 1, retain: true });
  await new Promise((resolve) => setTimeout(resolve, ABSENT_AFTER_MS * 3));
  t.same(a.members.absent, []);
  t.same(a.said, [[]], 'said once, for an alert that was raised before a restart may have to end');
  b.stream.destroy();
  await until('its will is heard', () => a.members.absent.includes('b'));
  const watcher = await connectAsync({ host: '127.0.0.1', port, username: 'citywatch', password: login.password });
  t.teardown(() => watcher.endAsync(true));
  const words: string[] = [];
  watcher.on('message', (_topic, payload) => words.push(payload.toString()));
  await watcher.subscribeAsync('cw/members/city/a', { qos: 1 });
  await until('a is there', () => words.at(-1) === '1');
  await a.uplink.stop(AbortSignal.timeout(1_000));
  await until('a says that it takes nothing', () => words.at(-1) === '0');
});

t.test('a broker with TLS is believed only with a certificate of the given issuer', async (t) => {
  const directory = t.testdir();
  const authority = new Authority(directory, 'city-ca');
  const broker = await Broker.start(t, ['k1'], authority.issue('localhost'));
  const url = broker.url.replace('127.0.0.1', 'localhost');
  const other = openUplink(t, url, { ca: Buffer.from(new Authority(directory, 'other-ca').ca) });
  await until('it says why', () => /certificate/.test(other.uplink.status().reason ?? ''));
  t.equal(other.uplink.status().ok, false);
  await startUplink(t, url, { clientId: 'citywatch-2', ca: Buffer.from(authority.ca) });
});
