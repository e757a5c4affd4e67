import { resolve } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { SimulatedCity } from '../../local-services/simulated-city.ts';
import { type Arguments, type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { endOfRun } from '../end-of-run.ts';
import { runTool, simulateAt, simulateCity } from './city.ts';

/** Files are named from where the command was typed; the simulator runs elsewhere. */
const FILES = ['scenario', 'token-file', 'ledger'];
/** Options of a scenario; all others are of a city. */
const OF_SCENARIO = ['scenario', 'gateway', 'mqtt', 'token-file', 'ledger', 'plain', 'no-timeline', 'prefix', 'keep'];

/** Time to remove thousands of devices again; a second Ctrl-C ends it sooner. */
const CLEAR_MS = 300_000;

export const simulate: Command = {
  name: 'simulate',
  summary: 'run a simulated city against a gateway, and judge what became of what it sent',
  usage:
    'CITY [--scale X] [--for TIME] [--seed N] [--gateway URL --token-file FILE] [--out DIR] | --clean PREFIX | ' +
    'record FILE | replay FILE [--speed X] | merge LEDGER... | device KIND | ' +
    '--scenario FILE --gateway URL --mqtt URL --token-file FILE',
  details: [
    'CITY is a file of config/cities, such as ningbo, or any other with that form. Without --gateway it starts one of',
    'its own and reads what was stored from its InfluxDB; with one, --store-file names where InfluxDB is. The ledger,',
    'the verdict and a page go to --out. Exit status 1 when a promise was broken, 3 when a fault of the timeline was',
    'not made and so nothing is said of it. --json prints the verdict as JSON.',
    'Every id gets a prefix of its own, as sim-3f9a-, and at the end, also by Ctrl-C, what was made is removed again;',
    '--keep leaves it. --clean PREFIX removes what a killed run has left, and lets go on what it has stopped. --ramp',
    'raises the rate until a promise breaks and prints the largest safe one. --watch-pid PID names the first process',
    'of a --gateway on this machine, for faults of a timeline and for what it takes. --power looks by strace whether',
    'that process answers only what is on the disk, which makes it slow. It sends to this machine alone,',
    'unless --confirm HOST names the host of --gateway again. --driver NAME, with --mqtt URL, sends to another gateway',
    'by its topics, messages and store, which are a file of config/drivers, such as mosquitto-telegraf. `device KIND`',
    'prints what one device of a kind says, and says it to --gateway where one is named. `record FILE` keeps what',
    'devices of --gateway said in the last --for, with other names for plates and people; `replay FILE`',
    'sends it again, as far apart as it was said, or --speed X times as fast. --part I/N with the same --run, --prefix',
    'and --begin lets N generators, also on several machines, be one city at a --gateway; `merge LEDGER...`',
    'judges their ledgers together.',
    'A scenario (simulators/scenarios/) has cameras with pictures and says what happens as JSON lines; --plain,',
    "--no-timeline, --ledger FILE; --take-over uses the scenario's own names.",
  ],
  options: {
    scenario: { type: 'string' },
    gateway: { type: 'string' },
    mqtt: { type: 'string' },
    mqtts: { type: 'string' },
    ca: { type: 'string' },
    'token-file': { type: 'string' },
    'store-file': { type: 'string' },
    'watch-pid': { type: 'string' },
    out: { type: 'string' },
    scale: { type: 'string' },
    for: { type: 'string' },
    seed: { type: 'string' },
    centre: { type: 'string' },
    confirm: { type: 'string' },
    clean: { type: 'string' },
    json: { type: 'boolean' },
    driver: { type: 'string' },
    part: { type: 'string' },
    run: { type: 'string' },
    begin: { type: 'string' },
    speed: { type: 'string' },
    'fill-dir': { type: 'string' },
    power: { type: 'boolean' },
    ramp: { type: 'boolean' },
    ledger: { type: 'string' },
    plain: { type: 'boolean' },
    'no-timeline': { type: 'boolean' },
    prefix: { type: 'string' },
    'take-over': { type: 'boolean' },
    keep: { type: 'boolean' },
  },
  run: async (given, terminal) => {
    const { words, options } = given;
    if (options.scenario !== undefined) return runScenario(given, terminal);
    const [first, second, ...more] = words;
    if (typeof options.clean === 'string') return runTool(['clean', options.clean], given, terminal);
    if (first === 'merge') return runTool(['merge', ...words.slice(1).map((path) => resolve(path))], given, terminal);
    if (first === 'record' && second !== undefined) return runTool(['record', resolve(second)], given, terminal);
    if (first === 'replay' && second !== undefined) return simulateAt(['replay', resolve(second)], given, terminal);
    if (first === 'device' && second !== undefined) {
      const alone = ['device', second];
      return options.gateway === undefined ? runTool(alone, given, terminal) : simulateAt(alone, given, terminal);
    }
    if (first === undefined || second !== undefined || more.length > 0) {
      throw new UsageError('simulate takes a CITY, device KIND, --clean PREFIX or --scenario FILE');
    }
    return simulateCity(first, given, terminal);
  },
};

async function runScenario({ words, options }: Arguments, terminal: Terminal): Promise<number> {
  const odd = Object.keys(options).find((name) => ![...OF_SCENARIO, 'take-over'].includes(name)) ?? words[0];
  if (odd !== undefined) throw new UsageError(`${odd} is of a city, and --scenario is none`);
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : typeof value === 'string' ? [`--${name}`, wordOf(name, value)] : [],
  );
  const end = endOfRun({ observer: null, terminal, clock: systemClock });
  const city = new SimulatedCity({
    args,
    clock: systemClock,
    stopMs: CLEAR_MS,
    onEvent: (event) => terminal.print(JSON.stringify(event)),
    onComplaint: (line) => terminal.complain(line),
  });
  const status = await Promise.race([city.ended, end.asked]);
  if (status !== null) return status;
  terminal.complain('Removing what was made ... (Ctrl-C again leaves it)');
  await city.stop();
  return EXIT.done;
}

function wordOf(name: string, value: string): string {
  return FILES.includes(name) ? resolve(value) : value;
}
