import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { openDatabase } from '../../support/devices/registry.ts';
import { sealAll } from '../../support/records/chains.ts';
import { countKept, foundAbout, KEEP_DAYS, keepRegisters, writeDays } from '../../support/records/pruned.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';

const CHILD = join(import.meta.dirname, '../../support/records/pruning-child.ts');
const FIRST_DAY = 20_000;
const DAYS = 40;

t.setTimeout(300_000);

t.test(
  'kill -9 at each moment of pruning, one after the other, loses no row that is kept and leaves what verifies',
  async (t) => {
    const { url } = await freshDatabase(t);
    const database = await openDatabase(t, url);
    const path = join(await temporaryDirectory(t), 'registers.jsonl');
    await writeDays(
      database,
      Array.from({ length: DAYS }, (_, day) => FIRST_DAY + day),
      400,
    );
    await keepRegisters(database, path, FIRST_DAY).checkpoints.write();
    let day = FIRST_DAY + KEEP_DAYS + 1;
    let signal: NodeJS.Signals | null = 'SIGKILL';
    let nth = 0;
    while (signal !== null) {
      day += 1;
      nth += 1;
      const child = spawnSync(process.execPath, [...process.execArgv, CHILD, url, path, String(day), String(nth)]);
      signal = child.signal;
      t.ok(signal === 'SIGKILL' || child.status === 0, `moment ${nth}: ${child.stderr}`);
      await sealAll(database);
      t.match(await foundAbout(database, path), { faults: [] }, `killed at moment ${nth}`);
      const [, access] = await countKept(database);
      t.ok(access! >= 400 * (FIRST_DAY + DAYS - (day - KEEP_DAYS)), 'no row that is kept went');
    }
    t.ok(nth > 10, `${nth} moments`);
  },
);
