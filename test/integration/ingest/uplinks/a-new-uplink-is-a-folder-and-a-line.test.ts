import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { Health } from '../../../../src/api/health.ts';
import { allSettings, settingsWith } from '../../../../src/app/config/settings.ts';
import type { DoctorDeps } from '../../../../src/app/doctor/deps.ts';
import { checkPorts } from '../../../../src/app/doctor/machine.ts';
import { checkUplinks } from '../../../../src/app/doctor/uplinks.ts';
import { type HealthParts, healthChecks } from '../../../../src/app/health/health-checks.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { diskFiles } from '../../../../src/ingest/journal/files.ts';
import { UplinkNumbers } from '../../../../src/ingest/journal/uplink-numbers.ts';
import { Intake } from '../../../../src/ingest/uplinks/common/intake.ts';
import { UNLIMITED_RATES } from '../../../../src/ingest/uplinks/common/rate-budget.ts';
import type { UplinkDeps } from '../../../../src/ingest/uplinks/uplink.ts';
import { openUplinks, settingsOf, UPLINKS } from '../../../../src/ingest/uplinks/uplinks.ts';
import { linesUplink } from '../../../fixtures/uplinks/lines/lines.ts';
import { UNTROUBLED } from '../../../support/ingest/intake.ts';
import { openJournal, quietObserver, readAll, temporaryDirectory } from '../../../support/ingest/journal.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';
import { kiosks, openDownlink, person } from '../../../support/uplinks/downlink.ts';
import { SECRET } from '../../../support/uplinks/mqtt.ts';

/** The list with one line more. */
const TYPES = [...UPLINKS, linesUplink];
const HERE = { host: '127.0.0.1', port: 0 };
const server = freshDatabase(t);

const NO_BROKER = { tlsPort: 0, url: null, caFile: null, shareGroup: null, brokerSecret: null };

/** Every uplink of the list, open and started, on an intake; devices are the kiosks of {@link kiosks}. */
async function startAll(t: Test, intake: UplinkDeps['intake'], listening: UplinkDeps['listening'] = () => {}) {
  const identity = (id: string) => kiosks.seenBy({ jurisdiction: '330000' }, id);
  const values = { http: HERE, mqtt: { ...HERE, ...NO_BROKER }, lines: HERE };
  const opened = openUplinks(TYPES, values, {
    clock: systemClock,
    observer: quietObserver(),
    devices: {
      identity,
      find: async (id) => identity(id),
      authenticate: async (id, secret) => (secret === SECRET ? (identity(id) ?? null) : null),
    },
    intake,
    rates: UNLIMITED_RATES,
    tls: null,
    mayRefuse: () => true,
    listening,
    connected: () => {},
    preview: () => null,
  });
  for (const { uplink } of opened) {
    await uplink.start();
    t.teardown(() => uplink.stop(AbortSignal.timeout(1_000)));
  }
  const lines = opened.find(({ uplink }) => uplink.name === 'lines')!.uplink;
  return { opened, lines, port: Number(new URL(lines.status().urls[0]!).port) };
}

/** A device that speaks lines; `heard` is what it was told. */
async function device(t: Test, port: number, id: string) {
  const socket = connect({ port, host: '127.0.0.1' })
    .setEncoding('utf8')
    .on('error', () => {});
  t.teardown(() => void socket.destroy());
  let text = '';
  socket.on('data', (more) => {
    text += more;
  });
  await once(socket, 'connect');
  const say = (line: string): void => void socket.write(`${line}\n`);
  const hears = (line: string | RegExp) =>
    until(`it hears ${line}`, () => text.split('\n').some((one) => one.match(line)));
  say(`HELLO ${id} ${SECRET}`);
  await hears('HI');
  return { say, hears, text: () => text, cut: () => socket.resetAndDestroy() };
}

t.test('its settings, its number and its health are known from the list', async (t) => {
  const keys = allSettings(settingsOf(TYPES)).map(({ key, setting }) => `${key} ${setting.variable}`);
  t.ok(keys.includes('lines.port CITYWATCH_LINES_PORT') && keys.includes('mqtt.port CITYWATCH_MQTT_PORT'));
  t.equal(new UplinkNumbers(TYPES).nameOf(200), 'lines');
  const intake = { accept: () => Promise.reject(new Error()), acceptBulk: () => Promise.reject(new Error()) };
  const { opened } = await startAll(t, intake);
  t.same(
    opened.map(({ uplink, needed }) => [uplink.name, needed, uplink.status().ok]),
    [
      ['http', true, true],
      ['mqtt', true, true],
      ['onvif', false, true],
      ['lines', false, true],
    ],
  );
});

