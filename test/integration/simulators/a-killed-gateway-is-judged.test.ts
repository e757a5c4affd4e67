import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { parseCityFile } from '../../../simulators/cities/city-file.ts';
import { runDriven } from '../../../simulators/drivers/driven-run.ts';
import { readDriver } from '../../../simulators/drivers/driver.ts';
import { freePort } from '../../support/network/free-port.ts';
import { DATABASE, drivenOptions } from '../../support/simulators/foreign.ts';
import type { Way } from '../../support/simulators/mortal-target.ts';
import { Influxd } from '../../support/telemetry/influxd.ts';

t.setTimeout(180_000);

const TARGET = join(import.meta.dirname, '../../support/simulators/mortal-target.ts');
const CITY = parseCityFile(
  `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets: [{ name: kiosk, kind: recycling-kiosk, count: 30, periodS: 1 }]
`,
  'test',
);

/** A gateway that is killed once it has taken some messages, and started again, whatever became of them. */
async function mortal(t: Test, way: Way, port: number, influxd: Influxd): Promise<{ kills: number }> {
  const { url, username, password } = influxd;
  const env = { ...process.env, TARGET_STORE: JSON.stringify({ url, username, password }) };
  const life = { kills: 0 };
  let child: ChildProcess;
  let isOver = false;
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [...process.execArgv, TARGET, way, String(port)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout! });
    lines.on('line', (line) => {
      if (line !== 'holds' || life.kills > 0 || isOver) return;
      life.kills += 1;
      child.kill('SIGKILL');
      void once(child, 'exit').then(() => (isOver ? undefined : start()));
    });
    await once(lines, 'line');
  };
  t.teardown(async () => {
    isOver = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  await start();
  return life;
}

async function judged(t: Test, way: Way) {
  const driver = await readDriver('config/drivers/mosquitto-telegraf.yaml');
  const influxd = await Influxd.start(t);
  await influxd.query(`CREATE DATABASE ${DATABASE}`);
  const port = await freePort();
  const life = await mortal(t, way, port, influxd);
  const options = drivenOptions(t, { file: CITY, port, influxd, driver, forMs: 5_000, settleMs: 3_000 });
  const { promises, examples } = await runDriven(options, driver);
  t.equal(life.kills, 1, 'it was killed');
  const kept = (name: string) => promises.find((one) => one.name === name)?.kept;
  return { lost: kept('acknowledged and lost'), owed: kept('sent and never answered'), examples };
}

t.test('a gateway that answers before it writes is caught by kill -9', async (t) => {
  const { lost, examples } = await judged(t, 'answers, then writes');
  t.equal(lost, false);
  t.match(examples[0], /acknowledged and not stored/);
});

t.test('one that writes first is not accused, though it was killed with messages on their way', async (t) => {
  const { lost, owed, examples } = await judged(t, 'writes, then answers');
  t.same({ lost, owed }, { lost: true, owed: true }, examples.join('\n'));
});
