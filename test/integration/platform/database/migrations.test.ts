import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { quietObserver, startPostgres } from '../../../support/services.ts';

const SHIPPED = fileURLToPath(new URL('../../../../src/platform/database/migrations', import.meta.url));

let url: string;

t.before(async () => {
  url = (await startPostgres(t)).url;
});

interface Owner {
  teardown(run: () => unknown): void;
}

async function open(t: Owner): Promise<Database> {
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock });
  t.teardown(() => database.close());
  return database;
}

async function numbers(database: Database): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`select number from schema_migration order by number`.execute(
    database.tables(),
  );
  return rows.map((row) => row.number);
}

t.test('several nodes start at once: each file is applied once, in order', async (t) => {
  const nodes = await Promise.all([open(t), open(t), open(t)]);
  await Promise.all(nodes.map((node) => migrate(node)));
  const files = (await readdir(SHIPPED)).map((name) => Number(name.slice(0, 4))).sort((a, b) => a - b);
  t.strictSame(await numbers(nodes[0]!), files);
  await migrate(nodes[0]!);
});

t.test('a failing file is rolled back whole, and is tried again after it is mended', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await cp(SHIPPED, directory, { recursive: true });
  const database = await open(t);
  await writeFile(join(directory, '9001-half.sql'), 'create table half (a int); insert into half values (1 / 0);');
  await t.rejects(migrate(database, directory), { code: 'store.refused', message: /9001-half.sql failed/ });
  t.notOk((await numbers(database)).includes(9001));
  await writeFile(join(directory, '9001-half.sql'), 'create table half (a int);');
  await migrate(database, directory);
  t.ok((await numbers(database)).includes(9001), 'the table of the first try was gone');

  await writeFile(join(directory, '9001-half.sql'), 'create table half (a bigint);');
  await t.rejects(migrate(database, directory), { code: 'config.invalid', message: /9001-half.sql was changed/ });
  await t.rejects(migrate(database), { code: 'config.invalid', message: /does not know: start a newer version/ });
  await writeFile(join(directory, 'nonsense.sql'), '');
  await t.rejects(migrate(database, directory), { message: /nonsense.sql is not named like/ });
  await rm(join(directory, 'nonsense.sql'));
  await writeFile(join(directory, '9001-twice.sql'), '');
  await t.rejects(migrate(database, directory), { message: /has the number of/ });
});