t.test('doctor and /readyz know it from the list, and a name that is taken is refused', async (t) => {
  const settings = settingsWith(TYPES, SINKS);
  t.ok('lines' in settings && 'mqtt' in settings);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, HERE.host, resolve));
  t.teardown(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const config = { dataDir: t.testdir(), tls: { certFile: null }, lines: { ...HERE, port } };
  const looks = { ...linesUplink, check: () => Promise.reject(new Error('nobody is there')) };
  const deps = { config, clock: systemClock, observer: quietObserver() } as never as DoctorDeps;
  t.match(await checkUplinks(deps, [looks], AbortSignal.timeout(1_000)), [
    { level: 'problem', part: 'lines', what: /nobody/ },
  ]);
  t.match(await checkPorts(deps, [looks]), [{ level: 'problem', part: 'ports', remedy: /CITYWATCH_LINES_PORT/ }]);

  const uplink = { name: 'lines', status: () => ({ ok: false, reason: 'no line is open', urls: [] }) };
  const health = (named: string) => {
    const parts = { uplinks: [{ uplink: { ...uplink, name: named }, needed: true }] } as unknown as HealthParts;
    return new Health({ clock: systemClock, checks: healthChecks(parts), readers: () => [] }).check();
  };
  t.match((await health('lines')).lines, { ok: false, needed: true, reason: 'no line is open' });
  for (const named of ['redis', 'disk', 'journal']) t.throws(() => health(named), { name: 'RangeError' }, named);
  for (const name of ['tls', 'roles', 'dataDir', 'database', 'sinks']) {
    t.throws(
      () => settingsWith([...UPLINKS, { ...linesUplink, name }], SINKS),
      { message: new RegExp(`"${name}"`) },
      name,
    );
  }
  t.throws(() => settingsWith([...UPLINKS, { ...linesUplink, name: 'mqtt' }], SINKS), /"mqtt"/);
});

t.test('what it acknowledges is in the journal, through a full disk and a cut connection', async (t) => {
  const directory = await temporaryDirectory(t);
  let freeBytes = 1_000_000_000;
  const files = { ...diskFiles, freeBytes: async () => freeBytes };
  const options = { files, reserveBytes: 50_000, uplinks: new UplinkNumbers(TYPES) };
  const journal = await openJournal({ directory, options });
  const { port } = await startAll(t, new Intake({ live: journal }, UNTROUBLED));
  const first = await device(t, port, 'k1');
  first.say('SAY 70000 telemetry {"values":{"fill_pct":1}}');
  await first.hears('OK 70000');

  freeBytes = 0;
  await journal.tidy();
  first.say('SAY 70001 telemetry {"values":{"fill_pct":2}}');
  await first.hears('LATER 70001');
  first.cut();
  freeBytes = 1_000_000_000;
  await journal.tidy();
  const second = await device(t, port, 'k1');
  second.say('SAY 281474976710655 telemetry {"values":{"fill_pct":2}}');
  await second.hears('OK 281474976710655');
  second.say('SAY 281474976710656 telemetry {}');
  await second.hears('NEVER 281474976710656');
  second.say('SAY 5 event {"type":"smoke","data":{}}');
  await second.hears('OK 5');

  const told = (await readAll(journal)).map(({ uplink, channel, packetId, device }) => [
    uplink,
    channel,
    packetId,
    device.id,
  ]);
  const stored = [
    ['lines', 'telemetry', 70_000, 'k1'],
    ['lines', 'telemetry', 2 ** 48 - 1, 'k1'],
    ['lines', 'event', 5, 'k1'],
  ];
  t.same(told, stored);
  await journal.close();

  const without = await openJournal({ directory });
  t.teardown(() => without.close());
  const names = (await readAll(without)).map(({ uplink, packetId }) => [uplink, packetId]);
  t.same(names[1], ['uplink-200', 2 ** 48 - 1], 'a gateway that does not know it any more reads it all the same');
  t.equal(names.length, stored.length);
});

t.test('commands go down on it as on any other', async (t) => {
  const opened = await openDownlink(t, (await server).url, { clock: systemClock });
  const { sender, commands, stop } = await opened.start();
  t.teardown(stop);
  const intake = { accept: () => Promise.reject(new Error()), acceptBulk: () => Promise.reject(new Error()) };
  const { opened: all, port } = await startAll(t, intake, (id) => sender.listening(id));
  for (const { uplink } of all) if (uplink.commands) sender.connect(uplink.commands);
  const operator = person('operator');
  const early = await commands.create(operator, 'k1', { name: 'unlock', args: { cell: 1 } });
  const kiosk = await device(t, port, 'k1');
  kiosk.say('LISTEN');
  await kiosk.hears(new RegExp(`^DO 1 .*${early.id}`));
  t.equal((await commands.get(operator, 'k1', early.id)).state, 'sent');
  kiosk.say('DONE 1');
  await until('it is delivered', async () => (await commands.get(operator, 'k1', early.id)).state === 'delivered');
});
