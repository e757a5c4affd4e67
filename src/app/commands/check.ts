import type { CheckStep } from '../../devices/checks/steps.ts';
import { type Command, EXIT, UsageError } from './command.ts';
import { askGateway, RIGHTS_HELP } from './gateway-client.ts';

/** A little longer than the 15 s of a check. */
const DEADLINE_MS = 20_000;
const MARKS = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', 'not-tried': '-' } as const;

export const check: Command = {
  name: 'check',
  summary: 'check a device step by step, through the running gateway',
  usage: 'ID',
  details: [
    'Prints each step with what was seen, and what to do where it is not well. Exit status 1 where a step failed.',
    ...RIGHTS_HELP,
  ],
  options: { url: { type: 'string' } },
  run: async ({ words: [id, ...more], options }, terminal) => {
    if (!id || more.length > 0) throw new UsageError('check needs the id of one device');
    const path = `/devices/${encodeURIComponent(id)}/check`;
    const request = { method: 'POST', path, body: {}, deadlineMs: DEADLINE_MS } as const;
    const found = JSON.parse(await askGateway(request, { terminal, url: options.url })) as Printed;
    for (const line of describe(found)) terminal.print(line);
    return found.grade === 'failed' ? EXIT.failed : EXIT.done;
  },
};

interface Printed {
  device: string;
  grade: 'ok' | 'warning' | 'failed';
  steps: CheckStep[];
  tookMs: number;
}

function describe({ device, grade, steps, tookMs }: Printed): string[] {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.flatMap(({ name, grade: one, seen, hint, tookMs: ms }) => [
    `${name.padEnd(width)}  ${MARKS[one].padEnd(7)}  ${String(ms).padStart(5)} ms  ${seen ?? ''}`.trimEnd(),
    ...(hint === null ? [] : [`${' '.repeat(width)}  → ${hint}`]),
  ]);
  return [...lines, `${device}: ${grade} after ${tookMs} ms`];
}
