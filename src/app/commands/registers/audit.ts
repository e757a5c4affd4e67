import { open, readFile } from 'node:fs/promises';
import { toRfc3339 } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import { isThere } from '../../../platform/files/files.ts';
import { linesOf } from '../../../platform/files/lines.ts';
import { AccessRegister, type Look } from '../../../platform/records/access-register.ts';
import { LINE_BYTES_MAX, LINES_MAX, readCheckpoints } from '../../../platform/records/checkpoint.ts';
import { keyFileOf } from '../../../platform/records/checkpoint-file.ts';
import { judge, type Source, type Verdict } from '../../../platform/records/judge.ts';
import { exportedLines, exportSource } from '../../../platform/records/register-export.ts';
import { PublicKeys } from '../../../platform/records/signing.ts';
import { databaseSource } from '../../../platform/records/source.ts';
import { checkpointFileIn } from '../../compose/ground/records.ts';
import { type Arguments, type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { type ReadDatabase, withRegisters } from '../database.ts';
import { told } from './told-verdict.ts';

export const audit: Command = {
  name: 'audit',
  summary: 'verify the audit trail and the access register against signed checkpoints, or export them for that',
  usage: 'verify [--checkpoint FILE] [--key FILE] [--export FILE] [--since TIME] | export FILE',
  details: [
    'verify reads the registers of the database of the settings, beside the running gateway or while it is stopped, or',
    'with --export those of a file, for which it needs neither. It holds every row against the rows around it, the',
    'checkpoints of --checkpoint and the public key of --key (where they are not given, those of this gateway). Exit',
    'status 0 where all hold, 1 where something was changed, taken out, cut off, put back or forged, in plain words.',
    '--since passes over checkpoints of before, such as those of a state that a restore gave up knowingly.',
    'export writes both registers, whole, to a new file that its owner alone may read, and leaves a row in the access',
    'register that says so.',
  ],
  options: {
    checkpoint: { type: 'string' },
    key: { type: 'string' },
    export: { type: 'string' },
    since: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [what, file, ...rest] = words;
    if (what === 'verify' && file === undefined) return verify(options, terminal);
    if (what === 'export' && file !== undefined && rest.length === 0) return exportTo(file, terminal);
    throw new UsageError('audit takes `verify`, or `export FILE`; see citywatch audit --help');
  },
};

interface Given {
  checkpoint: string | null;
  key: string | null;
  sinceMs: number;
}

async function verify(options: Arguments['options'], terminal: Terminal): Promise<number> {
  const { export: exported, ...named } = options;
  const since = named.since === undefined ? 0 : Date.parse(String(named.since));
  if (Number.isNaN(since)) throw new UsageError('--since must be a time such as 2026-11-21T08:00:00Z');
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const given = { checkpoint: text(named.checkpoint), key: text(named.key), sinceMs: since };
  const found =
    typeof exported === 'string'
      ? await judgeBy(given, await exportSource(exported))
      : await withRegisters(terminal, async ({ database, config }) => {
          const file = given.checkpoint ?? config.audit.checkpointFile ?? checkpointFileIn(config.dataDir);
          const known = (await isThere(file)) || given.checkpoint !== null ? file : null;
          const key = given.key ?? ((await isThere(keyFileOf(file))) ? keyFileOf(file) : null);
          const witness = { ...given, checkpoint: known, key };
          return database.snapshot(async (tx) => judgeBy(witness, await databaseSource(tx)));
        });
  for (const line of found.lines) terminal.print(line);
  return found.holds ? EXIT.done : EXIT.failed;
}

interface Judged {
  holds: boolean;
  lines: string[];
}

async function judgeBy({ checkpoint, key, sinceMs }: Given, source: Source): Promise<Judged> {
  if (key === null && (checkpoint !== null || source.proofs.length > 0)) {
    throw new UsageError('--key must name the file with the public key: signatures are checked by it');
  }
  const keys = key === null ? null : await keysIn(key);
  const { database } = source;
  const read = checkpoint && keys ? readCheckpoints(await linesIn(checkpoint), { keys, database, sinceMs }) : null;
  const checkpoints = read?.checkpoints ?? [];
  const verdicts = await judge(source, { keys, checkpoints, head: null });
  const faults = read?.faults ?? [];
  const signed = `Signatures were checked by ${key}, which holds the keys ${keys?.ids.join(', ')}.`;
  const torn = `${read?.torn} lines of the checkpoints are not whole, as a kill leaves them.`;
  return {
    holds: faults.length === 0 && verdicts.every((verdict) => verdict.faults.length === 0),
    lines: [
      ...verdicts.flatMap(told),
      ...faults.map((fault) => `The checkpoints are broken: ${fault}.`),
      checkpoints.length > 0 ? `Checkpoints read: ${checkpoints.length}.` : withoutCheckpoint(verdicts),
      ...(read && read.torn > 0 ? [torn] : []),
      ...(keys ? [signed] : []),
    ],
  };
}

function withoutCheckpoint(verdicts: readonly Verdict[]): string {
  const ends = verdicts.map(({ register, end }) => `row ${end.link} of the ${register.title}`).join(' and ');
  return `There was no checkpoint: whether rows followed ${ends} cannot be told.`;
}

async function keysIn(path: string): Promise<PublicKeys> {
  const keys = PublicKeys.parse(await readFile(path, 'utf8').catch((error: Error) => unreadable('--key', error)));
  if (!keys) throw new UsageError(`--key: ${path} holds no public key (Ed25519, PEM)`);
  return keys;
}

async function linesIn(path: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of linesOf(path, LINE_BYTES_MAX)) {
      lines.push(line);
      if (lines.length > LINES_MAX) throw new UsageError(`--checkpoint: ${path} has more than ${LINES_MAX} lines`);
    }
  } catch (error) {
    return unreadable('--checkpoint', error as Error);
  }
  return lines;
}

function unreadable(option: string, error: Error): never {
  throw error instanceof UsageError ? error : new UsageError(`${option}: ${error.message}`);
}

function exportTo(path: string, terminal: Terminal): Promise<number> {
  return withRegisters(terminal, async (opened) => {
    const file = await open(path, 'wx', 0o600).catch((cause: Error) => {
      throw new CitywatchError('service.failed', { detail: `${path} cannot be made: ${cause.message}`, cause });
    });
    try {
      await registerExport(opened);
      const at = toRfc3339(opened.clock.nowMs());
      let rows = -2;
      await opened.database.snapshot(async (tx) => {
        for await (const line of exportedLines(await databaseSource(tx), at)) {
          await file.write(`${line}\n`);
          rows += 1;
        }
      });
      await file.sync();
      terminal.print(`${path} holds ${rows} rows; keep it like the registers: it says who did and looked at what.`);
      return EXIT.done;
    } finally {
      await file.close();
    }
  });
}

/** Whoever takes both registers away has read them. */
async function registerExport({ database, clock }: ReadDatabase): Promise<void> {
  const register = new AccessRegister({ database, clock, needsIncident: () => false });
  const name = `citywatch audit export, as user ${process.getuid?.()}`;
  const viewer = { type: 'system', id: 'citywatch', name } as const;
  const acts: Look['act'][] = ['audit', 'register'];
  for (const act of acts) {
    await register.add({ viewer, act, device: null, jurisdiction: NATIONWIDE, purpose: 'oversight', case: null });
  }
}
