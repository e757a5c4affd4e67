import { join, resolve } from 'node:path';
import { takeBackup } from '../../backups/backup.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import { startDatabaseServer } from '../compose/ground/services.ts';
import { DataDirectory, dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import { lockFile } from '../local-services/file-lock.ts';
import { findCluster } from '../local-services/postgres/postgres.ts';
import { run } from '../local-services/run.ts';
import { VERSION } from '../version.ts';
import { type Command, EXIT, prepareQuietly, UsageError } from './command.ts';
import { openDatabase } from './database.ts';

const STOP_DEADLINE_MS = 10_000;

export const backup: Command = {
  name: 'backup',
  summary: 'copy everything the gateway keeps into a new directory, while it runs',
  usage: 'DIR',
  details: [
    'DIR must be absent or empty. The secrets go apart, into DIR.secrets: keep that file elsewhere, since who has both',
    'can read everything. What lies on servers of your own (DATABASE_URL, INFLUX_URL) is not in it: back that up by',
    "the server's own means, just before. A directory without manifest.json is no backup.",
  ],
  options: {},
  run: async ({ words }, terminal) => {
    const [name] = words;
    if (name === undefined || words.length > 1) throw new UsageError('backup needs the path of a new directory');
    const target = resolve(name);
    const { config, clock, observer } = prepareQuietly(terminal);
    const { dataDir } = config;
    if (`${target}/`.startsWith(`${dataDir}/`)) throw new UsageError(`${target} is in the data directory itself`);
    const lifecycle = new Lifecycle(clock);
    try {
      if (!(await dataDirectoryIsHeld(dataDir))) {
        const place = await DataDirectory.open(dataDir, terminal.secrets);
        lifecycle.onStop('data directory', () => place.close());
        await startDatabaseServer(config, place, { clock, observer, secrets: terminal.secrets }, lifecycle);
      }
      const lock = await lockFile(join(dataDir, 'backup-lock'), 0);
      if (!lock) throw new CitywatchError('backup.target', { detail: 'Another backup is under way; wait for it.' });
      lifecycle.onStop('lock of the backup', () => lock.release());
      const { manifest, secrets } = await takeBackup({
        dataDirectory: dataDir,
        target,
        clock,
        version: VERSION,
        postgres: config.database.url === null ? await privateCluster() : null,
        influxIsOurs: config.influx.url === null,
        sync: async (directory) => void (await run('sync', ['-f', directory])),
      });
      const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
      terminal.print(`${target}: ${manifest.files.length} files, ${(bytes / 1024 ** 2).toFixed(1)} MiB`);
      terminal.print(`${secrets}: the secrets; keep this file elsewhere, without it nothing can be restored`);
      if (manifest.postgres === 'own')
        terminal.print('PostgreSQL (DATABASE_URL) is not in it; back it up by its means');
      if (manifest.influx === 'own') terminal.print('InfluxDB (INFLUX_URL) is not in it; back it up by its means');
      if (config.vault.keyFile !== null) terminal.print(`${config.vault.keyFile} is not in it; keep it, too`);
      return EXIT.done;
    } finally {
      await lifecycle.stop(STOP_DEADLINE_MS);
    }

    async function privateCluster() {
      const { cluster, url } = await findCluster(dataDir);
      const database = await openDatabase(url, { clock, observer, lifecycle });
      return { cluster, session: database.dedicated.bind(database) };
    }
  },
};
