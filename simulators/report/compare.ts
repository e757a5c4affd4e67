import { unmadeText } from './shown/text.ts';
import type { Verdict } from './verdict.ts';

/** Differences of a share below this are noise of one machine. */
const NOISE = 0.1;

/** Two verdicts beside each other, line by line: what the second run did better and worse than the first. */
export function compare(before: Verdict, after: Verdict): string[] {
  const lines = [
    `  ${before.head.city} ${before.head.run} -> ${after.head.city} ${after.head.run}`,
    ...warningsOf(before, after),
    rowOf(['', 'before', 'after', '']),
    rowOf(['verdict', before.verdict, after.verdict, before.verdict === after.verdict ? '' : 'changed']),
  ];
  for (const [name, figure, isSmallBetter] of FIGURES) {
    const [a, b] = [figure(before), figure(after)];
    lines.push(rowOf([name, String(a), String(b), wordFor(a, b, isSmallBetter)]));
  }
  return lines;
}

const sum = (verdict: Verdict, field: 'sent' | 'acked' | 'lost' | 'doubled'): number =>
  verdict.kinds.reduce((all, row) => all + (row[field] ?? 0), 0);
const memory = ({ processes }: Verdict): number => {
  const peaks = new Map<string, number>();
  for (const { name, rssMb } of processes) peaks.set(name, Math.max(peaks.get(name) ?? 0, rssMb));
  return [...peaks.values()].reduce((all, mb) => all + mb, 0);
};

/** Of all programs together: for each the average of the looks at it. */
const processor = ({ processes }: Verdict): number => {
  const names = new Set(processes.map(({ name }) => name));
  const shares = [...names].map((name) => {
    const looks = processes.filter((one) => one.name === name);
    return looks.reduce((sum, { cpuShare }) => sum + cpuShare, 0) / looks.length;
  });
  return Math.round(shares.reduce((sum, share) => sum + share, 0) * 1_000) / 1_000;
};

const FIGURES: readonly [string, (verdict: Verdict) => number, boolean | null][] = [
  ['sent', (one) => sum(one, 'sent'), null],
  ['acked', (one) => sum(one, 'acked'), null],
  ['lost', (one) => sum(one, 'lost'), true],
  ['doubled', (one) => sum(one, 'doubled'), true],
  ['acknowledged p50 ms', ({ answers }) => answers.p50Ms, true],
  ['acknowledged p99 ms', ({ answers }) => answers.p99Ms, true],
  ['sent late p99 ms', ({ lateness }) => lateness.p99Ms, null],
  ['alerts missing', ({ alerts }) => alerts.missing, true],
  ['alerts late', ({ alerts }) => alerts.late, true],
  ['alerts of nothing', ({ alerts }) => alerts.false, true],
  ['alert p99 ms', ({ alerts }) => alerts.delay.p99Ms, true],
  ['alert p50 ms', ({ alerts }) => alerts.delay.p50Ms, true],
  ['parts of storms', ({ alerts }) => alerts.parts, null],
  ['faults not made', ({ unmade }) => unmade.length, true],
  ['well after a fault ms', ({ events }) => Math.max(0, ...events.map((one) => one.wellAfterMs ?? 0)), true],
  ['event loop p99 ms', ({ loop }) => Math.max(0, ...loop.map(({ p99Ms }) => p99Ms)), true],
  ['processor, cores', processor, true],
  ['memory, peaks, MB', memory, true],
];

function wordFor(before: number, after: number, isSmallBetter: boolean | null): string {
  if (isSmallBetter === null || before === after) return '';
  if (Math.abs(after - before) <= NOISE * Math.max(before, after)) return 'about the same';
  return after < before === isSmallBetter ? 'better' : 'WORSE';
}

function warningsOf(before: Verdict, after: Verdict): string[] {
  const differ = (['city', 'scale', 'machine'] as const).filter((name) => before.head[name] !== after.head[name]);
  return [
    ...differ.map((name) => `  Not the same ${name}: ${before.head[name]}, ${after.head[name]}`),
    ...[before, after].flatMap(({ head, unmade }) => unmade.map((one) => `  ${head.run}: ${unmadeText(one)}`)),
  ];
}

function rowOf([name = '', before = '', after = '', word = '']: readonly string[]): string {
  return `  ${name.padEnd(22)} ${before.padStart(12)} ${after.padStart(12)}  ${word}`.trimEnd();
}
