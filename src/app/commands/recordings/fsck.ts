import { EXIT, UsageError } from '../command.ts';
import { askGateway, type GatewayRequest, type Where } from '../gateway-client.ts';

/** The gateway answers after some seconds of work; the hash of a large file comes on top. */
const SLOW_MS = 180_000;

/** For the help of `recordings`. */
export const FSCK_HELP = [
  'fsck holds the files of a disk, or of all, against their rows, through the running gateway: files without a row',
  'get one, rows without a file become holes until it is back. It removes and changes no file. Exit status 1 where a',
  'file is missing.',
];

const COUNTS = ['files', 'adopted', 'missing', 'back', 'strangers'] as const;

type Part = Record<(typeof COUNTS)[number], number> & { next: string | null };

/** Checks the disks that are named, or all. */
export async function fsck(words: string[], where: Where): Promise<number> {
  if (words.length > 1) throw new UsageError('recordings fsck takes the name of one disk, or none for all');
  const listed = JSON.parse(await askGateway({ method: 'GET', path: '/recordings/disks', deadlineMs: SLOW_MS }, where));
  const names = words.length > 0 ? words : (listed as { items: { name: string }[] }).items.map(({ name }) => name);
  let missing = 0;
  for (const name of names) {
    const sum = await checked(name, where);
    const told = `${sum.files} files, ${sum.adopted} had no row and have one now, ${sum.back} are back`;
    where.terminal.print(`${name}: ${told}, ${sum.missing} missing, ${sum.strangers} are none of ours or not whole`);
    missing += sum.missing;
  }
  return missing > 0 ? EXIT.failed : EXIT.done;
}

async function checked(name: string, where: Where): Promise<Part> {
  const path = `/recordings/disks/${encodeURIComponent(name)}/check`;
  const sum: Part = { files: 0, adopted: 0, missing: 0, back: 0, strangers: 0, next: null };
  do {
    const request: GatewayRequest = { method: 'POST', path, body: { from: sum.next }, deadlineMs: SLOW_MS };
    const part = JSON.parse(await askGateway(request, where)) as Part;
    for (const one of COUNTS) sum[one] += part[one];
    sum.next = part.next;
  } while (sum.next !== null);
  return sum;
}
