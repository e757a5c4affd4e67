import { readFile } from 'node:fs/promises';
import type { KindDryRunAnswer } from '../../ingest/explain/kind-dry-run.ts';
import { type Command, EXIT, UsageError } from './command.ts';
import { askGateway, RIGHTS_HELP } from './gateway-client.ts';

/** A little longer than the gateway itself gives it. */
const DEADLINE_MS = 25_000;
const HOURS_MAX = 24;

export const kind: Command = {
  name: 'kind',
  summary: 'try a changed kind file on what was received lately, through the running gateway',
  usage: 'dry-run FILE [--hours N]',
  details: [
    'Tells how many records of the last N hours (24) the file would decode and dead-letter, beside what became of',
    'them, and shows the first 20 differences. Changes nothing. What the file extends is taken from the folder the',
    'gateway runs with.',
    ...RIGHTS_HELP,
  ],
  options: { hours: { type: 'string' }, url: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    const [action, file] = words;
    if (action !== 'dry-run') throw new UsageError('kind needs dry-run FILE');
    if (!file) throw new UsageError('kind dry-run needs the path of a kind file');
    const hours = Number(options.hours ?? HOURS_MAX);
    if (!(hours > 0 && hours <= HOURS_MAX)) throw new UsageError(`--hours must be above 0 and at most ${HOURS_MAX}`);
    const yaml = await readFile(file, 'utf8').catch(() => {
      throw new UsageError(`${file} cannot be read`);
    });
    const request = { method: 'POST', path: '/kinds/dry-run', body: { yaml, hours }, deadlineMs: DEADLINE_MS } as const;
    const answer = JSON.parse(await askGateway(request, { terminal, url: options.url })) as Printed;
    for (const line of describe(answer)) terminal.print(line);
    return EXIT.done;
  },
};

interface Printed extends Omit<KindDryRunAnswer, 'fromMs' | 'toMs'> {
  from: string;
  to: string;
}

function describe({ before, after, ...answer }: Printed): string[] {
  const name = `${answer.kind} version ${answer.version} (${answer.codec})`;
  const lines = [
    `${name}: ${answer.messages} messages received since ${answer.from}`,
    ...(answer.complete ? [] : [`cut short: nothing received after ${answer.to} was judged; ask for fewer --hours`]),
    `decoded        ${before.decoded} then, ${after.decoded} now (${answer.valuesChanged} with other values)`,
    `dead-lettered  ${before.deadLettered} then, ${after.deadLettered} now`,
  ];
  for (const row of answer.reasons) {
    lines.push(`  ${row.reason} ${row.path}: ${row.before} then, ${row.after} now`);
  }
  if (answer.differences.length > 0) lines.push('first differences:');
  for (const { receipt, device, index, ...row } of answer.differences) {
    const record = index === null ? receipt : `${receipt}:${index}`;
    lines.push(`  ${record} ${device}: ${row.before} → ${row.after}`);
  }
  return lines;
}
