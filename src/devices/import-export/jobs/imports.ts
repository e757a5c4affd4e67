import { createHash, randomUUID } from 'node:crypto';
import { DAY_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import type { Caller, DeviceId } from '../../../core/types.ts';
import { jsonb } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../../platform/work/work.ts';
import type { RowVerdict } from '../apply.ts';
import { dryRun } from '../dry-run.ts';
import { inOrderOfNaming } from '../order.ts';
import { readLines } from '../reading/read-lines.ts';
import { TABLE_LIMITS } from '../reading/table.ts';
import { type Sheet, sheetOf } from '../sheet.ts';
import { batchOf, type Counts, ImportList, type ImportStatus } from './import-list.ts';
import { type Step, stepImport } from './import-run.ts';
import { type ImportMode, type ImportTables, insertRows, moveBatch, secretOf } from './import-table.ts';
import { stepUndo, type UndoDeps } from './undo-run.ts';

export const IMPORT_QUEUE = 'imports';

/** Imports are kept so long, and can be undone. */
const KEPT_MS = 90 * DAY_MS;
/** And the secrets of new devices, where nobody takes them away. */
const SECRETS_KEPT_MS = 7 * DAY_MS;
/** One turn of the worker; its claim is worth a minute. */
const TURN_MS = 15_000;
/** How soon another one's transaction is looked at again. */
const BUSY_MS = 1_000;

export interface ImportsDeps extends UndoDeps {
  /** After a commit: there is work in this queue. */
  ring(queue: string): void;
}

export interface ImportInput {
  file: Buffer;
  fileName: string | null;
  mode: ImportMode;
}

export interface DryRun extends Pick<Sheet, 'columns' | 'unknownColumns'> {
  counts: Counts;
  items: RowVerdict[];
}

/** Devices from spreadsheets: what a file would do, jobs that do it, and their undoing. */
export class Imports {
  /** What became of imports. */
  readonly list: ImportList;
  readonly #deps: ImportsDeps;

  constructor(deps: ImportsDeps) {
    this.#deps = deps;
    this.list = new ImportList(deps.database);
  }

  /** What would become of each row; writes nothing. Errors: `request.invalid`, `request.too-large` for the file. */
  async dryRun(caller: Caller, file: Buffer): Promise<DryRun> {
    const { rows, columns, unknownColumns } = sheetOf(await readLines(file, TABLE_LIMITS));
    const items = await dryRun(this.#deps.database, this.#deps.registry, { caller, rows });
    const counts = { create: 0, change: 0, same: 0, error: 0 };
    for (const { verdict } of items) counts[verdict] += 1;
    return { columns, unknownColumns, counts, items };
  }

  /** Takes a file; its rows are applied after this. Errors as of {@link dryRun}. */
  async start(caller: Caller, { file, fileName, mode }: ImportInput): Promise<ImportStatus> {
    const { rows, unknownColumns } = sheetOf(await readLines(file, TABLE_LIMITS));
    const { database, clock, seal, ring } = this.#deps;
    const id = randomUUID();
    const atMs = clock.nowMs();
    const file_hash = createHash('sha256').update(file).digest('hex');
    const { jurisdiction } = caller;
    await database.transaction(async (tx) => {
      const batches = tx.tables<ImportTables>().insertInto('import_batch');
      const batch = batches.values({
        id,
        caller: jsonb(caller),
        undo_caller: null,
        jurisdiction,
        file_name: fileName,
        file_hash,
        change: null,
        mode,
        state: 'waiting',
        row_count: rows.length,
        unknown_columns: unknownColumns,
        created_at_ms: atMs,
        ended_at_ms: null,
        secrets_taken_at_ms: null,
        secrets_taken_by: null,
      });
      await batch.execute();
      await insertRows(tx, seal, id, inOrderOfNaming(rows));
      await enqueueWork(tx, clock, [{ queue: IMPORT_QUEUE, key: id }]);
      const after = { fileName, fileHash: file_hash, mode, rows: rows.length };
      await recordAudit(tx, { caller, action: 'import.start', subject: `import/${id}`, jurisdiction, after, atMs });
    });
    ring(IMPORT_QUEUE);
    return await this.list.get(caller, id);
  }

  /**
   * What new devices prove themselves by; given once, to whoever sent the file. Errors: `not-found`, `auth.forbidden`,
   * `conflict.state` where they were taken before, or the import is not over.
   */
  async takeSecrets(caller: Caller, id: string): Promise<{ id: DeviceId; secret: string }[]> {
    const { database, clock, seal } = this.#deps;
    return await database.transaction(async (tx) => {
      const { caller: owner, jurisdiction, ...batch } = await batchOf(tx, caller, id, 'for update');
      if (owner.type !== caller.type || owner.id !== caller.id) {
        throw new CitywatchError('auth.forbidden', { detail: 'Secrets are given to whoever sent the file.' });
      }
      if (batch.state !== 'done') throw new CitywatchError('conflict.state', { detail: 'The import is not over.' });
      if (batch.secrets_taken_at_ms !== null) {
        const at = new Date(batch.secrets_taken_at_ms).toISOString();
        const detail = `They were given to ${batch.secrets_taken_by} at ${at}; rotate those that are lost.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      const waiting = tx
        .tables<ImportTables>()
        .selectFrom('import_row')
        .select(['batch', 'number', 'device', 'secret']);
      const rows = await waiting.where('batch', '=', id).where('secret', 'is not', null).orderBy('line').execute();
      const secrets = rows.map((row) => ({ id: row.device!, secret: secretOf(seal, row) }));
      await tx.tables<ImportTables>().updateTable('import_row').set({ secret: null }).where('batch', '=', id).execute();
      const atMs = clock.nowMs();
      await moveBatch(tx, id, { secrets_taken_at_ms: atMs, secrets_taken_by: caller.name });
      const after = { devices: secrets.length };
      const entry = { caller, action: 'import.take-secrets', subject: `import/${id}`, jurisdiction, after, atMs };
      await recordAudit(tx, entry);
      return secrets;
    });
  }

  /** Begins to undo an import that is done. Errors: `not-found`, `conflict.state`. */
  async undo(caller: Caller, id: string): Promise<ImportStatus> {
    const { database, clock, ring } = this.#deps;
    await database.transaction(async (tx) => {
      const { state, jurisdiction } = await batchOf(tx, caller, id, 'for update');
      if (state !== 'done') {
        throw new CitywatchError('conflict.state', {
          detail: `Only an import that is done is undone; this is ${state}.`,
        });
      }
      await moveBatch(tx, id, { state: 'undoing', undo_caller: caller, ended_at_ms: null });
      await enqueueWork(tx, clock, [{ queue: IMPORT_QUEUE, key: id }]);
      const atMs = clock.nowMs();
      await recordAudit(tx, { caller, action: 'import.undo', subject: `import/${id}`, jurisdiction, atMs });
    });
    ring(IMPORT_QUEUE);
    return await this.list.get(caller, id);
  }

  /** Goes on with an import or its undoing for a while. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + TURN_MS;
    let step: Step = 'more';
    while (step === 'more' && !signal.aborted && clock.monotonicMs() < untilMs) {
      const imported = await stepImport(this.#deps, id);
      step = imported === 'done' ? await stepUndo(this.#deps, id) : imported;
    }
    if (step === 'done') return DONE;
    return { again: { atMs: clock.nowMs() + (step === 'busy' ? BUSY_MS : 0) } };
  }

  /** Removes what is past its time. */
  async purge(nowMs: number): Promise<void> {
    const db = this.#deps.database.tables<ImportTables>();
    await db
      .deleteFrom('import_batch')
      .where('created_at_ms', '<', nowMs - KEPT_MS)
      .execute();
    const old = db
      .selectFrom('import_batch')
      .select('id')
      .where('ended_at_ms', '<', nowMs - SECRETS_KEPT_MS);
    const rows = db.updateTable('import_row').set({ secret: null }).where('batch', 'in', old);
    await rows.where('secret', 'is not', null).execute();
  }
}
