import { readLedger } from '../fleet/ledger.ts';
import type { Entry, RunHead, SelfKnown } from '../fleet/ledger-lines.ts';

/** Ledgers that are not the parts of one run, in one sentence. */
export class MergeError extends Error {}

/** Numbers of one ledger come after those of the one before. */
const STEP = 2 ** 40;
const SAME = ['run', 'city', 'seed', 'scale', 'prefix', 'gateway'] as const;

/**
 * The ledgers of all parts of one run as one: devices and messages get numbers of their own, times count from when the
 * first part began. What a generator knows of itself is that of the worst of them. Throws {@link MergeError} where one
 * is missing or of another run.
 */
export async function* mergedLedger(paths: readonly string[]): AsyncGenerator<Entry> {
  const heads = await Promise.all(paths.map(headOf));
  const order = orderOf(heads, paths);
  const [first] = order;
  const selves: SelfKnown[] = [];
  let devices = 0;
  for (const [at, { path, head }] of order.entries()) {
    const move = { seq: at * STEP, device: devices, ms: head.beganAtMs - first!.head.beganAtMs, part: at + 1 };
    for await (const entry of readLedger(path)) {
      if (entry.what === 'self') selves.push(entry.self);
      else if (entry.what === 'head' && at > 0) continue;
      else yield moved(entry, move);
      if (entry.what === 'device') devices = Math.max(devices, move.device + entry.index + 1);
    }
  }
  // One that was killed does not know how it was.
  if (selves.length === order.length) yield { what: 'self', self: worstOf(selves) };
}

interface PartOfRun {
  path: string;
  head: RunHead;
}

async function headOf(path: string): Promise<RunHead | null> {
  for await (const entry of readLedger(path)) if (entry.what === 'head') return entry.head;
  return null;
}

function orderOf(heads: readonly (RunHead | null)[], paths: readonly string[]): PartOfRun[] {
  const found = heads.map((head, at): PartOfRun => {
    const path = paths[at] ?? '';
    if (!head) throw new MergeError(`${path}: has no beginning`);
    return { path, head };
  });
  const [first, ...others] = found;
  if (!first) throw new MergeError('give the ledgers of all parts');
  for (const { path, head } of others) {
    const odd = SAME.find((name) => head[name] !== first.head[name]);
    if (odd) throw new MergeError(`${path}: is of ${odd} ${head[odd]}, and ${first.path} of ${first.head[odd]}`);
  }
  const [, of = 1] = first.head.part.split('/').map(Number);
  return Array.from({ length: of }, (_, at) => {
    const name = `${at + 1}/${of}`;
    const [one, ...more] = found.filter(({ head }) => head.part === name);
    if (!one) throw new MergeError(`part ${name} is missing`);
    if (more.length > 0) throw new MergeError(`part ${name} is there more than once`);
    return one;
  });
}

interface Move {
  seq: number;
  device: number;
  ms: number;
  part: number;
}

function moved(entry: Entry, { seq, device, ms, part }: Move): Entry {
  switch (entry.what) {
    case 'head':
      return { what: 'head', head: { ...entry.head, part: '1/1' } };
    case 'device':
      return { ...entry, index: entry.index + device };
    case 'sent': {
      const { sent } = entry;
      const times = { dueMs: sent.dueMs + ms, sentMs: sent.sentMs + ms };
      return { what: 'sent', sent: { ...sent, ...times, seq: sent.seq + seq, device: sent.device + device } };
    }
    case 'acked':
    case 'refused':
      return { ...entry, seq: entry.seq + seq, atMs: entry.atMs + ms };
    case 'process': {
      const { name } = entry.process;
      const own = name === 'simulator' ? `${name} ${part}` : name;
      return { what: 'process', process: { ...entry.process, name: own } };
    }
    default:
      return entry;
  }
}

function worstOf(selves: readonly SelfKnown[]): SelfKnown {
  const sum = (name: 'sent' | 'late' | 'rssMb'): number => selves.reduce((all, one) => all + one[name], 0);
  const most = (name: 'lateP99Ms' | 'loopP99Ms' | 'cpuShare' | 'endedAtMs'): number =>
    Math.max(...selves.map((one) => one[name]));
  return {
    sent: sum('sent'),
    late: sum('late'),
    rssMb: sum('rssMb'),
    lateP99Ms: most('lateP99Ms'),
    loopP99Ms: most('loopP99Ms'),
    cpuShare: most('cpuShare'),
    endedAtMs: most('endedAtMs'),
  };
}
