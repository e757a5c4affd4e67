import { readFile } from 'node:fs/promises';
import type { TrialAnswer, TriedAlert } from '../../alerts/rules/dry-run/trial.ts';
import { HOUR_MS, MINUTE_MS, systemClock } from '../../core/clock.ts';
import { type Command, EXIT, UsageError } from './command.ts';
import { askGateway, RIGHTS_HELP, type Where } from './gateway-client.ts';

const HOURS_MAX = 48;
const POLL_MS = 500;
/** A file of 32 MiB over a slow line. */
const SENDING_MS = 4 * MINUTE_MS;

export const rule: Command = {
  name: 'rule',
  summary: 'try a draft of a rule on what was received, or on a recorded file, through the running gateway',
  usage: 'dry-run FILE [--hours N | --recording FILE]',
  details: [
    'Tells which alerts the draft would have raised in the last N hours (24), beside those of the rule that is in',
    'force. --recording judges a file of messages instead (docs/rules.md); the gateway deletes it afterwards. Nothing',
    'is raised, and nobody is told.',
    ...RIGHTS_HELP,
  ],
  options: { hours: { type: 'string' }, recording: { type: 'string' }, url: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    const [action, file] = words;
    if (action !== 'dry-run') throw new UsageError('rule needs dry-run FILE');
    if (!file) throw new UsageError('rule dry-run needs the path of a rule file');
    const { hours: given, recording } = options;
    if (given !== undefined && recording !== undefined) {
      throw new UsageError('--hours is of what was received: a --recording is judged whole');
    }
    const hours = Number(given ?? 24);
    if (!(hours > 0 && hours <= HOURS_MAX)) throw new UsageError(`--hours must be above 0 and at most ${HOURS_MAX}`);
    const yaml = (await bytesOf(file)).toString('utf8');
    const where = { terminal, url: options.url };
    if (recording === undefined) {
      const from = new Date(systemClock.nowMs() - hours * HOUR_MS).toISOString();
      return await tell({ yaml, from }, where);
    }
    const sent = await send(await bytesOf(String(recording)), where);
    try {
      return await tell({ yaml, recording: sent }, where);
    } finally {
      const headers = { 'if-match': '"1"' };
      await askGateway({ method: 'DELETE', path: `/rules/recordings/${sent}`, headers }, where);
    }
  },
};

async function bytesOf(path: string): Promise<Buffer> {
  return await readFile(path).catch(() => {
    throw new UsageError(`${path} cannot be read`);
  });
}

async function send(body: Buffer, where: Where): Promise<string> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const request = { method: 'POST', path: '/rules/recordings', headers, body, deadlineMs: SENDING_MS } as const;
  return (JSON.parse(await askGateway(request, where)) as { id: string }).id;
}

type Shown<Alert> = Omit<Alert, 'firedAtMs' | 'clearedAtMs'> & { firedAt: string; clearedAt: string | null };
type Lists = 'onlyDraft' | 'onlyInForce' | 'clearedOtherwise';
type Answer = Omit<TrialAnswer, 'fromMs' | 'toMs' | Lists> &
  Record<Lists, Shown<TriedAlert>[]> & { from: string | null; to: string | null };

interface Printed {
  id: string;
  state: 'running' | 'done' | 'cancelled';
  progress: number;
  answer: Answer | null;
}

async function tell(body: Record<string, unknown>, where: Where): Promise<number> {
  let run = JSON.parse(await askGateway({ method: 'POST', path: '/rules/dry-runs', body }, where)) as Printed;
  while (run.state === 'running') {
    await systemClock.sleep(POLL_MS);
    const before = run.progress;
    run = JSON.parse(await askGateway({ method: 'GET', path: `/rules/dry-runs/${run.id}` }, where)) as Printed;
    if (run.progress !== before) where.terminal.print(`${Math.round(run.progress * 100)} %`);
  }
  if (!run.answer) {
    where.terminal.complain('it was called off');
    return EXIT.failed;
  }
  for (const line of described(run.answer)) where.terminal.print(line);
  return EXIT.done;
}

/** The answer in lines, the same for the same answer. */
export function described(answer: Answer): string[] {
  const { draft, inForce, recording } = answer;
  const other = inForce === null ? 'no rule of its name is in force' : `version ${inForce.version} ${inForce.alerts}`;
  return [
    `${answer.messages} messages of ${answer.devices} devices, ${answer.from ?? 'none'} to ${answer.to ?? 'none'}`,
    ...(recording ? [`lines: ${recording.lines}, left out ${recording.leftOut}, refused ${recording.refused}`] : []),
    ...(recording?.refusals ?? []).map(({ line, reason, path }) => `  line ${line}  ${reason} ${path}`.trimEnd()),
    `alerts: draft ${draft.alerts}, ${other}; the same ${answer.same}`,
    ...listed('only the draft', answer.onlyDraft),
    ...listed('only the rule in force', answer.onlyInForce),
    ...listed('cleared otherwise', answer.clearedOtherwise),
    ...(answer.leftOut > 0 ? [`${answer.leftOut} more are not shown`] : []),
    ...answer.warnings.map((warning) => `warning: ${warning}`),
  ];
}

function listed(title: string, alerts: readonly Shown<TriedAlert>[]): string[] {
  if (alerts.length === 0) return [];
  const lines = alerts.map(({ subject, firedAt, clearedAt, times }) =>
    [`  ${firedAt}`, clearedAt ?? 'not cleared', `${subject.type} ${subject.id}`, `${times} times`].join('  '),
  );
  return [`${title}:`, ...lines];
}
