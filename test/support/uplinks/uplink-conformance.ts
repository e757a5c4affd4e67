import type { Test } from 'tap';
import { UplinkNumbers } from '../../../src/ingest/journal/uplink-numbers.ts';
import type { UplinkType } from '../../../src/ingest/uplinks/uplink.ts';
import { turns } from '../time/turns.ts';
import { until } from '../time/until.ts';
import { begin, certificate, HELD_ON_MS, open, shownAt } from './uplink-rig.ts';
import { DEVICES, STRANGER, type WorldDevice } from './uplink-worlds.ts';

const [FIRST, SECOND] = DEVICES;

/** What every uplink must do, whatever its protocol: the contract of src/ingest/uplinks/uplink.ts as tests. */
export async function conforms(t: Test, type: UplinkType): Promise<void> {
  t.test('its type stands for itself', async (t) => describes(t, type));
  t.test('it says how it is at any time, and where devices connect', async (t) => tellsOfItself(t, type));
  t.test('nothing is acknowledged that is not durable', async (t) => acknowledges(t, type));
  for (const mode of ['full', 'internal'] as const) {
    t.test(`"not now" (${mode}) is no acknowledgement: it is taken later`, async (t) => waits(t, type, mode));
  }
  t.test('what is too fast is slowed down, and not lost', async (t) => slowsDown(t, type));
  t.test('each message has a place of its own, through another connection', async (t) => places(t, type));
  t.test('another certificate is for who comes from now on; a wrong one changes nothing', async (t) => renews(t, type));
  t.test('what will never be taken holds up nothing behind it', async (t) => letsGo(t, type));
  t.test('a message is of who is known to have sent it', async (t) => knows(t, type));
  t.test('a stop acknowledges what was taken and takes nothing more', async (t) => stops(t, type));
  t.test('a stop ends at its deadline', async (t) => stopsInTime(t, type));
  t.test('a device can be thrown out, where it is connected to us', async (t) => throwsOut(t, type));
  t.test('commands go down where there is a way', async (t) => goesDown(t, type));
}

async function describes(t: Test, type: UplinkType): Promise<void> {
  t.match(type.name, /^[a-z][a-z0-9-]{0,31}$/);
  const numbers = new UplinkNumbers([type]);
  t.equal(numbers.numberOf(type.name), type.diskNumber);
  t.equal(numbers.nameOf(type.diskNumber), type.name);
  const defaults: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(type.settings)) {
    t.match(name, /^[a-z][A-Za-z0-9]*$/);
    t.match(setting.variable, /^[A-Z][A-Z0-9_]*$/);
    t.match(setting.meaning, /\.$/, 'says in a sentence what it is');
    t.ok(setting.schema.safeParse(setting.default).success, `${name}: its default is right`);
    t.notOk(setting.schema.safeParse({ nonsense: 1 }).success, `${name}: nonsense is wrong`);
    defaults[name] = setting.default;
  }
  const variables = Object.values(type.settings).map(({ variable }) => variable);
  for (const { setting } of type.listens(defaults, true)) t.ok(variables.includes(setting), setting);
  t.type(await type.check(defaults, { signal: AbortSignal.abort() }), Array);
}

async function tellsOfItself(t: Test, type: UplinkType): Promise<void> {
  const { uplink } = await open(t, type);
  t.equal(uplink.name, type.name);
  t.doesNotThrow(() => uplink.status(), 'before it is started');
  await uplink.start();
  await until('messages come in', () => uplink.status().ok);
  t.equal(uplink.status().reason, null);
  for (const url of uplink.status().urls) t.match(new URL(url), { username: '', password: '' }, url);
  await uplink.stop(AbortSignal.timeout(5_000));
  const after = uplink.status();
  t.notOk(after.ok, 'after its stop');
  t.match(after.reason, /^\S.*\S$/);
}

