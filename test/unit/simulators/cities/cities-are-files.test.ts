import { readdirSync } from 'node:fs';
import t from 'tap';
import { type Machine, measureMachine, refuseTooMuch } from '../../../../simulators/cities/carry.ts';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile, readCityFile } from '../../../../simulators/cities/city-file.ts';
import { doorsOf, isLoopback } from '../../../../simulators/cities/targets.ts';

const CHOICE = { seed: 7, scale: 1, prefix: 'sim-1-', beginAtMs: Date.UTC(2026, 5, 8) };

t.test('the cities have what the plans say', async (t) => {
  const names = readdirSync('config/cities');
  t.same(names.sort(), ['liaoyuan.yaml', 'mianyang.yaml', 'ningbo.yaml', 'qinhuangdao.yaml']);
  const counts: Record<string, Record<string, number>> = {};
  for (const name of names) {
    const file = await readCityFile(`config/cities/${name}`);
    counts[file.city] = Object.fromEntries(file.fleets.map((fleet) => [fleet.name, fleet.count]));
    const city = buildCity(file, CHOICE);
    t.equal(new Set(city.citizens.map(({ sender }) => sender.being.id)).size, city.citizens.length, 'each id once');
    const ids = new Set(city.citizens.map(({ sender }) => sender.being.id));
    t.ok(city.citizens.every(({ parent }) => parent === null || ids.has(parent)));
    t.ok(city.messagesPerS > 10);
    t.strictSame(JSON.stringify(buildCity(file, CHOICE).befallen), JSON.stringify(city.befallen), 'the same again');
    t.not(JSON.stringify(buildCity(file, { ...CHOICE, seed: 8 }).citizens), JSON.stringify(city.citizens));
  }
  t.match(counts.ningbo, { kiosk: 3000, spot: 900, ap: 9000 });
  t.match(counts.qinhuangdao, { node: 78, cam: 2200 });
  t.match(counts.mianyang, { cam: 1000, gate: 30, bus: 3000 });
});

t.test('a smaller city keeps its shape, and its devices what befalls them', async (t) => {
  const file = await readCityFile('config/cities/ningbo.yaml');
  const city = buildCity(file, { ...CHOICE, scale: 0.01 });
  const of = (fleet: string) => city.citizens.filter((one) => one.fleet === fleet);
  t.strictSame([of('kiosk').length, of('spot').length, of('ap').length, of('gate').length], [30, 9, 90, 1]);
  t.equal(new Set(of('ap').map(({ parent }) => parent)).size, 9);
  t.strictSame(city.plates, ['浙B7K2M9']);
  const fires = city.befallen.filter(({ what }) => what === 'fire');
  t.equal(fires.length, 3);
  for (const { device, fromMs } of fires) {
    const { being } = city.citizens.find(({ sender }) => sender.being.id === device)!.sender;
    t.ok(being.troubles.some((trouble) => trouble.what === 'fire' && trouble.fromMs === fromMs));
  }
  t.throws(() => buildCity(file, { ...CHOICE, scale: 0 }), /--scale/);
  t.throws(() => buildCity(file, { ...CHOICE, prefix: '_' }), /is no id of a device/);
});

const GOOD = `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets: [{ name: kiosk, kind: recycling-kiosk, count: 10 }]
`;

t.test('what is wrong in a city file is said in a sentence that names the place', async (t) => {
  t.equal(parseCityFile(GOOD, 'f').fleets[0]?.speech.qos, 1);
  const wrong: [string, RegExp][] = [
    [`${GOOD}moon: 1`, /f: the file: .*moon/],
    [GOOD.replace('count: 10', 'count: 10, speed: 3'), /fleets\.0: .*speed/],
    [GOOD.replace('recycling-kiosk', 'toaster'), /fleets\.0\.kind/],
    [GOOD.replace('recycling-kiosk', 'gateway'), /the gateway itself/],
    [GOOD.replace('count: 10', 'count: 10, habits: { broken: 1.5 }'), /habits\.broken/],
    [GOOD.replace('count: 10', 'count: 10, periodS: 0'), /periodS/],
    [GOOD.replace('count: 10', 'count: 10, under: tree'), /under names no other fleet/],
    [GOOD.replace('330203', '3302'), /districts\.0: is a code of six digits/],
    [`${GOOD}timeline: [{ atS: 1, do: sos, fleet: kiosk }]`, /sos cannot befall a recycling-kiosk; fire, full can/],
    [`${GOOD}timeline: [{ atS: 1, do: fire, fleet: bus }]`, /there is no fleet bus/],
    [`${GOOD}timeline: [{ atS: 1, do: fire, fleet: kiosk, count: 11 }]`, /11 are more than the fleet/],
    [`${GOOD}timeline: [{ atS: 1, do: power-cut, district: "110101", forS: 5 }]`, /none of the city's districts/],
    ['city: [', /^f: /],
  ];
  for (const [text, sentence] of wrong) t.throws(() => parseCityFile(text, 'f'), { message: sentence });
  await t.rejects(readCityFile('/does/not/exist.yaml'), /there is no city file/);
});

t.test('more than the machine can carry is refused, with the scale that it can', async (t) => {
  const city = buildCity(await readCityFile('config/cities/ningbo.yaml'), CHOICE);
  const big: Machine = { cores: 2, freeBytes: 20 * 2 ** 30, filesMax: 1_000_000, messagesPerS: 20_000 };
  const given = { scale: 1, beside: true };
  t.doesNotThrow(() => refuseTooMuch(city, big, given));
  t.throws(
    () => refuseTooMuch(city, { ...big, filesMax: 1_024 }, given),
    /need 12968 open files .* has 1024; --scale 0.075/,
  );
  t.throws(() => refuseTooMuch(city, { ...big, freeBytes: 2 ** 30 }, given), /MiB of free memory/);
  t.throws(() => refuseTooMuch(city, { ...big, messagesPerS: 10 }, given), /messages a second and this machine has 7/);
  const measured = measureMachine(city);
  t.ok(measured.filesMax > 0 && measured.messagesPerS > 0 && measured.freeBytes > 0);
});

t.test('a city is sent to this machine alone, unless the host is said twice', async (t) => {
  const doors = doorsOf({ gateway: 'http://127.0.0.1:8080', mqtt: 'mqtt://127.0.0.1:1884' }, null);
  t.match(doors, { mqtt: { host: '127.0.0.1', port: 1884 }, mqtts: null });
  t.ok(isLoopback(doors));
  t.throws(() => doorsOf({ gateway: 'http://gateway.example' }, null), /--confirm gateway\.example/);
  t.throws(
    () => doorsOf({ gateway: 'http://localhost', mqtt: 'mqtt://10.0.0.1' }, null),
    /10\.0\.0\.1 is not this machine/,
  );
  t.throws(() => doorsOf({ gateway: 'http://127.0.0.1.example' }, null), /is not this machine/);
  t.throws(() => doorsOf({ gateway: 'ftp://localhost' }, null), /is no http or https address/);
  const far = doorsOf({ gateway: 'https://gateway.example', confirm: 'gateway.example' }, null);
  t.equal(isLoopback(far), false);
});
