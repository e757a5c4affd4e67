import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { measureMachine, refuseTooMuch } from '../cities/carry.ts';
import { buildCity, type CityChoice } from '../cities/city.ts';
import { until } from '../cities/hearing.ts';
import { headOf, type RunOptions, settle, writeVerdict } from '../cities/run.ts';
import { isLoopback } from '../cities/targets.ts';
import { watch } from '../cities/watch.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Ledger } from '../fleet/ledger.ts';
import { line } from '../fleet/ledger-lines.ts';
import type { Verdict } from '../report/verdict.ts';
import type { Driver } from './driver.ts';

const CONNECT_MS = 120_000;
const ANSWERS_WAIT_MS = 15_000;
const BEGIN_AFTER_MS = 1_000;
/** Planning the first period of a device. */
const PLAN_MS = 0.3;

/**
 * One run of a city at another gateway than this repository's, by a driver: what its broker acknowledged is held
 * against what its store has. Nothing is registered there, no alert is expected, faults of the timeline are left out,
 * and the verdict says so.
 */
export async function runDriven(options: RunOptions, driver: Driver): Promise<Verdict> {
  const { file, seed, scale, prefix, doors, run, signal, say } = options;
  const choice: CityChoice = { seed, scale, prefix, beginAtMs: 0 };
  const city = buildCity(file, choice);
  refuseTooMuch(city, measureMachine(city), { scale, beside: isLoopback(doors) });
  await mkdir(options.out, { recursive: true });
  const path = join(options.out, 'ledger.txt');
  const ledger = await Ledger.create(path);
  const rate = city.messagesPerS.toFixed(1);
  say(`${file.title.en} by ${driver.name}: ${city.citizens.length} devices, about ${rate} messages a second`);
  if (city.faults.length > 0) say(`${city.faults.length} faults of the timeline are left out`);
  const members = city.citizens.map(({ sender, speech, district }) => {
    return { sender, speech: { ...speech, protocol: 'mqtt' as const }, district, secret: '' };
  });
  const fleet = new Fleet({ run, members, doors, ledger, driver, ownAddresses: isLoopback(doors), nowMs: Date.now });
  try {
    await fleet.connect(CONNECT_MS, signal);
    const beginAtMs = Date.now() + BEGIN_AFTER_MS + Math.ceil(members.length * PLAN_MS);
    const begun = buildCity(file, { ...choice, beginAtMs });
    const { host, port } = doors.mqtt;
    ledger.add(line.head({ ...headOf(options, beginAtMs), gateway: `${driver.name} at ${host}:${port}` }));
    const faults = new Set(begun.faults.map(({ what }) => what));
    for (const one of begun.befallen.filter(({ what }) => !faults.has(what))) {
      ledger.add(line.befallen({ ...one, alertWithinMs: null, clearWithinMs: null }));
    }
    const endAtMs = beginAtMs + options.forMs;
    for (const { what, fromMs, toMs } of begun.faults.filter((one) => one.fromMs < endAtMs)) {
      ledger.add(line.unmade({ what, fromMs, toMs, why: 'faults are not made at a gateway that a driver reaches' }));
    }
    fleet.begin(beginAtMs, { world: begun.world, senders: begun.citizens.map(({ sender }) => sender) });
    await watch(options, { fleet, ledger, stages: null, endAtMs });
    fleet.pause();
    await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
    for (const one of fleet.owed()) ledger.add(line.owed(one));
  } finally {
    fleet.pause();
    await fleet.close();
    await ledger.close();
  }
  return writeVerdict(await settle(path, options), options.out);
}