async function acknowledges(t: Test, type: UplinkType): Promise<void> {
  const { intake, enter } = await begin(t, type);
  const device = await enter(FIRST);
  intake.mode = 'hold';
  device.say('"one"');
  await until('it was handed on', () => intake.held.length === 1);
  await turns();
  t.equal(await device.acked(), 0, 'while the journal says nothing');
  intake.held[0]?.take();
  await until('it is acknowledged', async () => (await device.acked()) === 1);
}

async function waits(t: Test, type: UplinkType, mode: 'full' | 'internal'): Promise<void> {
  const { intake, enter } = await begin(t, type);
  const device = await enter(FIRST);
  intake.mode = mode;
  device.say('"one"');
  await until('it was handed on', () => intake.asked.length > 0);
  await turns();
  t.equal(await device.acked(), 0);
  intake.mode = 'open';
  // Some protocols have the device say it again, some keep it and try again by themselves.
  if (intake.taken.length === 0) device.say('"one"');
  await until('it is acknowledged', async () => (await device.acked()) > 0);
  t.ok(intake.taken.length >= (await device.acked()), 'no more than is there');
}

async function slowsDown(t: Test, type: UplinkType): Promise<void> {
  const { intake, rates, enter } = await begin(t, type);
  const device = await enter(FIRST);
  rates.isDense = true;
  const all = ['"one"', '"two"'];
  for (const text of all) {
    device.say(text);
    await until('it was asked whether it may come', () => rates.asked > 0);
    await turns();
  }
  t.ok(intake.asked.length <= 1, 'at most the one by which it is seen that there are too many');
  rates.thin();
  await turns();
  // Whoever cannot wait here was told to come again.
  const isThere = (text: string): boolean => intake.taken.some(({ raw }) => raw.includes(text.slice(1, -1)));
  for (const text of all) if (!isThere(text)) device.say(text);
  await until('both are there', () => all.every(isThere));
  await until('both are acknowledged', async () => (await device.acked()) >= all.length);
}

const PLACE_MAX = 2 ** 48 - 1;

async function places(t: Test, type: UplinkType): Promise<void> {
  const { intake, enter } = await begin(t, type);
  const say = async (device: WorldDevice, count: number): Promise<void> => {
    const before = intake.taken.length;
    for (let said = 0; said < count; said += 1) device.say(`"${before + said}"`);
    await until('they are there', () => intake.taken.length === before + count);
  };
  await say(await enter(FIRST), 2);
  await say(await enter(SECOND), 1);
  await say(await enter(FIRST), 2);
  for (const { packetId, connection } of intake.taken) {
    t.ok(Number.isInteger(packetId) && packetId >= 0 && packetId <= PLACE_MAX, `place ${packetId}`);
    t.match(connection, /\S/);
  }
  const numbered = intake.taken.filter(({ packetId }) => packetId !== 0);
  t.ok([0, intake.taken.length].includes(numbered.length), 'all of them have a number, or none');
  const named = numbered.map(({ device, connection, packetId }) => `${device.id} ${connection} ${packetId}`);
  t.equal(new Set(named).size, named.length, `no two of a device share both: ${named.join(', ')}`);
}

async function renews(t: Test, type: UplinkType): Promise<void> {
  const { uplink } = await open(t, type, certificate('one'));
  if (!uplink.reloadTls) return;
  await uplink.start();
  const url = uplink.status().urls.find((one) => one.split(':', 1)[0]!.endsWith('s'));
  if (url === undefined) throw new Error('it takes certificates and says nowhere that it listens with one');
  t.match(await shownAt(url), /one/);
  uplink.reloadTls(certificate('two'));
  t.match(await shownAt(url), /two/);
  const misfit = { cert: certificate('one').cert, key: certificate('two').key };
  t.throws(() => uplink.reloadTls?.(misfit));
  t.match(await shownAt(url), /two/, 'and goes on with the one before');
}

