import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HABITS_OF_NONE } from '../devices/habits.ts';
import type { Sender } from '../devices/packets.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Ledger } from '../fleet/ledger.ts';
import { line } from '../fleet/ledger-lines.ts';
import { GatewayClient } from '../gateway-client.ts';
import { promiseText } from '../report/shown/text.ts';
import type { Verdict } from '../report/verdict.ts';
import { measureMachine, refuseTooMuch } from './carry.ts';
import { buildCity, type SimulatedCity } from './city.ts';
import type { CityFile } from './city-file.ts';
import { until } from './hearing.ts';
import { Provision } from './provision.ts';
import { type RampResult, type RampStep, rampText, searchRate } from './ramp-search.ts';
import { headOf, type RunOptions, settle } from './run.ts';
import { isLoopback } from './targets.ts';
import { watch } from './watch.ts';

const LIMITS = { stepsMax: 14, halvings: 3 };
const CONNECT_MS = 120_000;
const ANSWERS_WAIT_MS = 15_000;
const BEGIN_AFTER_MS = 1_000;
/** Planning the first period of a device. */
const PLAN_MS = 0.3;

/**
 * Raises the rate of a city until a promise breaks. Each stretch lasts `forMs` and has a ledger and a verdict of its
 * own; devices only report, more and more often, and nothing befalls them. `ramp.json` in the folder has all of it.
 */
export async function rampCity(options: RunOptions): Promise<RampResult> {
  const { seed, scale, prefix, doors, token, say } = options;
  const file = plain(options.file);
  const city = buildCity(file, { seed, scale, prefix, beginAtMs: 0 });
  const machine = measureMachine(city);
  refuseTooMuch(city, machine, { scale, beside: isLoopback(doors) });
  say(`By itself this generator makes ready about ${Math.round(machine.messagesPerS)} messages a second`);
  const provision = new Provision(new GatewayClient(doors.http.href, token), prefix);
  await mkdir(options.out, { recursive: true });
  say(`All names begin with ${prefix}; simulate --clean ${prefix} removes what a killed run leaves`);
  try {
    const result = await climb({ ...options, file }, { city, provision });
    await writeFile(join(options.out, 'ramp.json'), `${JSON.stringify(result, null, 1)}\n`);
    say(rampText(result));
    return result;
  } finally {
    if (!options.keep) {
      const { removed, left } = await provision.clean();
      say(`Removed ${removed} things of the city`);
      for (const text of left) say(`Left behind: ${text}`);
    }
  }
}

/** The city without anything but its reports, each of which is answered. */
function plain(file: CityFile): CityFile {
  const fleets = file.fleets.map((one) => ({
    ...one,
    habits: HABITS_OF_NONE,
    speech: { ...one.speech, qos: 1 as const },
  }));
  return { ...file, timeline: [], fleets };
}

async function climb(options: RunOptions, { city, provision }: { city: SimulatedCity; provision: Provision }) {
  const { run, doors, signal, say } = options;
  const secrets = await provision.register(city.citizens, (done) => say(`Registered ${done}`));
  const members = city.citizens.map(({ sender, speech, district }) => {
    return { sender, speech, district, secret: secrets.get(sender.being.id) ?? '' };
  });
  // Of the stretch that is under way.
  let ledger: Ledger | null = null;
  const add = (text: string): void => ledger?.add(text);
  const fleet = new Fleet({ run, members, doors, ledger: { add }, ownAddresses: isLoopback(doors), nowMs: Date.now });
  try {
    await fleet.connect(CONNECT_MS, signal);
    let number = 0;
    return await searchRate(async (factor) => {
      if (signal.aborted) throw new Error('the ramp was ended before it had found anything');
      number += 1;
      const path = join(options.out, `ledger-${number}.txt`);
      const own = await Ledger.create(path);
      ledger = own;
      say(
        `${number}: ${factor.toFixed(2)} times the ordinary rate, ${(city.messagesPerS * factor).toFixed(0)} a second`,
      );
      const secondsLong = await stretch(options, { fleet, ledger: own, city, factor });
      await own.close();
      ledger = null;
      const step = stepOf(await settle(path, options), { factor, secondsLong });
      say(`${number}: ${Math.round(step.perS)} a second, ${[step.found, ...step.why].join(', ')}`);
      return step;
    }, LIMITS);
  } finally {
    await fleet.close();
  }
}

interface Stretch {
  fleet: Fleet;
  ledger: Ledger;
  city: SimulatedCity;
  factor: number;
}

/** Lets the fleet report so many times as often for a while; gives how many seconds it was. */
async function stretch(options: RunOptions, { fleet, ledger, city, factor }: Stretch): Promise<number> {
  const beginAtMs = Date.now() + BEGIN_AFTER_MS + Math.ceil(city.citizens.length * PLAN_MS);
  ledger.add(line.head(headOf(options, beginAtMs)));
  const senders = city.citizens.map(({ sender }): Sender => ({ ...sender, periodS: sender.periodS / factor }));
  fleet.begin(beginAtMs, { world: city.world, senders });
  await watch(options, { fleet, ledger, stages: null, endAtMs: beginAtMs + options.forMs });
  fleet.pause();
  await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
  return options.forMs / 1_000;
}

/** A device that only reports has an answer to all that it said, or the gateway does not keep up. */
function stepOf(verdict: Verdict, { factor, secondsLong }: { factor: number; secondsLong: number }): RampStep {
  const sum = (field: 'sent' | 'refused' | 'unanswered'): number =>
    verdict.kinds.reduce((all, row) => all + row[field], 0);
  const perS = sum('sent') / secondsLong;
  const why = verdict.promises.filter(({ kept }) => kept === false).map(promiseText);
  if (sum('unanswered') > 0) why.push(`without an answer: ${sum('unanswered')}`);
  if (sum('refused') > 0) why.push(`refused: ${sum('refused')}`);
  if (verdict.isBottleneck) return { factor, perS, found: 'self', why };
  return { factor, perS, found: why.length > 0 ? 'broken' : 'kept', why };
}
