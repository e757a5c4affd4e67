import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { SimulatedCity } from '../local-services/simulated-city.ts';
import { type Command, EXIT } from './command.ts';
import { endOfRun } from './end-of-run.ts';

/** Files are named from where the command was typed; the simulator runs elsewhere. */
const FILES = ['scenario', 'token-file', 'ledger'];

function wordOf(name: string, value: string): string {
  return FILES.includes(name) ? resolve(value) : value;
}

/** Time to remove thousands of devices again; a second Ctrl-C ends it sooner. */
const CLEAR_MS = 300_000;

export const simulate: Command = {
  name: 'simulate',
  summary: 'run a simulated city against a gateway',
  usage:
    '--scenario FILE --gateway URL --mqtt URL --token-file FILE [--plain] [--no-timeline] [--ledger FILE] ' +
    '[--prefix TEXT | --take-over] [--keep]',
  details: [
    'Says what happens as JSON lines. Scenarios are in simulators/scenarios/. Every id gets a prefix of its own, as',
    'sim-3f9a-, and at the end, also by Ctrl-C, all that was made is removed again; --keep leaves it. What is there',
    "already is never touched, except with --take-over, which uses the scenario's own names.",
  ],
  options: {
    scenario: { type: 'string' },
    gateway: { type: 'string' },
    mqtt: { type: 'string' },
    'token-file': { type: 'string' },
    ledger: { type: 'string' },
    plain: { type: 'boolean' },
    'no-timeline': { type: 'boolean' },
    prefix: { type: 'string' },
    'take-over': { type: 'boolean' },
    keep: { type: 'boolean' },
  },
  run: async ({ options }, terminal) => {
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
  },
};
