import { type PlanAssumptions, type PlannedGroup, rateText, type StoragePlan, sizeText } from './planner.ts';

const HEAD = ['class', 'cameras', 'Mbit/s', 'h/day', 'days', 'here', 'edge'];

/** A plan as lines for people. */
export function planText(plan: StoragePlan, assumptions: PlanAssumptions): string[] {
  const { overheadPercent, diskBytes, linkBitsPerSecond, linkUsePercent } = assumptions;
  const { centralBytes, edgeBytes, neededBytes, cameras, disks, links, centralBitsPerSecond } = plan;
  const total = centralBytes + edgeBytes;
  const share = (bytes: number): string => (total === 0 ? '0 %' : `${round((bytes / total) * 100)} %`);
  return [
    ...table([HEAD, ...plan.groups.map(row)]),
    '',
    `${cameras === 1 ? '1 camera' : `${cameras} cameras`}, video of ${sizeText(total)}: ` +
      `${sizeText(centralBytes)} here (${share(centralBytes)}), ` +
      `${sizeText(edgeBytes)} in the cameras and recorders themselves (${share(edgeBytes)}).`,
    `Room here: ${sizeText(neededBytes)}, with ${overheadPercent} % for file system, heads, index and what stays free.`,
    `Disks of ${sizeText(diskBytes)}: ${disks}, without any that may fail.`,
    `While all are recorded: ${rateText(centralBitsPerSecond)}; links of ${rateText(linkBitsPerSecond)}: ${links}, ` +
      `each used to ${linkUsePercent} %.`,
  ];
}

function row({ of, cameras, bitsPerSecond, hoursPerDay, days, ...bytes }: PlannedGroup): string[] {
  const numbers = [cameras, round(bitsPerSecond / 1e6), round(hoursPerDay), days].map(String);
  return [of, ...numbers, sizeText(bytes.centralBytes), sizeText(bytes.edgeBytes)];
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

/** Words stand left, numbers right. */
function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((cells) => cells[at]!.length)));
  return rows.map((cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
}
