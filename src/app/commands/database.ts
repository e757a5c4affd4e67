import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../core/observe.ts';
import { START_PATIENCE_MS } from '../../platform/database/arrival.ts';
import { DATABASE_LIMITS, Database } from '../../platform/database/database.ts';
import { isThere } from '../../platform/files/files.ts';
import { hasSealedRegisters } from '../../platform/records/source.ts';
import { startDatabaseServer } from '../compose/ground/services.ts';
import type { Config } from '../config/config.ts';
import { DataDirectory, dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import { findCluster } from '../local-services/postgres/postgres.ts';
import { prepareQuietly, type Terminal } from './command.ts';

export interface CommandSurroundings {
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Opens the database for one command, with the patience and the limits of a gateway; closed with `lifecycle`. */
export async function openDatabase(
  url: string,
  { clock, observer, lifecycle }: CommandSurroundings,
): Promise<Database<never>> {
  const patienceMs = START_PATIENCE_MS;
  const database = await Database.open({ url, observer, clock, patienceMs, limits: DATABASE_LIMITS });
  lifecycle.onStop('database', () => database.close());
  return database;
}

/**
 * Lets `use` read the registers in the database of the settings: one of its own, the running gateway's, or a private
 * one that runs only for this look. Nothing is made where no gateway ever ran. Errors: `config.invalid`.
 */
export async function withRegisters<R>(terminal: Terminal, use: (opened: ReadDatabase) => Promise<R>): Promise<R> {
  const { config, clock, observer } = prepareQuietly(terminal);
  const lifecycle = new Lifecycle(clock);
  try {
    const surroundings = { clock, observer, lifecycle };
    const url = await addressOf(config, terminal, surroundings);
    const database = await openDatabase(url, surroundings);
    if (!(await hasSealedRegisters(database))) {
      const detail = 'This database has no sealed registers yet; start the gateway once.';
      throw new CitywatchError('config.invalid', { detail });
    }
    return await use({ database, config, clock });
  } finally {
    await lifecycle.stop(STOP_DEADLINE_MS);
  }
}

export interface ReadDatabase {
  database: Database<never>;
  config: Config;
  clock: Clock;
}

const STOP_DEADLINE_MS = 10_000;

async function addressOf(config: Config, { secrets }: Terminal, around: CommandSurroundings): Promise<string> {
  const { dataDir } = config;
  if (config.database.url !== null) return config.database.url;
  if (await dataDirectoryIsHeld(dataDir)) return (await findCluster(dataDir)).url;
  const traces = await Promise.all(['postgres', 'secrets/postgres'].map((name) => isThere(join(dataDir, name))));
  if (!traces.includes(true)) {
    const message = `no gateway has run in ${dataDir}; name its data directory, or set DATABASE_URL`;
    throw new CitywatchError('config.invalid', { issues: [{ path: 'CITYWATCH_DATA_DIR', message }] });
  }
  const place = await DataDirectory.open(dataDir, secrets);
  around.lifecycle.onStop('data directory', () => place.close());
  return startDatabaseServer(config, place, { ...around, secrets }, around.lifecycle);
}
