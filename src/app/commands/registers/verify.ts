import { judge, type Verdict } from '../../../platform/records/judge.ts';
import { databaseSource } from '../../../platform/records/source.ts';
import { type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { withRegisters } from '../database.ts';
import { verifyExportAt } from './export-verdict.ts';
import { told } from './told-verdict.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'check the registers (was a row changed, moved or taken out?), or an export of recordings',
  usage: '[--head HASH] | EXPORT --key FILE',
  details: [
    'Reads only, beside the running gateway or while it is stopped, with its settings. Exit status 0 where every row',
    'holds, 1 with the first that does not. Keep the hashes it prints elsewhere and give one as --head the next time:',
    'rows taken from the end show only by it, or by the checkpoints of `citywatch audit verify`.',
    'EXPORT is an archive of recordings as it was downloaded, or the folder it was unpacked into; --key names the file',
    'with the public key of the gateway. It needs neither gateway nor settings; what was changed is named.',
  ],
  options: { head: { type: 'string' }, key: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    if (words.length > 0) return verifyExportAt(words, options, terminal);
    if (options.key !== undefined) throw new UsageError('--key goes with an export: verify EXPORT --key FILE');
    const head = headOf(options.head);
    const verdicts = await proveHere(terminal, head);
    for (const line of verdicts.flatMap(told)) terminal.print(line);
    const known = verdicts.find(({ headAt }) => headAt !== null);
    if (known)
      terminal.print(`The hash given by --head is that of row ${known.headAt} of the ${known.register.title}.`);
    else if (head !== null) for (const line of unknown(head, verdicts)) terminal.print(line);
    const holds = verdicts.every(({ faults }) => faults.length === 0) && (head === null || known !== undefined);
    return holds ? EXIT.done : EXIT.failed;
  },
};

function headOf(given: unknown): string | null {
  if (given === undefined) return null;
  if (typeof given === 'string' && /^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  throw new UsageError('--head must be the 64 hexadecimal digits that an earlier verify printed');
}

function proveHere(terminal: Terminal, head: string | null): Promise<Verdict[]> {
  const witness = { keys: null, checkpoints: [], head };
  return withRegisters(terminal, ({ database }) =>
    database.snapshot(async (tx) => judge(await databaseSource(tx), witness)),
  );
}

function unknown(head: string, verdicts: readonly Verdict[]): string[] {
  const pruned = verdicts.some((verdict) => verdict.pruned) ? ', it is of a row that was pruned since' : '';
  return [
    `No row has the hash ${head} given by --head: one of the registers is broken.`,
    `Rows were taken from its end${pruned}, or the hash is of another database. The rows that are there hold.`,
  ];
}
