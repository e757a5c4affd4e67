import type { Clock } from '../../../core/clock.ts';
import type { JournalReader } from '../../../core/journal-reader.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { IncarnationOf } from '../../../core/receipt.ts';
import { CommandLoop } from '../../../ingest/commands/command-loop.ts';
import { Commands, type CommandsDeps } from '../../../ingest/commands/commands.ts';
import { OpenDevices } from '../../../ingest/commands/open-devices.ts';
import { RepliesReader } from '../../../ingest/commands/replies-reader.ts';
import { COMMANDS_QUEUE } from '../../../ingest/commands/rows.ts';
import { SealedCommands } from '../../../ingest/commands/sealed-commands.ts';
import { CommandSender } from '../../../ingest/commands/sender.ts';
import type { KindSource } from '../../../ingest/readers/journal-feed.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { Vault } from '../../../platform/secrets/vault.ts';
import type { WorkQueue } from '../../../platform/work/work.ts';

export interface DownlinkDeps {
  database: Database;
  ownership: Ownership;
  clock: Clock;
  observer: Observer;
  kinds: CommandsDeps['kinds'] & KindSource;
  directory: CommandsDeps['directory'];
  rights: CommandsDeps['rights'];
  vault: Vault;
  work: WorkQueue;
  doorbell: { ring(queue: string, key: string): void };
  lifecycle: Lifecycle;
  incarnationOf: IncarnationOf;
  /** The live lane. */
  journal: { readonly head: number };
}

export type Downlink = Awaited<ReturnType<typeof startDownlink>>;

/** Builds and starts what takes commands to devices and their replies back; `sender.connect` says by what way. */
export async function startDownlink(deps: DownlinkDeps) {
  const { database, ownership, clock, observer, kinds, directory, work, doorbell } = deps;
  const { lifecycle, journal, incarnationOf, rights, vault } = deps;
  const ring = (device: string): void => doorbell.ring(COMMANDS_QUEUE, device);
  const open = new OpenDevices(database);
  await open.load();
  const sender = new CommandSender({ database, ownership, clock, observer, open, vault, ring });
  const commands = new Commands({
    database,
    ownership,
    clock,
    observer,
    kinds,
    directory,
    open,
    rights,
    vault,
    ring,
  });
  const sealed = new SealedCommands({ database, clock, vault, kinds, open, ring });
  const replies = new RepliesReader({
    database,
    kinds,
    ownership,
    clock,
    observer,
    head: () => journal.head,
    incarnationOf,
    open,
    stateMeansThere: () => sender.isToldBlindly,
    isThere: (device) => sender.listening(device),
  });
  work.handle(COMMANDS_QUEUE, (device) => sender.handle(device));
  const loop = new CommandLoop({ sender, commands, replies, open, clock, observer });
  loop.start();
  lifecycle.onStop('commands', () => loop.stop());
  const reader: JournalReader = replies;
  return { commands, sealed, sender, reader };
}
