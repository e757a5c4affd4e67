import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CitywatchError } from '../core/errors.ts';
import { ensureDirectory, syncDirectory, writeFileDurable } from '../platform/files/files.ts';
import { broken, type Manifest, readManifest, verifyFiles } from './manifest.ts';

/** Stands in a data directory while it is being filled; no gateway starts on one that has it. */
export const RESTORING = 'restoring';

export interface RestoreInput {
  /** The backup. */
  source: string;
  /** The file with its secrets. */
  secrets: string;
  /** The new data directory, open and ours; empty, or left by a restore that was cut short. */
  dataDirectory: string;
  /** Whether the settings want a private server: it must be what the backup has. */
  wants: { postgres: boolean; influx: boolean };
  /** Puts a cluster, whose files are in `from`, where the private PostgreSQL will look for it. */
  installCluster(from: string): Promise<void>;
  /** Removes what a data directory keeps elsewhere. */
  forgetCluster(): Promise<void>;
  /** Makes everything below a directory durable. */
  sync(directory: string): Promise<void>;
}

const SECRETS = z.record(z.string().regex(/^[a-z0-9-]+$/), z.string());

/** Made by whoever opens the directory. */
const STAYS = new Set(['lock', RESTORING]);

/**
 * Fills an empty data directory from a backup. Everything is looked at before anything is written; a mark stands in the
 * directory from the first byte to the last, so that one that is half full is neither started nor taken for whole, and
 * the same command begins anew.
 */
export async function restoreBackup(input: RestoreInput): Promise<Manifest> {
  const { source, dataDirectory, wants } = input;
  const manifest = await readManifest(source);
  refuseOtherServers(manifest, wants);
  const secrets = await readSecrets(input.secrets, manifest);
  await claim(dataDirectory);
  await verifyFiles(source, manifest);
  await writeFileDurable(join(dataDirectory, RESTORING), `${manifest.id}\n`, { mode: 0o600 });
  await empty(input);
  for (const path of manifest.directories) {
    if (path.startsWith('data/')) await mkdir(join(dataDirectory, inData(path)), { recursive: true, mode: 0o700 });
  }
  for (const { path } of manifest.files) {
    if (!path.startsWith('data/')) continue;
    const to = join(dataDirectory, inData(path));
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await copyFile(join(source, path), to);
  }
  await ensureDirectory(join(dataDirectory, 'secrets'), 0o700);
  for (const [name, text] of Object.entries(secrets)) {
    await writeFile(join(dataDirectory, 'secrets', name), text, { mode: 0o600 });
  }
  if (manifest.postgres === 'private') await restoreCluster(input, manifest);
  await input.sync(dataDirectory);
  await rm(join(dataDirectory, RESTORING));
  await syncDirectory(dataDirectory);
  return manifest;
}

/** The cluster is put together beside the rest, so that whoever installs it only has to move it. */
async function restoreCluster({ source, dataDirectory, installCluster }: RestoreInput, manifest: Manifest) {
  const cluster = join(dataDirectory, RESTORED_CLUSTER);
  const own = (path: string): string | null => (/^postgres(\/|$)/.test(path) ? path.slice('postgres/'.length) : null);
  await mkdir(cluster, { mode: 0o700 });
  for (const directory of manifest.directories) {
    const path = own(directory);
    if (path !== null) await mkdir(join(cluster, path), { recursive: true, mode: 0o700 });
  }
  for (const { path: named } of manifest.files) {
    const path = own(named);
    if (path !== null) await copyFile(join(source, named), join(cluster, path));
  }
  await installCluster(cluster);
  await rm(cluster, { recursive: true, force: true });
}

const RESTORED_CLUSTER = 'restored-cluster';

function inData(path: string): string {
  return path.slice('data/'.length);
}

async function claim(dataDirectory: string): Promise<void> {
  const names = await readdir(dataDirectory);
  if (names.includes(RESTORING) || names.every((name) => STAYS.has(name))) return;
  const detail = `${dataDirectory} is not empty; set CITYWATCH_DATA_DIR to a new directory, or move this one away.`;
  throw new CitywatchError('backup.target', { detail });
}

/** What a restore that was cut short left. */
async function empty({ dataDirectory, forgetCluster }: RestoreInput): Promise<void> {
  await forgetCluster();
  for (const name of await readdir(dataDirectory)) {
    if (!STAYS.has(name)) await rm(join(dataDirectory, name), { recursive: true, force: true });
  }
}

function refuseOtherServers(manifest: Manifest, wants: RestoreInput['wants']): void {
  const servers = [
    { name: 'PostgreSQL', setting: 'DATABASE_URL', was: manifest.postgres, wanted: wants.postgres },
    { name: 'InfluxDB', setting: 'INFLUX_URL', was: manifest.influx, wanted: wants.influx },
  ];
  for (const { name, setting, was, wanted } of servers) {
    if ((was === 'private') === wanted) continue;
    const remedy = wanted ? `set ${setting} to the server it was taken with, or its successor` : `unset ${setting}`;
    throw new CitywatchError('backup.target', {
      detail: `The backup was taken with ${was === 'private' ? 'a private' : 'your own'} ${name}; ${remedy}.`,
    });
  }
}

async function readSecrets(path: string, { secretsSha256 }: Manifest): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) throw broken(`The secrets of the backup are not in ${path}; name the file with --secrets`);
  if (createHash('sha256').update(text).digest('hex') !== secretsSha256) {
    throw broken(`${path} holds the secrets of another backup; name the right file with --secrets`);
  }
  return SECRETS.parse(JSON.parse(text));
}
