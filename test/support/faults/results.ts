import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { emptyTally, type Tally } from '../gateway/fleet-read-back.ts';

/** What a campaign found. */
export interface FaultResult {
  /** How often the fault was made. */
  times: number;
  tally: Tally;
  /** From the end of the fault until all lights were green, the longest. */
  greenMs: number;
  /** Anything else worth telling. */
  remark?: string;
}

/** What the promise allows (P6). */
const GREEN_MS_MAX = 60_000;

const PAGE = join(import.meta.dirname, '../../../docs/campaigns.md');
const COLUMNS = ['fault', 'times', 'acked', 'stored', 'explained', 'lost', 'twice', 'green after', 'date'];
const GiB = 1024 ** 3;

/** Checks that nothing is lost or there twice and that the gateway healed in time. */
export function check(t: Test, { times, tally, greenMs }: FaultResult): void {
  const { wrong, ...counts } = tally;
  t.comment(`${times} times, ${JSON.stringify(counts)}, green after ${Math.round(greenMs)} ms`);
  t.same(wrong, [], 'acknowledged is stored or explained, and nothing is there twice');
  t.equal(counts.acked, counts.stored + counts.explained + counts.lost, 'acked = stored + explained + lost');
  t.ok(counts.acked > 0 && counts.doubled === 0, 'and something was acknowledged');
  t.ok(greenMs <= GREEN_MS_MAX, 'green within 60 s');
}

/** As {@link check}, and writes the figures into docs/campaigns.md, whatever they are. */
export async function record(t: Test, fault: string, run: () => Promise<FaultResult>): Promise<void> {
  let result: FaultResult;
  try {
    result = await run();
  } catch (error) {
    write(fault, { times: 0, tally: emptyTally(), greenMs: 0 }, 'did not end');
    throw error;
  }
  const { wrong } = result.tally;
  const isBroken = wrong.length > 0 || result.greenMs > GREEN_MS_MAX;
  write(fault, result, [...(isBroken ? ['FAILED'] : []), ...(result.remark ? [result.remark] : [])].join(', '));
  check(t, result);
}

/** One row for each fault, its newest result; the page's other lines stay as they are. */
function write(fault: string, { times, tally, greenMs }: FaultResult, remark: string): void {
  const { acked, stored, explained, lost, doubled } = tally;
  const counts = [times, acked, stored, explained, lost, doubled].map((count) => count.toLocaleString('en-US'));
  const date = `${new Date().toISOString().slice(0, 10)}${remark && `, ${remark}`}`;
  const row = `| ${[fault, ...counts, `${(greenMs / 1000).toFixed(1)} s`, date].join(' | ')} |`;
  const lines = existsSync(PAGE) ? readFileSync(PAGE, 'utf8').trimEnd().split('\n') : [];
  const head = lines.filter((line) => !line.startsWith('|') && !line.startsWith(MACHINE));
  const old = lines.filter((line) => line.startsWith('| ') && !line.startsWith(`| ${COLUMNS[0]} |`));
  const same = old.findIndex((line) => line.startsWith(`| ${fault} |`));
  const rows = same < 0 ? [...old, row] : old.with(same, row);
  const table = [`| ${COLUMNS.join(' | ')} |`, `|${'---|'.repeat(COLUMNS.length)}`, ...rows];
  writeFileSync(PAGE, `${[...head.join('\n').trim().split('\n'), '', machine(), '', ...table].join('\n')}\n`);
}

const MACHINE = 'Machine of the newest row: ';

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / GiB);
  return `${MACHINE}${cpus().length} × ${cpu?.model ?? 'CPU'}, ${memory} GiB, Node ${process.version}.`;
}
