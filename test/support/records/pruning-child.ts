import { Pruning } from '../../../src/platform/records/pruning.ts';
import { openDatabase } from '../devices/registry.ts';
import { exitsWhenNothingWaits } from '../processes.ts';
import { dyingAt, keepRegisters } from './pruned.ts';

/** Prunes once, as of a day, and kills itself at a moment of it. */
exitsWhenNothingWaits();
const [url = '', path = '', day = '', nth = ''] = process.argv.slice(2);
const ends: (() => Promise<void> | void)[] = [];
const database = await openDatabase({ teardown: (end) => void ends.push(end) }, url);
const { clock, deps } = keepRegisters(database, path, Number(day));
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};
await new Pruning(dyingAt(deps, Number(nth), die)).prune(clock.nowMs());
for (const end of ends) await end();
