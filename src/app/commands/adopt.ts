import { systemCaller } from '../../core/callers/system-caller.ts';
import type { Clock } from '../../core/clock.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { Adopted } from '../../ingest/lives/adopt.ts';
import type { Misfit } from '../../ingest/lives/lives.ts';
import type { Database } from '../../platform/database/database.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { adoptKeys } from '../../platform/secrets/cluster-keys.ts';
import { type HeldLease, takeLease } from '../compose/ground/lease.ts';
import { startDatabaseServer } from '../compose/ground/services.ts';
import { adoptJournals } from '../compose/ingest/journals.ts';
import type { Config } from '../config/config.ts';
import { vaultKey } from '../config/vault-key.ts';
import { DataDirectory } from '../local-services/data-directory.ts';
import { type Command, EXIT, prepareQuietly, type Terminal } from './command.ts';
import { openDatabase } from './database.ts';

const STOP_DEADLINE_MS = 10_000;

export const adopt: Command = {
  name: 'adopt',
  summary: 'let a journal and a database that do not fit each other go on together, while no gateway runs',
  usage: '[--secret]',
  details: [
    'Begins a new life of the journal, above every offset that either side knows, and a new epoch of the ledger.',
    'What the readers have not read of this journal is read, unless the journal belongs to another database. What',
    'was only in another journal stays lost: put the right copy back first if there is one. It cannot be undone.',
    '--secret instead takes the secret of the data directory, or a new one, for that of the database: for one that is',
    'lost for good. Devices, people and tokens of before are then locked out, stored plates and camera passwords lost.',
    'A private PostgreSQL takes the password of the data directory, or a new one, as well.',
  ],
  options: { secret: { type: 'boolean' } },
  run: async ({ options }, terminal) => {
    const lines = await adoptHere(terminal, options.secret === true);
    for (const line of lines) terminal.print(line);
    return EXIT.done;
  },
};

const OPERATOR: Caller = systemCaller({ id: 'citywatch', name: 'citywatch adopt', role: 'admin' });

interface Opened {
  config: Config;
  place: DataDirectory;
  database: Database<never>;
  ownership: HeldLease['ownership'];
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Adopts the journal of the configured data directory for the configured database. */
async function adoptJournal({ place, ...parts }: Opened): Promise<string[]> {
  return told(await adoptJournals({ ...parts, directoryOf: (name) => place.directory(name) }));
}

async function adoptSecret({ config, place, database }: Opened): Promise<string[]> {
  await adoptKeys({ database, files: place, vaultKey: await vaultKey(config) }, OPERATOR);
  return [
    `The secret of the database is now that of ${place.pathOf('cluster')}: back it up.`,
    'Start the gateway now. Then give devices new secrets, people new passwords, and make new tokens.',
  ];
}

/** Does it on the configured data directory and database, which nobody else uses meanwhile. */
async function adoptHere(terminal: Terminal, isSecret: boolean): Promise<string[]> {
  const { config, clock, observer } = prepareQuietly(terminal);
  const { secrets } = terminal;
  const lifecycle = new Lifecycle(clock);
  try {
    const place = await DataDirectory.open(config.dataDir, secrets);
    lifecycle.onStop('data directory', () => place.close());
    const deps = { clock, observer, secrets, setsPassword: isSecret };
    const url = await startDatabaseServer(config, place, deps, lifecycle);
    const database = await openDatabase(url, { clock, observer, lifecycle });
    await migrate(database);
    const { ownership } = await takeLease({ config, place, database, clock, observer, lifecycle });
    const opened = { config, place, database, ownership, clock, observer, lifecycle };
    return await (isSecret ? adoptSecret(opened) : adoptJournal(opened));
  } finally {
    await lifecycle.stop(STOP_DEADLINE_MS);
  }
}

const FOUND: Record<Misfit, string> = {
  'journal-older': 'The journal was older than the database.',
  'journal-empty': 'The journal was empty, the database was not.',
  'journal-foreign': 'The journal was written with another database.',
  'database-older': 'The database was older than the journal.',
  'database-empty': 'The database was empty, the journal was not.',
  forked: 'The journal and the database had gone on apart.',
  'cursor-astray': 'A reader stood where the journal has nothing.',
};

function told({ why, incarnation, from, leftUnread }: Adopted): string[] {
  const left = `${leftUnread} messages that it holds belong to another database and are not read.`;
  return [
    why === null ? 'The journal and the database fitted each other.' : FOUND[why],
    ...(leftUnread > 0 ? [left] : []),
    `The journal goes on as ${incarnation}, from live-${from.live} and bulk-${from.bulk}; the ledger has a new epoch.`,
    'Start the gateway now.',
  ];
}
