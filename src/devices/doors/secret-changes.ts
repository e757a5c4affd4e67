import { randomUUID } from 'node:crypto';
import { DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { COUNTRY, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { jsonb, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import { SET_SECRET } from '../kinds/kind-command.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import {
  type SecretChangeView,
  type SecretProblem,
  type SecretRow,
  type SecretTables,
  sealOwnerOf,
  viewOf,
} from './secret-change-rows.ts';
import { replaceSecret, UNTIL_USED_MS } from './secret-overlaps.ts';
import type { ToldSecrets } from './told-secrets.ts';

export const SECRET_CHANGES_QUEUE = 'secret-changes';

/** What takes commands to devices. Their arguments are sealed on the way, and gone once the device has answered. */
export interface SecretCommands {
  /** In the transaction of the caller; resolves with the id. */
  add(
    tx: Tables,
    caller: Caller,
    device: DeviceIdentity,
    command: { name: string; args: Record<string, unknown>; deadlineAtMs: number },
  ): Promise<string>;
  /** After the commit. */
  ring(device: DeviceId): void;
  progress(id: string): Promise<{ state: string; sends: number } | null>;
}

export interface SecretChangesDeps extends DirectorySyncDeps {
  ownership: Pick<Ownership, 'transaction'>;
  vault: Vault;
  hasher: Pick<SecretHasher, 'hash'>;
  commands: SecretCommands;
  /** Keeps a secret out of what is written down of its device. */
  told: Pick<ToldSecrets, 'add' | 'used'>;
  /** Ends the connections of a device, so that it comes back. */
  disconnect(device: DeviceId): void;
}

/** Why no secret is sent, in a word and a sentence. */
export interface SecretRefusal {
  problem: 'not-there' | 'no-command' | 'under-way';
  detail: string;
}

/** For errors. */
const WHAT = 'a new secret that is sent by command';
/** From the beginning to the first look, and the longest time from one look to the next. */
const LOOKS = { firstMs: 5_000, maxMs: 600_000 };
/** What was found is kept so long; audit rows stay. */
const KEPT_MS = 400 * DAY_MS;

/**
 * New secrets of devices that take commands: each goes to its device by one, sealed until then. Both secrets are valid
 * from before the first word until the device has come with the new one, so whoever dies in between locks nobody out.
 */
export class SecretChanges {
  readonly #deps: SecretChangesDeps;
  readonly #sync: DirectorySync;
  /** Commands whose devices were made to come back. */
  readonly #prompted = new Set<string>();

  constructor(deps: SecretChangesDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /** Whether devices of a kind can be told a new secret. */
  takes(kind: string): boolean {
    return this.#deps.kinds.latest(kind)?.commands.has(SET_SECRET) === true;
  }

  /** Begins. Errors: `not-found`, `conflict.state` where it cannot be told one, or is being told one. */
  async begin(caller: Caller, device: DeviceId): Promise<SecretChangeView> {
    const begun = await this.tryBegin(caller, device);
    if ('detail' in begun) throw new CitywatchError('conflict.state', { detail: begun.detail });
    return begun;
  }

  /** As {@link begin}, where a refusal is no error. */
  async tryBegin(caller: Caller, device: DeviceId): Promise<SecretChangeView | SecretRefusal> {
    const begun = await this.#sync.commitAll<SecretRow | SecretRefusal>([device], async (tx) => {
      const locked = tx.tables<SecretTables>().selectFrom('position').selectAll().where('id', '=', device).forUpdate();
      const position = await withinJurisdiction(locked, 'jurisdiction', ownArea(caller)).executeTakeFirst();
      if (!position) throw new CitywatchError('not-found');
      const refusal = await this.#refusal(tx, position);
      if (refusal) return { changed: [], result: refusal };
      const row = await this.#insert(tx, caller, position);
      const after = await findDevice(tx, COUNTRY, device);
      return { changed: [{ device: after! }], result: row };
    });
    if ('detail' in begun) return begun;
    this.#deps.commands.ring(device);
    return viewOf(begun);
  }

  /** The last one of a device; null where there was none. Whether it may be seen was decided before. */
  async last(device: DeviceId): Promise<SecretChangeView | null> {
    const rows = this.#deps.database.tables<SecretTables>().selectFrom('secret_change').selectAll();
    const last = rows.where('device', '=', device).orderBy('began_ms', 'desc').orderBy('id').limit(1);
    const row = await last.executeTakeFirst();
    return row ? viewOf(row) : null;
  }

  /** Handler of the queue `secret-changes`; the key is the id of a change. */
  async handle(id: string): Promise<WorkResult> {
    const nowMs = this.#deps.clock.nowMs();
    const row = await this.look(id);
    if (!row || row.ended_ms !== null) return DONE;
    const pauseMs = Math.min(LOOKS.maxMs, Math.max(LOOKS.firstMs, nowMs - row.began_ms));
    return { again: { atMs: Math.min(row.deadline_ms, nowMs + pauseMs) } };
  }

  /** Looks how far a change is: makes a device that has answered come back, and ends what came to nothing. */
  async look(id: string): Promise<SecretRow | null> {
    const { clock, commands, disconnect } = this.#deps;
    const row = await this.#row(id);
    if (!row || row.ended_ms !== null) {
      this.#prompted.delete(id);
      return row;
    }
    const progress = await commands.progress(row.command);
    const state = progress?.state ?? 'expired';
    const isOver = state === 'failed' || state === 'expired' || clock.nowMs() >= row.deadline_ms;
    if (isOver) return await this.#giveUp(row, problemOf(state, progress?.sends ?? 0));
    if (state === 'answered' && !this.#prompted.has(id) && !this.#isUsed(row.device)) {
      this.#prompted.add(id);
      disconnect(row.device);
    }
    return row;
  }

  /** In the transaction that ends an old secret, because the new one was used. */
  async proven(tx: Tables, device: DeviceId): Promise<void> {
    const db = tx.tables<SecretTables>();
    const hanging = db
      .selectFrom('unit')
      .innerJoin('assignment', 'unit_id', 'unit.id')
      .select('unit.secret_hash')
      .where('position_id', '=', device)
      .where('to_ms', 'is', null);
    const atMs = this.#deps.clock.nowMs();
    const changed = await db
      .updateTable('secret_change')
      .set({ state: 'changed', problem: null, secret: '', ended_ms: atMs })
      .where('device', '=', device)
      .where('state', 'in', ['running', 'unproven'])
      .where('secret', '!=', '')
      .where('secret_hash', '=', hanging)
      .returningAll()
      .executeTakeFirst();
    if (!changed) return;
    this.#deps.told.used(device);
    const found = await findDevice(tx, COUNTRY, device);
    if (!found) return;
    const { jurisdiction } = found;
    const after = { change: changed.id, state: 'changed' };
    const subject = `device/${device}`;
    const { caller } = changed;
    await recordAudit(tx, { caller, action: 'device.secret-changed', subject, jurisdiction, after, atMs });
  }

  /** Deletes what is too old; returns how many, so that the caller may go on. */
  async prune(nowMs: number): Promise<number> {
    const old = this.#deps.database.tables<SecretTables>().deleteFrom('secret_change');
    const gone = await old
      .where('ended_ms', '<', nowMs - KEPT_MS)
      .where('secret', '=', '')
      .executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  /** Whether a device has come with its new secret already, which may not be written down yet. */
  #isUsed(device: DeviceId): boolean {
    return this.#deps.directory.get(device)?.oldSecret?.untilMs === 0;
  }

  async #row(id: string): Promise<SecretRow | null> {
    const rows = this.#deps.database.tables<SecretTables>().selectFrom('secret_change').selectAll();
    return (await rows.where('id', '=', id).executeTakeFirst()) ?? null;
  }

  async #giveUp(row: SecretRow, problem: SecretProblem): Promise<SecretRow | null> {
    const { database, ownership, clock } = this.#deps;
    await ownership.transaction(database, WHAT, async (tx) => {
      const ended = { state: 'unproven' as const, problem, ended_ms: clock.nowMs() };
      const change = tx.tables<SecretTables>().updateTable('secret_change').set(ended);
      await change.where('id', '=', row.id).where('ended_ms', 'is', null).execute();
    });
    this.#prompted.delete(row.id);
    return await this.#row(row.id);
  }

  async #refusal(tx: Tables, { id, state, kind }: SecretTables['position']): Promise<SecretRefusal | null> {
    if (state === 'retired' || state === 'planned') {
      return { problem: 'not-there', detail: `The device is ${state}: nothing hangs there that could be told.` };
    }
    if (!this.takes(kind)) {
      const detail = `A ${kind} takes no secret by command: fetch one for it ({"of":"secret"}), or let it renew it.`;
      return { problem: 'no-command', detail };
    }
    const rows = tx.tables<SecretTables>().selectFrom('secret_change').select('id').where('device', '=', id);
    const open = await rows.where('ended_ms', 'is', null).executeTakeFirst();
    return open ? { problem: 'under-way', detail: 'A new secret is on its way to it already.' } : null;
  }

  async #insert(tx: Tables, caller: Caller, position: SecretTables['position']): Promise<SecretRow> {
    const { clock, kinds, vault, hasher, commands, told } = this.#deps;
    const { id: device, kind, jurisdiction } = position;
    const db = tx.tables<SecretTables>();
    const id = randomUUID();
    const before = await this.#unproven(tx, device);
    const secret = before ?? newSecret();
    told.add(device, secret);
    const atMs = clock.nowMs();
    const deadlineAtMs = atMs + kinds.latest(kind)!.commands.get(SET_SECRET)!.timeoutS * 1000;
    const identity = { id: device, kind, kindVersion: kinds.currentVersion(kind), jurisdiction };
    const said = { name: SET_SECRET, args: { secret }, deadlineAtMs };
    const row: SecretRow = {
      id,
      device,
      caller,
      command: await commands.add(tx, caller, identity, said),
      secret_hash: hasher.hash(secret),
      secret: vault.seal(secret, sealOwnerOf(id)),
      state: 'running',
      problem: null,
      began_ms: atMs,
      deadline_ms: deadlineAtMs,
      ended_ms: null,
    };
    await db
      .insertInto('secret_change')
      .values({ ...row, caller: jsonb(caller) })
      .execute();
    if (before === null) {
      const isPresentUsed = this.#isUsed(device);
      const { secret_hash: secretHash } = row;
      await replaceSecret(tx, clock, { device, secretHash, overlapMs: UNTIL_USED_MS, isPresentUsed });
    }
    const raised = { version: position.version + 1, updated_at_ms: atMs };
    await db.updateTable('position').set(raised).where('id', '=', device).execute();
    await enqueueWork(tx, clock, [{ queue: SECRET_CHANGES_QUEUE, key: id, dueAtMs: atMs + LOOKS.firstMs }]);
    const after = { change: id, by: 'command' };
    const subject = `device/${device}`;
    await recordAudit(tx, { caller, action: 'device.rotate-secret', subject, jurisdiction, after, atMs });
    return row;
  }

  /** What the device was perhaps told before and has not used: it may have it, so it is told the same once more. */
  async #unproven(tx: Tables, device: DeviceId): Promise<string | null> {
    const db = tx.tables<SecretTables>();
    const rows = db.selectFrom('secret_change').selectAll().where('device', '=', device);
    const row = await rows.where('state', '=', 'unproven').where('secret', '!=', '').executeTakeFirst();
    if (!row) return null;
    await db.updateTable('secret_change').set({ secret: '' }).where('id', '=', row.id).execute();
    return this.#deps.vault.open(row.secret, sealOwnerOf(row.id));
  }
}

function problemOf(state: string, sends: number): SecretProblem {
  if (state === 'failed') return 'refused';
  if (state === 'answered') return 'not-used';
  return sends === 0 ? 'away' : 'no-answer';
}
