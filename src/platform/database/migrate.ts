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
    const missing = migrations.filter(({ number }) => !applied.has(number));
    for (const migration of missing) {
      // What commits before the last is on disk when the last is: its own word is waited for, and theirs is not.
      if (migration === missing[0] && missing.length > 1) await statement('set synchronous_commit = off');
      if (migration === missing.at(-1) && missing.length > 1) await statement('reset synchronous_commit');
      await apply(statement, migration, database.clock.nowMs());
    }
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  const texts = await Promise.all(names.map((name) => readFile(`${directory}/${name}`, 'utf8')));
  for (const [index, name] of names.entries()) {
    const number = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) throw refused(`${name} is not named like 0001-what-it-does.sql`);
    if (migrations.at(-1)?.number === number) throw refused(`${name} has the number of ${migrations.at(-1)?.name}`);
    const text = texts[index]!;
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

/** In one message to the server and back: a new database takes nearly two hundred of them. */
async function apply(
  statement: RunStatement,
  { number, name, text, checksum }: Migration,
  atMs: number,
): Promise<void> {
  // Name and checksum are of letters, digits, points and dashes: there is nothing to quote.
  const noted = `insert into schema_migration values (${number}, '${name}', '${checksum}', ${atMs})`;
  try {
    await statement(`begin;\n${text}\n;${noted};commit`);
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
