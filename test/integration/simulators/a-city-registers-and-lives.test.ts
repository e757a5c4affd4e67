import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { readScenario } from '../../../simulators/scenario.ts';
import { isRunning } from '../../support/processes.ts';
import { until } from '../../support/time/until.ts';
import { SECRET, startListener } from '../../support/uplinks/mqtt.ts';

const SCENARIO = `
scenario: test
title: { zh: 测试, en: Test }
jurisdiction: "330203"
onvifPort: 0
rtspPort: 0
kioskPeriodS: 0.5
checkpointPeriodS: 0.5
watchlist: { name: w, reason: r, case: c, plates: [{ plate: 浙B7K2M9, reason: r }] }
centre: { name: centre, address: 127.64.40.200 }
cameras:
  - { id: cam-1, zh: 甲, en: A, lat: 29.87, lon: 121.55, address: 127.64.40.1 }
checkpoints:
  - { id: gate-1, zh: 乙, en: B, lat: 29.87, lon: 121.55, lanes: 2, passagesPerMin: 300, cameras: [cam-1] }
kiosks:
  - { id: kiosk-1, zh: 丙, en: C, lat: 29.87, lon: 121.55, cameras: [cam-1] }
  - { id: kiosk-2, zh: 丁, en: D, lat: 29.87, lon: 121.55 }
timeline:
  - { atS: 0.1, do: kiosk-fire, device: kiosk-1 }
  - { atS: 0.2, do: wanted-plate, device: gate-1, plate: 浙B7K2M9 }
  - { atS: 0.3, do: camera-dies, device: cam-1 }
  - { atS: 0.4, do: kiosk-full, device: kiosk-2 }
  - { atS: 0.5, do: camera-returns, device: cam-1 }
`;

