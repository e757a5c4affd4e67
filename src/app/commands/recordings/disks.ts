import { type Arguments, EXIT, type Terminal, UsageError } from '../command.ts';
import { askGateway, type GatewayRequest, RIGHTS_HELP, type Where } from '../gateway-client.ts';

/** Giving up files of a lost disk, or counting them, may take a while. */
const SLOW_MS = 120_000;
const GiB = 1024 ** 3;

/** For the help of `recordings`. */
export const DISKS_HELP = [
  'disks lists the disks of recorded video, through the running gateway. add: mount the disk first, then name its',
  'directory; --confirm where it is to share a disk that is used already. drain: nothing new is written there, what is',
  'there is shown as before; use takes that back. retire: once nothing is kept there any more; --lost gives up what is',
  'still there, of a disk that is gone.',
  ...RIGHTS_HELP,
];

/** Lists the disks of recorded video, or changes one. */
export async function disks(words: string[], options: Arguments['options'], where: Where): Promise<number> {
  const [action, name, directory, ...rest] = words;
  const { terminal } = where;
  if (action === undefined) {
    list(await askGateway({ method: 'GET', path: '/recordings/disks', deadlineMs: SLOW_MS }, where), terminal);
    return EXIT.done;
  }
  const isWhole = name !== undefined && (action === 'add') === (directory !== undefined) && rest.length === 0;
  if (!isWhole) throw new UsageError('name the disk, and for add its directory; see citywatch recordings --help');
  const path = `/recordings/disks/${encodeURIComponent(name)}`;
  if (action === 'retire') return await retire(`${path}/retire`, options.lost === true, where);
  const confirm = options.confirm === true;
  const requests: Record<string, Pick<GatewayRequest, 'path' | 'body'>> = {
    add: { path: '/recordings/disks', body: { name, directory, confirm } },
    drain: { path, body: { use: 'draining', confirm } },
    use: { path, body: { use: 'active' } },
  };
  const request = Object.hasOwn(requests, action) ? requests[action] : null;
  if (!request) throw new UsageError('recordings disks takes add, drain, use or retire');
  await askGateway({ method: 'POST', ...request }, where);
  terminal.print({ add: `${name} is used`, drain: `${name} takes nothing new`, use: `${name} is used again` }[action]!);
  return EXIT.done;
}

async function retire(path: string, lost: boolean, where: Where): Promise<number> {
  for (let sum = 0; ; ) {
    const request: GatewayRequest = { method: 'POST', path, body: { lost }, deadlineMs: SLOW_MS };
    const answer = JSON.parse(await askGateway(request, where)) as { retired: boolean; lost: number };
    sum += answer.lost;
    if (answer.lost > 0) where.terminal.print(`${sum} files given up`);
    if (answer.retired) break;
  }
  where.terminal.print('retired');
  return EXIT.done;
}

interface ListedDisk {
  name: string;
  directory: string;
  use: string;
  problem: string | null;
  freeBytes: number | null;
  files: number;
}

function list(body: string, terminal: Terminal): void {
  for (const { name, directory, use, problem, freeBytes, files } of (JSON.parse(body) as { items: ListedDisk[] })
    .items) {
    const free = freeBytes === null ? 'free room not known' : `${(freeBytes / GiB).toFixed(1)} GiB free`;
    terminal.print([name.padEnd(12), use.padEnd(8), free, `${files} files`, directory].join('  '));
    if (problem !== null) terminal.print(`  ${problem}`);
  }
}
