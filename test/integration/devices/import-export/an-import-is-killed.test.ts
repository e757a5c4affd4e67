import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { SecretHasher } from '../../../../src/platform/secrets/hasher.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { csvOf } from '../../../support/devices/spreadsheets.ts';
import { startScript } from '../../../support/processes.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { chance } from '../../../support/time/random.ts';
import { until } from '../../../support/time/until.ts';

const CHILD = join(import.meta.dirname, '../../../support/devices/import-child.ts');
const ROWS = 420;
const KILLS = 2;
/** Devices that are there before. */
const OLD = Math.ceil(ROWS / 100);
const YINZHOU = callerIn('330212');

const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const keys = { seal: randomBytes(32), hash: randomBytes(32) };
const parts = await openRegistry(t, { database, hasher: new SecretHasher(keys.hash) });
const { imports, work } = openImports(parts, { sealKey: keys.seal });
const { registry, directory } = parts;

/** A device of each row: new ones with a parent that stands below them in the file, and some that are there already. */
const rows = Array.from({ length: ROWS }, (_, number) => {
  const parent = number % 30 === 29 ? '' : `k-${number - (number % 30) + 29}`;
  return [`k-${number}`, 'recycling-kiosk', `name ${number}`, '330212', '29.83', '121.55', parent];
});
const file = Buffer.from(csvOf([['id', 'kind', 'name', 'jurisdiction', 'lat', 'lon', 'parent'], ...rows]));

async function rowsBehind(id: string): Promise<number> {
  return (await imports.list.get(YINZHOU, id)).done;
}

t.test('an import that is killed again and again ends as if nothing had happened', async (t) => {
  for (let number = 0; number < ROWS; number += 100)
    await registry.create(YINZHOU, kiosk({ id: `k-${number}`, name: 'old' }));
  const random = chance();
  const { id } = await imports.start(YINZHOU, { file, fileName: null, mode: 'rows' });
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = await rowsBehind(id);
    const { process: child } = await startScript(t, CHILD, [
      url,
      id,
      keys.seal.toString('hex'),
      keys.hash.toString('hex'),
    ]);
    const ended = once(child, 'exit');
    // Anywhere in the transaction that follows.
    await until('rows are behind it', async () => (await rowsBehind(id)) > before);
    for (let turns = Math.floor(random() * 400); turns > 0; turns -= 1) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await ended;
  }
  const left = await imports.list.get(YINZHOU, id);
  t.equal(left.state, 'waiting', `${left.done} rows were applied before the last kill`);
  await work(id);
  t.match(await imports.list.get(YINZHOU, id), {
    state: 'done',
    done: ROWS,
    counts: { create: ROWS - OLD, change: OLD, same: 0, error: 0 },
    secretsWaiting: ROWS - OLD,
  });

  const { rows: found } = await sql<{ devices: number; once: number; parents: number; units: number }>`select
    (select count(*)::int from position where id like 'k-%' and name like 'name %') as devices,
    (select count(*)::int from position where id like 'k-%' and parent is not null) as parents,
    (select count(*)::int from assignment where position_id like 'k-%' and to_ms is null) as units,
    (select count(*)::int from (select subject from audit_entry where subject like 'device/k-%'
      group by subject having count(*) = 1) as subjects) as once`.execute(database.tables());
  t.strictSame(found, [{ devices: ROWS, parents: (ROWS / 30) * 29, units: ROWS, once: ROWS - OLD }]);

  await registry.loadDirectory();
  const secrets = await imports.takeSecrets(YINZHOU, id);
  t.equal(secrets.length, ROWS - OLD);
  t.strictSame(
    secrets.filter(({ id, secret }) => !directory.authenticate(id, secret)),
    [],
    'no secret was lost or given twice',
  );
  const again = await imports.dryRun(YINZHOU, file);
  t.equal(again.counts.same, ROWS);
});
