import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CitywatchError } from '../../core/errors.ts';
import type { Database, RunStatement } from './database.ts';

const DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url));
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;
/** Any number does, as long as nobody else takes the same advisory lock. */
const LOCK = 6_104_220_301;

interface Migration {
  number: number;
  name: string;
  text: string;
  checksum: string;
}

/**
 * Brings the database to the schema of this version: applies each file of `migrations/` that is missing, in order of
 * number, each in its own transaction together with the row that says so. Several nodes may start at once: they take
 * turns. A file that was changed after it was applied, or that this version does not know, is refused.
 */
export async function migrate(database: Database, directory = DIRECTORY): Promise<void> {
  const migrations = await readMigrations(directory);
  await database.dedicated(async (statement) => {
    await statement(`select pg_advisory_lock(${LOCK})`);
    await statement(`create table if not exists schema_migration (
      number integer primary key, name text not null, checksum text not null, applied_at_ms bigint not null)`);
    const applied = await appliedChecksums(statement, migrations);
    for (const migration of migrations) {
      if (!applied.has(migration.number)) await apply(statement, migration, database.clock.nowMs());
    }
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const number = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) throw refused(`${name} is not named like 0001-what-it-does.sql`);
    if (migrations.at(-1)?.number === number) throw refused(`${name} has the number of ${migrations.at(-1)?.name}`);
    const text = await readFile(`${directory}/${name}`, 'utf8');
    migrations.push({ number, name, text, checksum: createHash('sha256').update(text).digest('hex') });
  }
  return migrations;
}

async function appliedChecksums(statement: RunStatement, migrations: Migration[]): Promise<Set<number>> {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  const applied = new Set<number>();
  for (const row of await statement('select number, name, checksum from schema_migration order by number')) {
    const migration = known.get(row.number as number);
    if (!migration)
      throw refused(`the database has ${row.name}, which this version does not know: start a newer version`);
    if (migration.checksum !== row.checksum) {
      throw refused(`${migration.name} was changed after it was applied: restore it and add a new file instead`);
    }
    applied.add(migration.number);
  }
  return applied;
}

async function apply(
  statement: RunStatement,
  { number, name, text, checksum }: Migration,
  atMs: number,
): Promise<void> {
  await statement('begin');
  try {
    await statement(text);
    await statement('insert into schema_migration values ($1, $2, $3, $4)', [number, name, checksum, atMs]);
    await statement('commit');
  } catch (error) {
    await statement('rollback').catch(() => {});
    if (error instanceof CitywatchError && error.retryable) throw error;
    throw new CitywatchError('store.refused', {
      detail: `Migration ${name} failed and was rolled back.`,
      cause: error,
    });
  }
}

function refused(detail: string): CitywatchError {
  return new CitywatchError('config.invalid', { issues: [{ path: 'migrations', message: detail }] });
}