async function letsGo(t: Test, type: UplinkType): Promise<void> {
  const { intake, enter } = await begin(t, type);
  const [first, second] = [await enter(FIRST), await enter(SECOND)];
  intake.mode = 'never';
  first.say('"bad"');
  await until('it was refused', () => intake.asked.length > 0);
  await turns();
  t.equal(intake.asked.length, 1, 'and is not tried again');
  intake.mode = 'open';
  const before = await second.acked();
  second.say('"good"');
  await until('the next one is acknowledged', async () => (await second.acked()) > before);
  t.match(intake.taken, [{ device: { id: SECOND }, raw: /good/ }]);
}

async function knows(t: Test, type: UplinkType): Promise<void> {
  const { intake, world, enter } = await begin(t, type);
  await world.stranger(`"of ${FIRST}"`);
  const device = await enter(FIRST);
  device.say(`"of ${STRANGER}"`);
  await until('it is there', () => intake.taken.length > 0);
  t.equal(intake.asked.length, 1, 'nothing of a stranger');
  t.match(intake.taken, [
    { uplink: type.name, device: { id: FIRST, kind: 'recycling-kiosk', jurisdiction: '330212' } },
  ]);
  t.match(intake.taken[0]?.raw.toString(), STRANGER, 'who it says it is in its bytes does not count');
  t.not(intake.taken[0]?.connection, '');
}

async function stops(t: Test, type: UplinkType): Promise<void> {
  const { uplink, intake, enter } = await begin(t, type);
  const device = await enter(FIRST);
  intake.mode = 'hold';
  device.say('"one"');
  await until('it was handed on', () => intake.held.length === 1);
  const stopped = uplink.stop(AbortSignal.timeout(10_000));
  await turns();
  device.say('"too late"');
  intake.mode = 'open';
  intake.held[0]?.take();
  await stopped;
  await until('what was taken is acknowledged', async () => (await device.acked()) === 1);
  await turns();
  t.equal(intake.asked.length, 1, 'nothing more was taken');
  await uplink.stop(AbortSignal.timeout(1_000));
}

async function stopsInTime(t: Test, type: UplinkType): Promise<void> {
  const { uplink, intake, enter } = await begin(t, type);
  const device = await enter(FIRST);
  intake.mode = 'hold';
  device.say('"one"');
  await until('it was handed on', () => intake.held.length === 1);
  await uplink.stop(AbortSignal.timeout(HELD_ON_MS));
  t.equal(await device.acked(), 0, 'the journal never answered');
}

async function throwsOut(t: Test, type: UplinkType): Promise<void> {
  const { uplink, enter } = await begin(t, type);
  const [first, second] = [await enter(FIRST), await enter(SECOND)];
  t.equal(first.isGone === undefined, uplink.disconnect === undefined, 'its world tells of just what it can end');
  uplink.disconnect?.(STRANGER);
  uplink.disconnect?.(FIRST);
  if (first.isGone) await until('it is gone', () => first.isGone?.());
  t.notOk(second.isGone?.(), 'nobody else');
}

async function goesDown(t: Test, type: UplinkType): Promise<void> {
  const { uplink, listening, enter } = await begin(t, type);
  const device = await enter(FIRST);
  t.equal(device.listen === undefined, uplink.commands === undefined, 'its world listens to just what there is');
  if (!uplink.commands || !device.listen) return;
  await device.listen();
  await until('it is said that it listens', () => listening.some((id) => id === undefined || id === FIRST));
  const { commands } = uplink;
  const session = await until('there is a way', () => commands.session(FIRST));
  t.equal(commands.session(FIRST), session, 'under one name while it lasts');
  if (commands.acknowledgedBy === 'device') t.equal(commands.session(SECOND), null, 'none to who does not listen');
  t.equal(await commands.send(FIRST, Buffer.from('{"id":"c-1"}'), 10_000), true);
  await until('it is told', () => device.told?.length === 1);
  t.same(device.told, ['{"id":"c-1"}']);
  await uplink.stop(AbortSignal.timeout(5_000));
  t.equal(await commands.send(FIRST, Buffer.from('{"id":"c-2"}'), 10_000), false, 'after its stop');
}
