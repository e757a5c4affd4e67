import type { Clock } from '../../core/clock.ts';
import type { Caller, DeviceId, DeviceIdentity, DeviceKind } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import type { CommandState } from './life.ts';
import type { OpenDevices } from './open-devices.ts';
import { insertCommand, newCommand, ownerOf } from './rows.ts';
import type { CommandTables } from './tables.ts';

export interface SealedCommandsDeps {
  database: Database;
  clock: Clock;
  vault: Pick<Vault, 'seal'>;
  kinds: { latest(kind: string): DeviceKind | undefined };
  open: Pick<OpenDevices, 'note'>;
  /** Says that there is work for this device; may be lost. */
  ring(device: DeviceId): void;
}

/** How far a command is. */
export interface CommandProgress {
  state: CommandState;
  sends: number;
}

/**
 * What the gateway itself tells devices and nobody may read: the arguments are sealed until the command is settled, and
 * gone then; they are in no list, no audit row, and what the device answers of them is not kept.
 */
export class SealedCommands {
  readonly #deps: SealedCommandsDeps;

  constructor(deps: SealedCommandsDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a command in, in the transaction of its caller, who calls `ring` once that is committed. Resolves with its
   * id. Errors: `conflict.state` where too many wait.
   */
  async add(
    tx: Tables,
    caller: Caller,
    device: DeviceIdentity,
    { name, args, deadlineAtMs }: { name: string; args: Record<string, unknown>; deadlineAtMs: number },
  ): Promise<string> {
    const { clock, vault, kinds, open } = this.#deps;
    const row = newCommand(caller, device, {
      kindVersion: kinds.latest(device.kind)?.version ?? device.kindVersion,
      name,
      args: {},
      sealed: (id) => vault.seal(JSON.stringify(args), ownerOf(id)),
      createdAtMs: clock.nowMs(),
      deadlineAtMs,
    });
    open.note(device.id, true);
    await insertCommand(tx, clock, { caller, row });
    return row.id;
  }

  /** Says that a command was committed. */
  ring(device: DeviceId): void {
    this.#deps.ring(device);
  }

  /** Null for a command that was settled long ago. */
  async progress(id: string): Promise<CommandProgress | null> {
    const rows = this.#deps.database.tables<CommandTables>().selectFrom('command').select(['state', 'sends']);
    return (await rows.where('id', '=', id).executeTakeFirst()) ?? null;
  }
}
