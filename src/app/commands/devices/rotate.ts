import { systemClock } from '../../../core/clock.ts';
import type { CheckStep } from '../../../devices/checks/steps.ts';
import { type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { askGateway, type GatewayRequest, RIGHTS_HELP, type Where } from '../gateway-client.ts';

const LOOK_EVERY_MS = 1_000;
/** A change that takes longer waits for a camera that is away; it goes on by itself. */
const PATIENCE_MS = 90_000;
const PAGE = 500;

export const rotate: Command = {
  name: 'rotate',
  summary: 'give a camera a new login, or a device its new secret, or all of an area, through the running gateway',
  usage: 'ID [--account own|same | --secret] | --area CODE',
  details: [
    'Waits for the end and prints what was found at each door; never a login. Exit status 1 where a login was not',
    'changed. --secret tells a device that takes commands a new secret of ours; nobody is shown it. An area goes on',
    'when this command is ended; POST /rotations/{id}/cancel calls it off.',
    ...RIGHTS_HELP,
  ],
  options: {
    url: { type: 'string' },
    account: { type: 'string' },
    area: { type: 'string' },
    secret: { type: 'boolean' },
  },
  run: async ({ words: [id, ...more], options }, terminal) => {
    const { area, account, secret } = options;
    if (more.length > 0 || (id === undefined) === (area === undefined)) {
      throw new UsageError('rotate needs the id of one device, or --area with the code of an area');
    }
    if (account !== undefined && account !== 'own' && account !== 'same')
      throw new UsageError('--account is own or same');
    if (secret === true && (account !== undefined || area !== undefined))
      throw new UsageError('--secret goes with the id of a device alone: of an area, devices that take one get one');
    const where = { terminal, url: options.url };
    if (id === undefined) return await ofArea(String(area), where);
    const login = { of: 'login' as const, ...(account === undefined ? {} : { account }) };
    return await ofDevice(id, secret === true ? { of: 'secret' as const, by: 'command' } : login, where);
  },
};

interface Change {
  state: 'running' | 'changed' | 'unchanged' | 'lost';
  problem: string | null;
  steps: CheckStep[];
}

async function ofDevice(id: string, body: { of: 'login' | 'secret'; by?: string }, where: Where): Promise<number> {
  const path = `/devices/${encodeURIComponent(id)}/credentials`;
  let change = await asked<Change>({ method: 'POST', path: `${path}/rotate`, body }, where);
  const endMs = systemClock.monotonicMs() + PATIENCE_MS;
  while (change.state === 'running' && systemClock.monotonicMs() < endMs) {
    await systemClock.sleep(LOOK_EVERY_MS);
    const now = await asked<{ last: Change; secret: Change }>({ method: 'GET', path }, where);
    change = body.of === 'login' ? now.last : now.secret;
  }
  printSteps(where.terminal, change.steps);
  const isWaiting = change.state === 'running' ? ': it does not answer, and the change goes on by itself' : '';
  where.terminal.print(`${id}: ${change.state}${isWaiting}`);
  return change.state === 'changed' ? EXIT.done : EXIT.failed;
}

interface Job {
  id: string;
  state: 'running' | 'done' | 'cancelled';
  total: number;
  done: number;
  ok: number;
  warning: number;
  failed: number;
}

interface Row {
  device: string;
  grade: string;
  steps: CheckStep[];
}

async function ofArea(area: string, where: Where): Promise<number> {
  const { terminal } = where;
  let job = await asked<Job>({ method: 'POST', path: '/rotations', body: { jurisdiction: area } }, where);
  let told = -1;
  for (; job.state === 'running'; job = await asked<Job>({ method: 'GET', path: `/jobs/${job.id}` }, where)) {
    if (job.done > told) terminal.print(`${job.done} of ${job.total}`);
    told = job.done;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  for (const grade of ['warning', 'failed']) await printRows(`/rotations/${job.id}/report?grade=${grade}`, where);
  terminal.print(`${job.state}: ${job.ok} changed, ${job.warning} with a warning or left, ${job.failed} failed`);
  return job.state === 'done' && job.failed === 0 ? EXIT.done : EXIT.failed;
}

async function printRows(path: string, where: Where): Promise<void> {
  for (let cursor = ''; ; ) {
    const page = `${path}&limit=${PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { items, next } = await asked<{ items: Row[]; next?: string }>({ method: 'GET', path: page }, where);
    for (const { device, grade, steps } of items) {
      where.terminal.print(`${device}: ${grade}`);
      printSteps(
        where.terminal,
        steps.filter((step) => step.problem !== null),
      );
    }
    if (next === undefined) return;
    cursor = next;
  }
}

function printSteps(terminal: Terminal, steps: readonly CheckStep[]): void {
  for (const { name, grade, seen, hint } of steps) {
    terminal.print(`  ${name}  ${grade}  ${seen ?? ''}`.trimEnd());
    if (hint !== null) terminal.print(`    → ${hint}`);
  }
}

async function asked<Answer>(request: GatewayRequest, where: Where): Promise<Answer> {
  return JSON.parse(await askGateway(request, where)) as Answer;
}
