import { sizeText } from '../../../streams/recordings/planner/planner.ts';
import { type RemovalVerdict, verifyRemovals } from '../../../streams/recordings/proofs/verify-removals.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { withRegisters } from '../database.ts';
import { DISKS_HELP, disks } from './disks.ts';
import { FSCK_HELP, fsck } from './fsck.ts';

export const recordings: Command = {
  name: 'recordings',
  summary: 'check the proofs that removed recordings left; list, add, drain and retire the disks of recorded video',
  usage:
    'verify [--head HASH] | fsck [NAME] | ' +
    'disks [add NAME DIRECTORY | drain NAME | use NAME | retire NAME [--lost]] [--confirm]',
  details: [
    'verify reads only, beside the running gateway or while it is stopped, with its settings. Each removal is held',
    'against the one before, against its list of files as long as that is kept (90 days), and, one a day, against the',
    'audit trail (`citywatch audit verify`). Exit status 0 where every one holds, 1 with the first that does not. Keep',
    'the hash it prints elsewhere and give it as --head the next time.',
    ...FSCK_HELP,
    ...DISKS_HELP,
  ],
  options: {
    head: { type: 'string' },
    confirm: { type: 'boolean' },
    lost: { type: 'boolean' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    if (words[0] === 'fsck') return await fsck(words.slice(1), { terminal, url: options.url });
    if (words[0] === 'disks') return await disks(words.slice(1), options, { terminal, url: options.url });
    if (words.length !== 1 || words[0] !== 'verify')
      throw new UsageError('recordings takes `verify`, `disks` or `fsck`');
    const head = options.head === undefined ? null : String(options.head).toLowerCase();
    if (head !== null && !/^[0-9a-f]{64}$/.test(head)) {
      throw new UsageError('--head must be the 64 hexadecimal digits that an earlier verify printed');
    }
    const verdict = await withRegisters(terminal, ({ database }) =>
      database.snapshot((tx) => verifyRemovals(tx, head)),
    );
    for (const line of [...told(verdict), ...toldOfHead(verdict, head)]) terminal.print(line);
    return verdict.fault === null && (head === null || verdict.headAt !== null) ? EXIT.done : EXIT.failed;
  },
};

function told({ proofs, files, bytes, lists, witnessed, unchecked, after, last, fault }: RemovalVerdict): string[] {
  const also = `${lists} of them by their list, ${witnessed} by the audit trail`;
  const counted = `${proofs} removals of ${files} files (${sizeText(bytes)}), ${also}`;
  const pruned = `  Removals 1 to ${after.number} were dropped after three years; the first goes on from their hash.`;
  const old = `  ${unchecked} are of before this was kept: only that none of them is missing is known.`;
  return [
    fault === null
      ? `The proofs of removed recordings hold: ${counted}.`
      : `The proofs of removed recordings are broken: ${fault}. Those before it hold: ${counted}.`,
    ...(after.number > 0 ? [pruned] : []),
    ...(unchecked > 0 ? [old] : []),
    `  Hash of removal ${last.number}: ${last.hash || 'none'}`,
  ];
}

function toldOfHead({ headAt, fault }: RemovalVerdict, head: string | null): string[] {
  if (head === null || fault !== null) return [];
  if (headAt !== null) return [`The hash given by --head is that of removal ${headAt}.`];
  return [
    `No removal has the hash ${head} given by --head: some were taken from the end, or it is of another database.`,
  ];
}
