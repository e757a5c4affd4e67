import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock, toRfc3339 } from '../../../core/clock.ts';
import { SimulatedCity } from '../../local-services/simulated-city.ts';
import { type Arguments, EXIT, type Terminal, UsageError } from '../command.ts';
import { endOfRun } from '../end-of-run.ts';
import { fillsDisk } from './fills-disk.ts';
import { OwnGateway } from './own-gateway.ts';

const CONFIG = join(import.meta.dirname, '../../../../config');
/** Files are named from where the command was typed; the simulator runs elsewhere. */
const FILES = ['token-file', 'store-file', 'out', 'ca'];
/** Time to judge a run that was cut short, and to remove thousands of devices again. */
const STOP_MS = 400_000;
/** The command centre of a run, on this machine alone. */
const CENTRE = '127.64.255.2';

/** Runs a city of `config/cities`, or of a file, against the gateway that is named or one of its own. */
export async function simulateCity(name: string, given: Arguments, terminal: Terminal): Promise<number> {
  const file = fileOf('cities', name) ?? unknown(`there is no city ${name} in config/cities, and no such file`);
  return simulateAt(['run', file], given, terminal);
}

/** As {@link simulateCity}, of a run that `words` name. */
export async function simulateAt(words: string[], given: Arguments, terminal: Terminal): Promise<number> {
  const out = resolve(String(given.options.out ?? `simulated-${toRfc3339(systemClock.nowMs()).replace(/\D/g, '')}`));
  const said: Arguments = { ...given, options: { ...given.options, out } };
  const { driver } = given.options;
  if (typeof driver === 'string') {
    const named =
      fileOf('drivers', driver) ?? unknown(`there is no driver ${driver} in config/drivers, and no such file`);
    return runTool(words, { ...said, options: { ...said.options, driver: named } }, terminal);
  }
  if (given.options.gateway !== undefined) return runTool(words, said, terminal);
  const end = endOfRun({ observer: null, terminal, clock: systemClock });
  terminal.complain('Starting a gateway of its own ...');
  const [, file = ''] = words;
  const hasSmallDisk = given.options['fill-dir'] === undefined && (await fillsDisk(file));
  const gateway = await OwnGateway.start({ terminal, ended: end.signal, hasSmallDisk });
  try {
    const centre = said.options.centre ?? CENTRE;
    const options = { ...said.options, ...gateway.options, centre };
    const status = await work(words, { words: [], options }, { terminal, end });
    terminal.complain(`Ledger, verdict and page: ${out}`);
    return status;
  } finally {
    await gateway.stop();
  }
}

/** A file of `config`, or any other; null where there is neither. */
function fileOf(folder: string, name: string): string | null {
  return [join(CONFIG, folder, `${name}.yaml`), resolve(name)].find(existsSync) ?? null;
}

function unknown(text: string): never {
  throw new UsageError(text);
}

/** Runs the simulator of cities with `words` and the options that were given, to its end. */
export async function runTool(words: string[], given: Arguments, terminal: Terminal): Promise<number> {
  return work(words, given, { terminal, end: endOfRun({ observer: null, terminal, clock: systemClock }) });
}

interface Ground {
  terminal: Terminal;
  end: ReturnType<typeof endOfRun>;
}

async function work(words: string[], { options }: Arguments, { terminal, end }: Ground): Promise<number> {
  const args = Object.entries(options).flatMap(([name, value]) => {
    if (name === 'clean') return [];
    if (value === true) return [`--${name}`];
    return typeof value === 'string' ? [`--${name}`, FILES.includes(name) ? resolve(value) : value] : [];
  });
  const tool = new SimulatedCity({
    program: 'city',
    args: [...words, ...args],
    clock: systemClock,
    stopMs: STOP_MS,
    onLine: (line) => terminal.print(line),
    onComplaint: (line) => terminal.complain(line),
  });
  const status = await Promise.race([tool.ended, end.asked]);
  if (status !== null) return status;
  terminal.complain('Judging what there is and removing what was made ... (Ctrl-C again leaves it)');
  await tool.stop();
  return (await tool.ended) ?? EXIT.failed;
}
