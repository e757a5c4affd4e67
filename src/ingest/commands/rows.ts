import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { jsonb, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import type { CommandState } from './life.ts';
import type { CommandTables } from './tables.ts';

export const COMMANDS_QUEUE = 'commands';

/** Open commands of one device; more would be a device that never answers, or a caller that never waits. */
export const OPEN_MAX = 100;
const LIMIT_LOCK = 6_104_220_304;

/** One command as people see it. */
export interface Command {
  id: string;
  device: DeviceId;
  name: string;
  args: Record<string, unknown>;
  state: CommandState;
  by: { type: string; id: string; name: string };
  createdAtMs: number;
  deadlineAtMs: number;
  /** How often it was sent: again on each new connection of the device until there is a reply. */
  sends: number;
  sentAtMs: number | null;
  deliveredAtMs: number | null;
  settledAtMs: number | null;
  /** The first reply; `late` when it came after the deadline; `cut` when its result was too long to be kept. */
  reply: { ok: boolean; result: unknown; cut: boolean; late: boolean; atMs: number; receipt: string } | null;
}

/** What the device gets: the payload of its command topic. */
export interface CommandPayload {
  id: string;
  name: string;
  args: Record<string, unknown>;
  /** Unix time in ms. */
  deadline: number;
}

type CommandRow = Selectable<CommandTables['command']>;

export type Opens = Pick<Vault, 'open'>;

/** What a sealed text of a command belongs to. */
export function ownerOf(id: string): string {
  return `command/${id}`;
}

/** A command that nobody has been told of yet. */
export function newCommand(
  caller: Caller,
  { id: device, kind, jurisdiction }: DeviceIdentity,
  made: {
    kindVersion: number;
    name: string;
    args: Record<string, unknown>;
    /** Further arguments that nobody may read; null for none. */
    sealed: ((id: string) => string) | null;
    createdAtMs: number;
    deadlineAtMs: number;
  },
): CommandRow {
  const id = randomUUID();
  return {
    id,
    seq: 0,
    device,
    kind,
    kind_version: made.kindVersion,
    jurisdiction,
    name: made.name,
    args: made.args,
    is_sealed: made.sealed !== null,
    sealed: made.sealed?.(id) ?? null,
    state: 'queued',
    caller_type: caller.type,
    caller_id: caller.id,
    caller_name: caller.name,
    created_at_ms: made.createdAtMs,
    deadline_at_ms: made.deadlineAtMs,
    session: null,
    sends: 0,
    sent_at_ms: null,
    delivered_at_ms: null,
    settled_at_ms: null,
    reply_ok: null,
    reply_result: null,
    reply_cut: false,
    reply_at_ms: null,
    reply_receipt: null,
  };
}

/** Writes a command down, with its audit row and the work of sending it. Errors: `conflict.state` for too many. */
export async function insertCommand(
  tx: Tables,
  clock: Clock,
  { caller, row }: { caller: Caller; row: CommandRow },
): Promise<void> {
  const db = tx.tables<CommandTables>();
  const { device, seq: _, ...columns } = row;
  // Callers of the same device count one after the other.
  await sql`select pg_advisory_xact_lock(${sql.lit(LIMIT_LOCK % 2 ** 31)}, hashtext(${device}))`.execute(db);
  const { count } = await db
    .selectFrom('command')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('device', '=', device)
    .where('settled_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  if (count >= OPEN_MAX) {
    const detail = `${count} commands wait for this device already; wait until some are answered or expire.`;
    throw new CitywatchError('conflict.state', { detail });
  }
  await db
    .insertInto('command')
    .values({ ...columns, device, args: jsonb(row.args) })
    .execute();
  await enqueueWork(tx, clock, [{ queue: COMMANDS_QUEUE, key: device, priority: 2 }]);
  const { id, name, args, jurisdiction, created_at_ms: atMs } = row;
  const after = { id, name, args, deadline: toRfc3339(row.deadline_at_ms) };
  await recordAudit(tx, { caller, action: 'command.create', subject: `device/${device}`, jurisdiction, after, atMs });
}

/** What a device gets; for its ears alone. */
export function payloadOf(
  vault: Opens,
  { id, name, args, sealed, deadline_at_ms: deadline }: Pick<CommandRow, (typeof PAYLOAD_COLUMNS)[number]>,
): CommandPayload {
  const hidden: Record<string, unknown> = sealed === null ? {} : JSON.parse(vault.open(sealed, ownerOf(id)));
  return { id, name, args: { ...args, ...hidden }, deadline };
}

/** What {@link payloadOf} needs. */
export const PAYLOAD_COLUMNS = ['id', 'name', 'args', 'sealed', 'deadline_at_ms'] as const;

/** What people see of it. */
export function toCommand(row: CommandRow): Command {
  return {
    id: row.id,
    device: row.device,
    name: row.name,
    args: row.args,
    state: row.state,
    by: { type: row.caller_type, id: row.caller_id, name: row.caller_name },
    createdAtMs: row.created_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    sends: row.sends,
    sentAtMs: row.sent_at_ms,
    deliveredAtMs: row.delivered_at_ms,
    settledAtMs: row.settled_at_ms,
    reply: replyOf(row),
  };
}

function replyOf(row: CommandRow): Command['reply'] {
  const { reply_ok: ok, reply_result: text, reply_cut: cut, reply_at_ms: atMs, reply_receipt: receipt } = row;
  if (ok === null || atMs === null) return null;
  const result: unknown = text === null ? null : JSON.parse(text);
  return { ok, result, cut, late: row.state === 'expired', atMs, receipt: receipt ?? '' };
}