interface Asked {
  what: string;
  token: string | undefined;
  etag: string | undefined;
  body: Record<string, unknown>;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** Answers as the contract says; `known` devices exist already. */
async function startGateway(t: { teardown(run: () => unknown): void }, known: string[] = []) {
  const asked: Asked[] = [];
  const there = new Set(known);
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const what = `${request.method} ${request.url}`;
    asked.push({ what, token: request.headers.authorization, etag: request.headers['if-match'], body });
    if (what === 'POST /api/v1/devices') there.add(String(body.id));
    const say = (status: number, answer: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/json', ETag: '"3"' }).end(JSON.stringify(answer));
    if (what === 'POST /api/v1/devices' && known.includes(String(body.id))) say(409, { code: 'conflict.exists' });
    else if (request.method === 'DELETE') response.writeHead(204).end();
    else if (what.startsWith('GET /api/v1/devices/') && !there.has(what.slice('GET /api/v1/devices/'.length)))
      say(404, { code: 'not-found' });
    else if (what === 'POST /api/v1/subscriptions')
      say(201, { id: 's-2', secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` });
    else if (what === 'GET /api/v1/subscriptions')
      say(200, { items: known.length > 0 ? [{ id: 's-1', name: 'centre', version: 4 }] : [] });
    else say(200, { id: body.id, secret: SECRET });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface City {
  pid: number;
  events: Record<string, unknown>[];
  ended: Promise<number | null>;
}

/** Runs the simulator as an operator does. */
function startCity(t: { teardown(run: () => unknown): void; testdir(): string }, args: Record<string, string>): City {
  const directory = t.testdir();
  writeFileSync(join(directory, 'city.yaml'), SCENARIO);
  writeFileSync(join(directory, 'token'), 'the-token\n');
  const files = { scenario: join(directory, 'city.yaml'), 'token-file': join(directory, 'token') };
  const flags = Object.entries({ ...files, ...args }).flatMap(([name, value]) =>
    value || name === 'prefix' ? [`--${name}`, value] : [`--${name}`],
  );
  const child = spawn(process.execPath, [...process.execArgv, 'simulators/main.ts', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    events.push(JSON.parse(line) as Record<string, unknown>),
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { pid: child.pid ?? 0, events, ended };
}

t.test('devices are registered, speak, and live through the timeline', async (t) => {
  const listener = await startListener(t);
  const gateway = await startGateway(t);
  const city = startCity(t, { gateway: gateway.url, mqtt: `mqtt://127.0.0.1:${listener.port}`, plain: '', prefix: '' });
  await until('the timeline has run', () => city.events.some(({ event }) => event === 'camera-returns'));
  t.match(
    city.events.find(({ event }) => event === 'ready'),
    { cameras: 1, kiosks: 2, checkpoints: 1 },
  );
  t.ok(gateway.asked.every(({ token }) => token === 'Bearer the-token'));
  const camera = gateway.asked.find(({ body }) => body.id === 'cam-1')?.body;
  t.match(camera, {
    kind: 'camera',
    name: '甲 A',
    jurisdiction: '330203',
    location: { lat: 29.87, lon: 121.55 },
    onvif: { xaddr: /^http:\/\/127\.64\.40\.1:\d+\/onvif\/device_service$/, username: 'admin', password: String },
  });
  t.match(gateway.asked.find(({ what }) => what === 'POST /api/v1/watchlists')?.body, {
    entries: [{ plate: '浙B7K2M9' }],
  });
  t.match(gateway.asked.find(({ what }) => what === 'POST /api/v1/subscriptions')?.body, {
    url: /^http:\/\/127\.64\.40\.200:\d+\/alerts$/,
  });
  const taken = () => listener.intake.taken.map(({ topic, raw }) => ({ topic, ...JSON.parse(raw.toString()) }));
  await until('everything has arrived', () => taken().some(({ data }) => data?.plate === '浙B7K2M9'));
  t.match(
    taken().find(({ values }) => values?.smoke),
    { topic: 'cw/v1/kiosk-1/telemetry', values: { smoke: true } },
  );
  t.match(
    taken().find(({ type }) => type === 'full'),
    { topic: 'cw/v1/kiosk-2/event' },
  );
  t.match(
    taken().find(({ topic }) => topic === 'cw/v1/gate-1/state'),
    { online: true },
  );
  t.notMatch(JSON.stringify(city.events), /浙B|s{43}|"password"/, 'neither plates nor secrets are printed');
  process.kill(city.pid, 'SIGTERM');
  t.equal(await city.ended, 0);
  const removed = gateway.asked.flatMap(({ what }) => (what.startsWith('DELETE ') ? [what.slice(14)] : []));
  const devices = ['/devices/gate-1', '/devices/kiosk-1', '/devices/kiosk-2'];
  t.same(removed.slice(2, -1).sort(), devices, 'what it made is removed again');
  t.same(removed.slice(0, 2).sort()[0], '/subscriptions/s-2');
  t.equal(removed.at(-1), '/devices/cam-1', 'cameras last');
});

t.test('what is there already is not touched without a word', async (t) => {
  const listener = await startListener(t);
  const mqtt = `mqtt://127.0.0.1:${listener.port}`;
  for (const known of ['kiosk-2', 'of another district']) {
    const gateway = await startGateway(t, [known]);
    const city = startCity(t, { gateway: gateway.url, mqtt, plain: '', prefix: '' });
    t.equal(await city.ended, 1, known);
    const changes = gateway.asked.filter(({ what }) => !what.startsWith('GET '));
    t.same(changes, [], 'neither a device nor the subscription of the same name');
  }
});

t.test('ids of its own are the default', async (t) => {
  const listener = await startListener(t);
  const gateway = await startGateway(t, ['cam-1', 'kiosk-1']);
  const mqtt = `mqtt://127.0.0.1:${listener.port}`;
  const city = startCity(t, { gateway: gateway.url, mqtt, plain: '', 'no-timeline': '' });
  await until('it is ready', () => city.events.some(({ event }) => event === 'ready'));
  const made = gateway.asked.flatMap(({ what, body }) => (what === 'POST /api/v1/devices' ? [String(body.id)] : []));
  t.equal(made.length, 4);
  t.ok(
    made.every((id) => /^sim-[0-9a-f]{4}-(cam|kiosk|gate)-\d$/.test(id)),
    made.join(' '),
  );
});

t.test('devices that exist already are taken over with new credentials', async (t) => {
  const listener = await startListener(t);
  const gateway = await startGateway(t, ['cam-1', 'kiosk-1']);
  const mqtt = `mqtt://127.0.0.1:${listener.port}`;
  const city = startCity(t, { gateway: gateway.url, mqtt, plain: '', 'no-timeline': '', 'take-over': '' });
  await until('it is ready', () => city.events.some(({ event }) => event === 'ready'));
  const of = (what: string) => gateway.asked.filter((one) => one.what === what);
  t.match(of('PATCH /api/v1/devices/cam-1'), [{ etag: '"3"', body: { onvif: { username: 'admin' } } }]);
  t.equal(of('POST /api/v1/devices/kiosk-1/credentials/rotate').length, 1);
  t.equal(of('POST /api/v1/devices/kiosk-2/credentials/rotate').length, 0);
  t.match(of('DELETE /api/v1/subscriptions/s-1'), [{ etag: '"4"' }]);
  process.kill(city.pid, 'SIGINT');
  await city.ended;
  t.same(of('DELETE /api/v1/devices/kiosk-1'), [], 'what was there before stays');
  t.equal(of('DELETE /api/v1/devices/kiosk-2').length, 1);
});

t.test('a gateway that is not there ends it with status 1, a wrong argument with status 2', async (t) => {
  const nobody = { gateway: 'http://127.0.0.1:1', mqtt: 'mqtt://127.0.0.1:1', plain: '' };
  const [failed, wrong, missing] = [
    startCity(t, nobody),
    startCity(t, { ...nobody, nonsense: '' }),
    startCity(t, { ...nobody, scenario: '/does/not/exist.yaml' }),
  ];
  t.same(await Promise.all([failed.ended, wrong.ended, missing.ended]), [1, 2, 2]);
});

t.test('encoders die with the simulator, even by kill -9', async (t) => {
  const script = `
    import { Studio } from './simulators/camera/video/studio.ts';
    import { VirtualCamera } from './simulators/camera/camera.ts';
    void (async () => {
      const studio = await Studio.open({ plain: false });
      const pictures = await studio.pictures('x');
      pictures.sources.main.want(() => {});
      await pictures.sources.main.parameters();
      console.log('running');
    })();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  t.ok(children.length > 0 && children.every(isRunning));
  child.kill('SIGKILL');
  await until('its encoder is gone', () => !children.some(isRunning));
});

t.test('the demo scenario is complete', async (t) => {
  const scenario = await readScenario('simulators/scenarios/demo-ningbo.yaml');
  t.match(scenario, {
    jurisdiction: '330203',
    cameras: { length: 12 },
    checkpoints: { length: 4 },
    kiosks: { length: 40 },
  });
  const early = scenario.timeline.filter(({ atS }) => atS <= 60).map((happening) => happening.do);
  t.same([...early].sort(), ['camera-dies', 'camera-returns', 'kiosk-fire', 'kiosk-full', 'wanted-plate']);
  const seen = [...scenario.kiosks, ...scenario.checkpoints].filter(({ cameras }) => cameras.length > 0);
  t.ok(seen.length > 20, 'cameras see most of it');
  const wanted = scenario.timeline.find((happening) => happening.plate)?.plate;
  t.ok(
    scenario.watchlist?.plates.some(({ plate }) => plate === wanted),
    'the wanted plate stands on the watchlist',
  );
});
