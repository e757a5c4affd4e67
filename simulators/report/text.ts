import type { KindRow, PromiseTold, Verdict } from './verdict.ts';

/** A verdict for a terminal, line by line. */
export function toLines(verdict: Verdict): string[] {
  const { head, kinds, self } = verdict;
  const lines = [
    `${head.city}, run ${head.run}, seed ${head.seed}, scale ${head.scale}: ${verdict.verdict.toUpperCase()}`,
    `  ${head.machine}`,
    '',
    row(COLUMNS),
    ...kinds.map((one) => row(cells(one))),
    '',
    ...verdict.promises.map((one) => `  ${markOf(one)} ${promiseText(one)}`),
  ];
  if (verdict.examples.length > 0) lines.push('', ...verdict.examples.map((text) => `  ! ${text}`));
  lines.push('', ...selfLines(verdict));
  if (!self)
    lines.push('  The run did not end by itself: its ledger has no end, and the last part of a second may be missing.');
  return lines;
}

const COLUMNS = ['kind', 'devices', 'sent', 'acked', 'refused', 'records', 'stored', 'explained', 'lost', 'doubled'];
const WIDTHS = [18, 8, 9, 9, 8, 9, 9, 10, 6, 8];

function cells(one: KindRow): string[] {
  const numbers = [one.devices, one.sent, one.acked, one.refused, one.records, one.stored, one.explained];
  return [one.kind, ...[...numbers, one.lost, one.doubled].map((value) => String(value ?? '-'))];
}

function row(texts: readonly string[]): string {
  return texts.map((text, at) => (at === 0 ? `  ${text.padEnd(WIDTHS[0]!)}` : text.padStart(WIDTHS[at]!))).join(' ');
}

function markOf({ kept }: PromiseTold): string {
  return kept === null ? '-' : kept ? '+' : 'X';
}

/** A promise with its figure and limit, or why it was not judged. */
export function promiseText({ name, kept, figure, limit, why }: PromiseTold): string {
  return kept === null ? `${name}: not judged, ${why}` : `${name}: ${figure} (at most ${limit})`;
}

function selfLines({ isBottleneck, lateness, self }: Verdict): string[] {
  const late = `  Sent late: p99 ${lateness.p99Ms} ms, most ${lateness.maxMs} ms.`;
  const own = self
    ? ` The generator took ${Math.round(self.cpuShare * 100)} % of a core and ${Math.round(self.rssMb)} MB.`
    : '';
  const lines = [late + own];
  if (isBottleneck) lines.push('  The generator itself was the bottleneck: its delays say little about the gateway.');
  return lines;
}
