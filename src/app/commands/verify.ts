import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import { isThere } from '../../platform/files/files.ts';
import { type AuditProof, hasAudit, verifyAudit } from '../../platform/records/audit.ts';
import { startDatabaseServer } from '../compose/ground/services.ts';
import { DataDirectory, dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import { findCluster } from '../local-services/postgres/postgres.ts';
import { type Command, EXIT, prepareQuietly, type Terminal, UsageError } from './command.ts';
import { openDatabase } from './database.ts';

const STOP_DEADLINE_MS = 10_000;

export const verify: Command = {
  name: 'verify',
  summary: 'check the whole audit trail: was a row changed, moved or taken out?',
  usage: '[--head HASH]',
  details: [
    'Reads only, beside the running gateway or while it is stopped, with its settings. Exit status 0 where every row',
    'holds, 1 with the first that does not. Keep the hash it prints elsewhere and give it as --head the next time:',
    'rows taken from the end show only by it.',
  ],
  options: { head: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    if (words.length > 0) throw new UsageError('verify takes no words');
    const known = headOf(options.head);
    const proof = await proveHere(terminal, known);
    const holds = proof.broken === null && (known === null || proof.knownAt !== null);
    for (const line of holds ? held(proof) : found(proof, known)) terminal.print(line);
    return holds ? EXIT.done : EXIT.failed;
  },
};

function headOf(given: unknown): string | null {
  if (given === undefined) return null;
  if (typeof given === 'string' && /^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  throw new UsageError('--head must be the 64 hexadecimal digits that an earlier verify printed');
}

async function proveHere(terminal: Terminal, known: string | null): Promise<AuditProof> {
  const { config, clock, observer } = prepareQuietly(terminal);
  const { secrets } = terminal;
  const { dataDir } = config;
  const lifecycle = new Lifecycle(clock);
  try {
    const database = await openDatabase(await address(), { clock, observer, lifecycle });
    if (await hasAudit(database)) return await verifyAudit(database, known);
    throw new CitywatchError('config.invalid', { detail: 'This database has no audit trail; start the gateway once.' });
  } finally {
    await lifecycle.stop(STOP_DEADLINE_MS);
  }

  /** Where the database answers: a server of its own, the running gateway's, or one that runs only for this look. */
  async function address(): Promise<string> {
    if (config.database.url !== null) return config.database.url;
    if (await dataDirectoryIsHeld(dataDir)) return (await findCluster(dataDir)).url;
    const traces = await Promise.all(['postgres', 'secrets/postgres'].map((name) => isThere(join(dataDir, name))));
    if (!traces.includes(true)) {
      const message = `no gateway has run in ${dataDir}; name its data directory, or set DATABASE_URL`;
      throw new CitywatchError('config.invalid', { issues: [{ path: 'CITYWATCH_DATA_DIR', message }] });
    }
    const place = await DataDirectory.open(dataDir, secrets);
    lifecycle.onStop('data directory', () => place.close());
    return startDatabaseServer(config, place, { clock, observer, secrets }, lifecycle);
  }
}

function held({ checked, head, unsealed, knownAt }: AuditProof): string[] {
  const waiting = `${unsealed} rows of the last moments are not sealed yet and were not checked.`;
  return [
    `The audit trail holds: ${checked} rows, none changed, moved or missing.`,
    ...(knownAt === null ? [] : [`The hash given by --head is that of row ${knownAt}.`]),
    ...(unsealed > 0 ? [waiting] : []),
    `Hash of the last row: ${head}`,
  ];
}

function found({ checked, broken, head }: AuditProof, known: string | null): string[] {
  const until = `The ${checked} rows before it hold; hash of the last of them: ${head}`;
  if (broken === null) {
    return [
      `The audit trail is broken: no row has the hash ${known} given by --head.`,
      `Rows were taken from its end, or the hash is of another database. The ${checked} rows that are there hold.`,
    ];
  }
  const { place, fault, next } = broken;
  const row = `number ${next.seq}, ${new Date(next.atMs).toISOString()}, ${next.action} ${next.subject}`;
  const by = `by ${next.callerType} ${next.callerName} (${next.callerId})`;
  return fault === 'missing'
    ? [`The audit trail is broken: row ${place} is missing. After it comes ${row}, ${by}.`, until]
    : [`The audit trail is broken: row ${place} is not what was sealed. It now says: ${row}, ${by}.`, until];
}
