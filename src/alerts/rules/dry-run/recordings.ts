import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type Clock, DAY_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, jsonb, sql, type Tables } from '../../../platform/database/database.ts';
import { newestFirst } from '../../../platform/database/newest-first.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { parseRecordedLine, type RecordedLine, type RecordedPiece, readRecordedFile } from './recorded-file.ts';
import { seesTheSame } from './same-area.ts';
import type { DryRunTables, RecordingRow } from './tables.ts';

/** Files of one person that are kept at the same time, and of all. */
const PER_CALLER_MAX = 5;
const KEPT_MAX = 64;
const KEPT_MS = 7 * DAY_MS;

const zip = promisify(gzip);
const unzip = promisify(gunzip);

export interface RecordingsDeps {
  database: Database;
  clock: Clock;
}

/** A recorded file as it is shown. */
export interface Recording {
  id: string;
  lines: number;
  bytes: number;
  /** Receipt of its first line and of its last, Unix ms. */
  fromMs: number;
  toMs: number;
  createdAtMs: number;
  /** It is deleted then. */
  untilMs: number;
}

interface Zipped {
  line: number;
  zipped: Buffer;
}

/** Recorded files that drafts are tried on. Only who sent one, with the same area, sees it, uses it and deletes it. */
export class Recordings {
  readonly #deps: RecordingsDeps;

  constructor(deps: RecordingsDeps) {
    this.#deps = deps;
  }

  /**
   * Keeps a file for 7 days. All of it or nothing: a line that is wrong refuses it. Errors: `request.invalid` naming
   * lines and fields, `request.too-large`, `conflict.state` while enough others are kept.
   */
  async keep(caller: Caller, bytes: Buffer): Promise<Recording> {
    const { database, clock } = this.#deps;
    const pieces: Zipped[] = [];
    const file = readRecordedFile(bytes);
    let read = file.next();
    // Others have their turn while a piece is packed.
    for (; !read.done; read = file.next()) pieces.push(await zipped(read.value));
    const { fromMs, toMs, ...sizes } = read.value;
    const row: RecordingRow = {
      id: randomUUID(),
      caller,
      caller_id: caller.id,
      ...sizes,
      from_ms: fromMs,
      to_ms: toMs,
      created_at_ms: clock.nowMs(),
    };
    await database.transaction(async (tx) => {
      // Those who send at the same moment take turns.
      await sql`lock table rule_recording in share row exclusive mode`.execute(tx.tables());
      await refuseTooMany(tx, caller);
      const db = tx.tables<DryRunTables>();
      await db
        .insertInto('rule_recording')
        .values({ ...row, caller: jsonb(caller) })
        .execute();
      for (const [at, piece] of pieces.entries()) {
        await db
          .insertInto('rule_recording_piece')
          .values({ recording: row.id, at, ...piece })
          .execute();
      }
      await this.#audit(tx, caller, row, 'rule-recording.keep');
    });
    return shown(row);
  }

  /** Errors: `not-found`, also for what another sent, or the same person with another area. */
  async get(caller: Caller, id: string): Promise<Recording> {
    return shown(await ownRecording(this.#deps.database, caller, id));
  }

  /** Those of the caller, newest first. */
  async list(
    caller: Caller,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: Recording[]; next: string | null }> {
    const { database } = this.#deps;
    const last = after === undefined ? null : await ownRecording(database, caller, after);
    const all = database.tables<DryRunTables>().selectFrom('rule_recording').selectAll();
    const { rows, next } = await newestFirst(all.where('caller_id', '=', caller.id), { limit, last });
    return { items: rows.filter((row) => seesTheSame(caller, row.caller)).map(shown), next };
  }

  /** A dry run that goes on over it ends as called off. Errors: `not-found`. */
  async remove(caller: Caller, id: string): Promise<void> {
    await this.#deps.database.transaction(async (tx) => {
      const row = await ownRecording(tx, caller, id);
      await tx.tables<DryRunTables>().deleteFrom('rule_recording').where('id', '=', id).execute();
      await this.#audit(tx, caller, row, 'rule-recording.delete');
    });
  }

  /** Its lines in order, piece by piece; ends early where it is deleted meanwhile. */
  async *lines(id: string): AsyncGenerator<RecordedLine[]> {
    for (let at = 0; ; at += 1) {
      const pieces = this.#deps.database.tables<DryRunTables>().selectFrom('rule_recording_piece').selectAll();
      const piece = await pieces.where('recording', '=', id).where('at', '=', at).executeTakeFirst();
      if (!piece) return;
      const texts = (await unzip(piece.zipped)).toString('utf8').split('\n');
      yield texts.flatMap((text, index) => (text === '' ? [] : [readAgain(text, piece.line + index)]));
    }
  }

  /** Whether it is kept still. */
  async has(id: string): Promise<boolean> {
    const rows = this.#deps.database.tables<DryRunTables>().selectFrom('rule_recording').select('id');
    return (await rows.where('id', '=', id).executeTakeFirst()) !== undefined;
  }

  /** Deletes those that are too old; returns how many. */
  async prune(nowMs: number): Promise<number> {
    const old = this.#deps.database.tables<DryRunTables>().deleteFrom('rule_recording');
    const gone = await old.where('created_at_ms', '<', nowMs - KEPT_MS).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  async #audit(tx: Tables, caller: Caller, { id, lines, bytes }: RecordingRow, action: string) {
    const atMs = this.#deps.clock.nowMs();
    const { jurisdiction } = caller;
    const subject = `rule-recording/${id}`;
    await recordAudit(tx, { caller, action, subject, jurisdiction, after: { lines, bytes }, atMs });
  }
}

async function refuseTooMany(tables: Tables, caller: Caller): Promise<void> {
  const rows = tables.tables<DryRunTables>().selectFrom('rule_recording');
  const kept = await rows
    .select(({ fn }) => [fn.countAll<string>().as('all')])
    .select(sql<string>`count(*) filter (where caller_id = ${caller.id})`.as('theirs'))
    .executeTakeFirstOrThrow();
  const isFull = Number(kept.all) >= KEPT_MAX;
  if (!isFull && Number(kept.theirs) < PER_CALLER_MAX) return;
  const detail = isFull
    ? `${KEPT_MAX} recorded files are kept, which is as many as may be: wait until one is 7 days old, or is deleted.`
    : `${PER_CALLER_MAX} recorded files of yours are kept: delete one.`;
  throw new CitywatchError('conflict.state', { detail });
}

/** Errors: `not-found`. */
export async function ownRecording(tables: Tables, caller: Caller, id: string): Promise<RecordingRow> {
  const all = tables.tables<DryRunTables>().selectFrom('rule_recording').selectAll();
  const row = await all.where('id', '=', id).where('caller_id', '=', caller.id).executeTakeFirst();
  if (!row || !seesTheSame(caller, row.caller)) throw new CitywatchError('not-found');
  return row;
}

async function zipped({ line, texts }: RecordedPiece): Promise<Zipped> {
  return { line, zipped: await zip(texts.join('\n')) };
}

function readAgain(text: string, line: number): RecordedLine {
  const parsed = parseRecordedLine(text, line);
  if ('issues' in parsed) throw new Error(`line ${line} of a recorded file was good when it was kept`);
  return parsed;
}

function shown(row: RecordingRow): Recording {
  const { id, lines, bytes, from_ms: fromMs, to_ms: toMs, created_at_ms: createdAtMs } = row;
  return { id, lines, bytes, fromMs, toMs, createdAtMs, untilMs: createdAtMs + KEPT_MS };
}
