import type { KindRow, PromiseTold, Verdict } from '../verdict.ts';
import { NO_LOOP, NO_STAGES } from './tables.ts';

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
    ...alertLines(verdict),
    ...cameraLines(verdict),
    ...eventLines(verdict),
    ...unmadeLines(verdict),
    ...verdict.promises.map((one) => `  ${markOf(one)} ${promiseText(one)}`),
  ];
  if (verdict.examples.length > 0) lines.push('', ...verdict.examples.map((text) => `  ! ${text}`));
  lines.push('', ...stageLines(verdict), '', ...selfLines(verdict));
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

function alertLines({ alerts }: Verdict): string[] {
  const { expected, delivered, late, missing, storms, parts, delay } = alerts;
  if (expected + storms + alerts.false === 0) return [];
  const inStorms = storms > 0 ? `; ${storms} storms with ${parts} parts` : '';
  const wrong = `${late} late, ${missing} missing, ${alerts.false} of nothing`;
  const told = `${delivered} of ${expected} expected ones came, ${wrong}`;
  return [`  Alerts: ${told}${inStorms}; p50 ${delay.p50Ms} ms, p99 ${delay.p99Ms} ms`, ''];
}

function cameraLines({ cameras }: Verdict): string[] {
  const { count, unasked, watched, unshown, firstP99Ms, longestGapMs } = cameras;
  if (count === 0) return [];
  const seen = `${watched - unshown} of ${watched} watched ones shown, the first picture p99 ${firstP99Ms} ms`;
  return [`  Cameras: ${count - unasked} of ${count} asked; ${seen}, nothing new for ${longestGapMs} ms at most`, ''];
}

function eventLines({ events }: Verdict): string[] {
  const lines = events.map(({ what, district, count, fromMs, toMs, wellAfterMs }) => {
    const whom = district ?? (count > 1 ? `${count} devices` : '');
    const well = wellAfterMs === null ? '' : `all well ${seconds(wellAfterMs)} s later`;
    const name = `${what} ${whom}`.trim().padEnd(28);
    return `  ${seconds(fromMs).padStart(7)} s to ${seconds(toMs).padStart(7)} s  ${name} ${well}`.trimEnd();
  });
  return lines.length > 0 ? [...lines, ''] : [];
}

function unmadeLines({ unmade }: Verdict): string[] {
  if (unmade.length === 0) return [];
  const so = '  So nothing is said of how the target gets over that.';
  return [...unmade.map((one) => `  ! ${unmadeText(one)}`), so, ''];
}

/** A fault that was asked for and not made, and why. */
export function unmadeText({ what, fromMs, why }: Verdict['unmade'][number]): string {
  return `not made: ${what} after ${seconds(fromMs)} s: ${why}`;
}

function stageLines({ stages, loop }: Verdict): string[] {
  const lines = stages.map(({ name, count, p50Ms, p95Ms, p99Ms, maxMs }) => {
    const took = `p50 ${p50Ms}, p95 ${p95Ms}, p99 ${p99Ms}, most ${maxMs} ms`;
    return `  ${name.padEnd(34)} ${String(count).padStart(8)} times, ${took}`;
  });
  if (stages.length === 0) lines.push(`  ${NO_STAGES}`);
  if (loop.length === 0) lines.push(`  ${NO_LOOP}`);
  return lines;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
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
    ? ` The generator took ${Math.round(self.cpuShare * 100)} % of a core and ${Math.round(self.rssMb)} MB; ` +
      `its event loop was held up ${self.loopP99Ms} ms (p99).`
    : '';
  const lines = [late + own];
  if (isBottleneck) lines.push('  The generator itself was the bottleneck: its delays say little about the gateway.');
  return lines;
}
