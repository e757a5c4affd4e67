import { resolve } from 'node:path';
import { secretsFileOf } from '../../backups/backup.ts';
import { restoreBackup } from '../../backups/restore.ts';
import { DataDirectory } from '../local-services/data-directory.ts';
import { forgetInstance } from '../local-services/postgres/instance.ts';
import { installCluster } from '../local-services/postgres/postgres.ts';
import { run } from '../local-services/run.ts';
import { type Command, EXIT, prepareQuietly, UsageError } from './command.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'fill a new data directory from a backup, here or on another machine, as this or another user',
  usage: 'DIR [--secrets FILE]',
  details: [
    'DIR is what citywatch backup made; FILE its secrets (DIR.secrets). The data directory (CITYWATCH_DATA_DIR) must',
    'be absent or empty. Every file is checked first. A restore that was cut short is begun again by the same command.',
  ],
  options: { secrets: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    const [name] = words;
    if (name === undefined || words.length > 1) throw new UsageError('restore needs the path of a backup');
    const source = resolve(name);
    const { config } = prepareQuietly(terminal);
    const place = await DataDirectory.open(config.dataDir, terminal.secrets, 'restore');
    try {
      const manifest = await restoreBackup({
        source,
        secrets: options.secrets ? resolve(String(options.secrets)) : secretsFileOf(source),
        dataDirectory: place.path,
        wants: { postgres: config.database.url === null, influx: config.influx.url === null },
        installCluster: (from) => installCluster(place, from),
        forgetCluster: () => forgetInstance(place.path),
        sync: async (directory) => void (await run('sync', ['-f', directory])),
      });
      terminal.print(`${place.path} is as it was at ${manifest.takenAt}; start the gateway now`);
      if (manifest.postgres === 'own' || manifest.influx === 'own') {
        terminal.print('Put your own servers back first. Where the start is refused then, run citywatch adopt once.');
      }
      return EXIT.done;
    } finally {
      await place.close();
    }
  },
};
