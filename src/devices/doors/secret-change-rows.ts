import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Selectable, Tables } from '../../platform/database/database.ts';
import { bad, type CheckStep, type Finding, ok } from '../checks/steps.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** Why both secrets of a device are valid still, or why ours is none any more. */
export type SecretProblem = 'away' | 'no-answer' | 'refused' | 'not-used' | 'overtaken';

/** Table of migration 0261; what each column means stands there. */
export interface SecretTables extends RegistryTables {
  secret_change: {
    id: string;
    device: DeviceId;
    caller: Caller;
    command: string;
    secret_hash: Buffer;
    secret: string;
    state: 'running' | 'changed' | 'unproven' | 'overtaken';
    problem: SecretProblem | null;
    began_ms: number;
    deadline_ms: number;
    ended_ms: number | null;
  };
}

export type SecretRow = Selectable<SecretTables['secret_change']>;

/** A new secret that goes to a device by command, as it is shown: as a change of a login, and never the secret. */
export interface SecretChangeView {
  id: string;
  device: DeviceId;
  state: 'running' | 'changed' | 'unchanged';
  problem: SecretProblem | null;
  steps: CheckStep[];
  by: string;
  beganMs: number;
  endedMs: number | null;
}

/** What a sealed text of a change belongs to. */
export function sealOwnerOf(id: string): string {
  return `secret-change/${id}`;
}

export function viewOf(row: SecretRow): SecretChangeView {
  const { id, device, caller, state, problem, began_ms: beganMs, ended_ms: endedMs } = row;
  const shown = state === 'running' || state === 'changed' ? state : 'unchanged';
  return { id, device, state: shown, problem, steps: stepsOf(row), by: caller.name, beganMs, endedMs };
}

/** What to do about it, for a technician. */
const HINTS: Readonly<Record<SecretProblem, string>> = {
  away: 'It was away until the time was over and was told nothing. The old secret is valid; try again later.',
  'no-answer':
    'It was told and did not answer. Both secrets are valid until it uses the new one; look whether its firmware ' +
    'knows set_secret, and try again: it is told the same one.',
  refused:
    'It answered that it cannot take it. Both secrets are valid until it uses the new one; look at its firmware.',
  'not-used':
    'It took the new secret and goes on with the old one. Both are valid until it uses the new one; restart it.',
  overtaken: 'Another secret was set, or another unit hung up, meanwhile: that one counts.',
};

/** Whom it says of that something is wrong; the others were not there, or were given another one. */
const GRAVE: readonly SecretProblem[] = ['no-answer', 'refused', 'not-used'];

function stepsOf({ state, problem, began_ms, ended_ms }: SecretRow): CheckStep[] {
  if (state === 'running') return [];
  const tookMs = Math.max(0, (ended_ms ?? began_ms) - began_ms);
  const told = { name: 'told', ...ok('It was told the new secret.'), tookMs: 0 };
  if (problem === null) {
    return [told, { name: 'new-secret', ...ok('It used the new secret; the old one is void.'), tookMs }];
  }
  const found: Finding = bad(GRAVE.includes(problem) ? 'failed' : 'warning', problem, HINTS[problem]);
  return problem === 'not-used'
    ? [told, { name: 'new-secret', ...found, tookMs }]
    : [{ name: 'told', ...found, tookMs }];
}

/**
 * For who would leave the old secret valid beside another new one: only two can be valid at a time, and which of them
 * the device has is not known while one is on its way. Errors: `conflict.state`.
 */
export async function refuseWhileTold(tx: Tables, device: DeviceId): Promise<void> {
  const rows = tx.tables<SecretTables>().selectFrom('secret_change').select('id').where('device', '=', device);
  const told = await rows.where('state', 'in', ['running', 'unproven']).limit(1).executeTakeFirst();
  if (!told) return;
  const detail =
    'A new secret was sent to it by command, and it has not used it yet: wait for that, send it again ' +
    '({"of":"secret","by":"command"}), or set one at once, without an overlap.';
  throw new CitywatchError('conflict.state', { detail });
}
