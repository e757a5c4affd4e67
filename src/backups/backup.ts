import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, toRfc3339 } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { syncDirectory, writeFileDurable } from '../platform/files/files.ts';
import { copyCluster, type Statement } from './cluster.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import { BackupTree, LINKED_BY_BACKUPS } from './tree.ts';

export interface BackupInput {
  dataDirectory: string;
  /** Where the backup goes; absent or empty. */
  target: string;
  /** The private cluster and a session in it; null where DATABASE_URL points to a server. */
  postgres: { cluster: string; session<R>(run: (statement: Statement) => Promise<R>): Promise<R> } | null;
  /** Whether InfluxDB is ours, so that its files are in the data directory. */
  influxIsOurs: boolean;
  version: string;
  clock: Clock;
  /** Makes everything below a directory durable. */
  sync(directory: string): Promise<void>;
}

export interface TakenBackup {
  manifest: Manifest;
  /** The file with the secrets, to be kept apart. */
  secrets: string;
}

/**
 * What is copied in a way of its own, or not at all: Redis holds doorbells only, sockets and locks are made anew, and
 * what kills the process is found out again.
 */
const APART =
  /^(lock|backup-lock|restoring|run|redis|postgres|secrets|influx|journal|demo-token|checkpoints|\.kept-room)$/;
/** Recordings are larger than any backup, and exports are copies for a few days. */
const TOO_LARGE: readonly string[] = ['recordings', 'exports'];
/** Their rows are older than they are, so they come after the database. */
const BLOBS: readonly string[] = ['images', 'evidence', 'photos', 'clips'];
const JOURNAL_APART = /^(identities|bulk-identities|poison|\.backup|\.probe|\.kept-room)$|(^|\/)lock$/;

/** Where the secrets of a backup are put, and looked for by a restore. */
export function secretsFileOf(target: string): string {
  return `${target.replace(/\/+$/, '')}.secrets`;
}

/**
 * Takes a backup while the gateway runs, or while it does not. The order makes it consistent: checkpoints and
 * PostgreSQL first, then all else, and the journal after what is derived from it. So no cursor stands behind the end of
 * the journal; what it has beyond them is read again after a restore, gives the same points and the same finding ids,
 * and changes nothing twice. The manifest is written when all is durable; without it nobody takes the directory for a
 * backup.
 */
export async function takeBackup(input: BackupInput): Promise<TakenBackup> {
  const { dataDirectory, target, postgres, influxIsOurs, clock } = input;
  await claimTarget(target);
  const tree = new BackupTree(target);
  const takenAt = toRfc3339(clock.nowMs());
  const lives = await livesOf(dataDirectory);
  // No checkpoint may speak of rows that the copy of the database does not have.
  await tree.copy(join(dataDirectory, 'checkpoints'), 'data/checkpoints');
  if (postgres) await postgres.session((statement) => copyCluster(statement, postgres.cluster, tree));
  const journal = join(dataDirectory, 'journal');
  await tree.copy(dataDirectory, 'data', (path) => APART.test(path) || [...TOO_LARGE, ...BLOBS].includes(path));
  // What duplicates are known by must not be ahead of the journal, or it would be thrown away.
  const moments = LINKED_BY_BACKUPS.filter((name) => name !== 'influx');
  for (const name of moments) await tree.copyMoment(join(dataDirectory, name), join('data', name));
  // Nor may the counts of what was received be: they would count messages that the copy does not have.
  await tree.copy(journal, 'data/journal', (path) => JOURNAL_APART.test(path) || /\.seg$/.test(path));
  await tree.copy(journal, 'data/journal', (path) => JOURNAL_APART.test(path) || !/(^(live|bulk)|\.seg)$/.test(path));
  if (influxIsOurs) {
    await tree.copyMoment(join(dataDirectory, 'influx'), 'data/influx');
  }
  for (const name of BLOBS) await tree.copy(join(dataDirectory, name), join('data', name));
  if ((await livesOf(dataDirectory)) !== lives) {
    throw new CitywatchError('service.failed', { detail: 'The gateway was started during the backup; take it again.' });
  }
  const secrets = secretsFileOf(target);
  const text = `${JSON.stringify(await secretsIn(dataDirectory))}\n`;
  await writeFileDurable(secrets, text, { mode: 0o600 });
  await input.sync(target);
  const manifest: Manifest = {
    format: 1,
    id: randomUUID(),
    version: input.version,
    takenAt,
    postgres: postgres ? 'private' : 'own',
    influx: influxIsOurs ? 'private' : 'own',
    secretsSha256: createHash('sha256').update(text).digest('hex'),
    directories: tree.directories,
    files: tree.files,
  };
  await writeManifest(target, manifest);
  return { manifest, secrets };
}

async function claimTarget(target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  await syncDirectory(join(target, '..'));
  if ((await readdir(target)).length === 0) return;
  const detail = `${target} is not empty; name a new directory, or remove what a backup that was cut short left there.`;
  throw new CitywatchError('backup.target', { detail });
}

/** Changes with each start of the gateway. */
async function livesOf(dataDirectory: string): Promise<string> {
  return readFile(join(dataDirectory, 'journal/lives.json'), 'utf8').catch(() => '');
}

async function secretsIn(dataDirectory: string): Promise<Record<string, string>> {
  const directory = join(dataDirectory, 'secrets');
  const names = (await readdir(directory)).filter((name) => !name.endsWith('.tmp'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}
