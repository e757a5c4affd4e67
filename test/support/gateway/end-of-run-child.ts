import { endOfRun } from '../../../src/app/commands/end-of-run.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';

/**
 * Stands for the gateway: says how it was started and that it is up, waits for its end as the gateway does, and says
 * that it has drained.
 */
const print = (line: string) => void process.stdout.write(`${line}\n`);
const terminal = { print, complain: print, secrets: new KnownSecrets() };
const { asked } = endOfRun({ observer: null, terminal, clock: systemClock });
const alive = setInterval(() => {}, 1_000);
print(`started by ${JSON.stringify({ options: process.execArgv, env: process.env })}`);
print('up');
await asked;
print('drained');
clearInterval(alive);
