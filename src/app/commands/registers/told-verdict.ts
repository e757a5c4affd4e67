import { toRfc3339 } from '../../../core/clock.ts';
import type { Verdict } from '../../../platform/records/judge.ts';

/** What was found about one register, in lines for people. */
export function told({ register, pruned, checked, end, unsealed, vouched, uncompared, faults }: Verdict): string[] {
  const name = `The ${register.title}`;
  const head = end.hash.toString('hex');
  const waiting = `  ${unsealed} rows of the last moments are not sealed yet and were not checked.`;
  const witnessed = `  The checkpoint of ${vouched?.at} bears out the first ${vouched?.rows} rows.`;
  const passed = `  ${uncompared} checkpoints were not compared: their rows were pruned, or come after what is broken.`;
  const remarks = [
    ...(pruned ? [`  Rows 1 to ${pruned.link} were pruned at ${toRfc3339(pruned.atMs)}; a proof says so.`] : []),
    ...(vouched?.rows ? [witnessed] : []),
    ...(uncompared > 0 ? [passed] : []),
    ...(unsealed > 0 ? [waiting] : []),
  ];
  const first = pruned ? `${checked} rows, from ${pruned.link + 1} on` : `${checked} rows`;
  if (faults.length === 0) {
    const holds = `${name} holds: ${first}, none changed, moved or missing.`;
    return [holds, ...remarks, `  Hash of the last row: ${head}`];
  }
  const until = `  The ${first}, that were checked before it hold; hash of the last of them: ${head}`;
  return [...faults.map(({ text }) => `${name} is broken: ${text}.`), until, ...remarks];
}
