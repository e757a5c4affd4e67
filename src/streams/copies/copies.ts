import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudits } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import type { ExportFile, RecordingExport } from '../exports/export.ts';
import { exportOf, filesOf } from '../exports/export-table.ts';
import { Tar } from '../exports/tar.ts';
import { BoxError } from '../fmp4/boxes.ts';
import { StreamFailure, type View } from '../pool/types.ts';
import type { Burner, Piece } from './burner.ts';
import { CopyFiles } from './copy-files.ts';
import { addCopy, changeCopy, copiesOf, copyOf, countMaking } from './copy-table.ts';
import { type LetterFile, Letters } from './letters.ts';
import { piecesOf } from './pieces.ts';
import type { Coded } from './sound-beside.ts';
import { aboutOf, textOf, type ViewingCopy } from './viewing-copy.ts';

export interface ViewingCopiesDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  burner: Pick<Burner, 'burn'>;
  /** A file with letters for Chinese on this machine; null where there is none. */
  letters(): Promise<LetterFile | null>;
  /** Where exports are: a copy is made in the folder of its export, and goes with it. */
  directory: string;
  /** Free bytes of the disk of a directory. */
  freeBytes(directory: string): Promise<number>;
  /** How the area or the agency that somebody belongs to is called. */
  unitOf(caller: Caller): string;
  /** Enters a look into the access register before the first byte. */
  register(view: View): Promise<void>;
}

/** Work on viewing copies; the key is the id. */
export const COPIES_QUEUE = 'viewing-copies';
const MAKING_MAX = 8;
const LETTER_SIZE = 20;
/** A claim of work is worth a minute; what is made goes on behind it. */
const TURN_MS = 15_000;
const AGAIN_MS = 1_000;
/** What the coder may write for a second, twice: as pieces, and as videos. */
const BYTES_PER_S = 2 * 400_000;
/** Left free for what is recorded. */
const RESERVE_BYTES = 4 * 1024 ** 3;

/**
 * Copies of exports for looking at: coded anew and smaller, with who they are for, why, and the time of day burned into
 * each picture. They prove nothing and say so; the export stays as it is. The right to each camera is checked before.
 */
export class ViewingCopies {
  readonly #deps: ViewingCopiesDeps;
  readonly #making = new Map<string, { made: Promise<void>; stop: AbortController }>();

  constructor(deps: ViewingCopiesDeps) {
    this.#deps = deps;
  }

  /**
   * Asks for a copy of an export that is ready. Errors: `not-found`, `conflict.state`, `store.full`, `labels.no-font`
   * where this machine has no letters for Chinese.
   */
  async ask(caller: Caller, exportId: string): Promise<ViewingCopy> {
    const { database, clock, unitOf } = this.#deps;
    const made = await this.#exportReady(exportId);
    await this.#letters();
    const files = await filesOf(database, exportId, 'all').then(copied);
    await this.#refuseTooMuch(files);
    const { type, id, name } = caller;
    const copy: ViewingCopy = {
      id: randomUUID(),
      export: exportId,
      by: { type, id, name },
      unit: unitOf(caller),
      askedAtMs: clock.nowMs(),
      state: 'making',
      detail: null,
      files: files.length,
      filesDone: 0,
      bytes: 0,
    };
    await database.transaction(async (tx) => {
      if ((await countMaking(tx)) >= MAKING_MAX) {
        throw new CitywatchError('conflict.state', { detail: `${MAKING_MAX} copies are being made: wait for one.` });
      }
      await addCopy(tx, copy);
      await enqueueWork(tx, clock, [{ queue: COPIES_QUEUE, key: copy.id }]);
      await recordAudits(tx, entriesOf(caller, 'recording.viewing-copy', { made, copy, atMs: clock.nowMs() }));
    });
    return copy;
  }

  /** Of an export, the newest first. */
  of(exportId: string): Promise<ViewingCopy[]> {
    return copiesOf(this.#deps.database, exportId);
  }

  /** Errors: `not-found`, also for a copy of another export. */
  async one(exportId: string, id: string): Promise<ViewingCopy> {
    const copy = await copyOf(this.#deps.database, id);
    if (copy?.export !== exportId) throw new CitywatchError('not-found');
    return copy;
  }

  /** Ends a copy, whatever it is, and removes its files. Errors: `not-found`, `conflict.state`. */
  async remove(caller: Caller, exportId: string, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    const copy = await this.one(exportId, id);
    const made = (await exportOf(database, exportId))!;
    await database.transaction(async (tx) => {
      if (!(await changeCopy(tx, id, ['making', 'ready', 'failed'], { state: 'removed' }))) {
        throw new CitywatchError('conflict.state', { detail: 'It is removed already.' });
      }
      await recordAudits(tx, entriesOf(caller, 'recording.viewing-copy-remove', { made, copy, atMs: clock.nowMs() }));
    });
    const making = this.#making.get(id);
    making?.stop.abort(new Error('it is removed'));
    await making?.made;
    await rm(this.#folder(copy), { recursive: true, force: true });
  }

  /** The archive of a copy, once the looks are registered. Errors: `conflict.state`, `not-found`. */
  async archive(
    exportId: string,
    id: string,
    views: readonly View[],
  ): Promise<{ name: string; tar: Pick<Tar, 'bytes' | 'read'> }> {
    const copy = await this.one(exportId, id);
    await this.#exportReady(exportId);
    if (copy.state !== 'ready') throw new CitywatchError('conflict.state', { detail: 'It is not ready.' });
    for (const view of views) await this.#deps.register(view);
    const folder = this.#folder(copy);
    const files = await new CopyFiles(folder).list().catch((cause: unknown) => {
      throw new CitywatchError('conflict.state', { detail: 'It is gone: ask for it again.', cause });
    });
    const entries = files.map(({ path, bytes }) => ({
      name: `viewing-copy-${id}/${path}`,
      bytes,
      path: join(folder, path),
    }));
    return { name: `viewing-copy-${id}.tar`, tar: new Tar(entries, copy.askedAtMs) };
  }

  /** Handler of {@link COPIES_QUEUE}: what is made goes on while it waits; after a kill with the file it was at. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock } = this.#deps;
    const copy = await copyOf(database, id);
    if (copy?.state !== 'making') return DONE;
    const making = this.#making.get(id) ?? this.#begin(copy);
    const patience = new AbortController();
    await Promise.race([making.made, clock.sleep(TURN_MS, patience.signal)]);
    patience.abort();
    const now = await copyOf(database, id);
    return now?.state === 'making' ? { again: { atMs: clock.nowMs() + AGAIN_MS } } : DONE;
  }

  /** Stops what is being made; the next start goes on with it. */
  async stop(): Promise<void> {
    for (const { stop } of this.#making.values()) stop.abort(new Error('the server is being stopped'));
    await Promise.all([...this.#making.values()].map(({ made }) => made));
  }

  #begin(copy: ViewingCopy): { made: Promise<void>; stop: AbortController } {
    const stop = new AbortController();
    const made = this.#make(copy, stop.signal)
      .catch((error: unknown) => this.#failed(copy, error, stop.signal))
      .finally(() => this.#making.delete(copy.id));
    const making = { made, stop };
    this.#making.set(copy.id, making);
    return making;
  }

  async #make(copy: ViewingCopy, signal: AbortSignal): Promise<void> {
    const { database } = this.#deps;
    const made = await exportOf(database, copy.export);
    if (made?.state !== 'ready') throw new CitywatchError('conflict.state', { detail: 'Its export is removed.' });
    const all = await filesOf(database, copy.export, 'all').then(copied);
    const files = new CopyFiles(this.#folder(copy));
    const done = await files.start();
    const text = textOf(copy, made);
    const letters = await Letters.open(await this.#letters(), LETTER_SIZE);
    for (const file of all) {
      if (!done.has(file.number)) await this.#burn(files, file, { copy, letters, text, signal });
      done.add(file.number);
      await changeCopy(database, copy.id, ['making'], { filesDone: done.size });
    }
    await files.about(aboutOf(copy, made, text));
    const videos = await files.join(all);
    signal.throwIfAborted();
    const bytes = videos.reduce((sum, video) => sum + video.bytes, 0);
    await changeCopy(database, copy.id, ['making'], { state: 'ready', bytes });
    await files.tidy();
  }

  async #burn(files: CopyFiles, file: ExportFile, { copy, letters, text, signal }: Burning): Promise<void> {
    const path = join(this.#deps.directory, copy.export, file.path);
    let number = 0;
    for await (const piece of piecesOf(path, file.startsAtMs)) {
      await files.piece(file.number, number, await this.#burnPiece(piece, { letters, text }, signal));
      number += 1;
    }
    await files.done(file.number);
  }

  /** An ffmpeg that was killed, or lost with what starts it, says nothing of the piece: it has another try. */
  async #burnPiece(piece: Piece, who: { letters: Letters; text: string }, signal: AbortSignal): Promise<Coded> {
    try {
      return await this.#deps.burner.burn(piece, who, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof StreamFailure)) throw error;
      return await this.#deps.burner.burn(piece, who, signal);
    }
  }

  /** What may be better soon is tried again; what never will be has failed. */
  async #failed(copy: ViewingCopy, error: unknown, signal: AbortSignal): Promise<void> {
    const { database, observer } = this.#deps;
    if (signal.aborted) return;
    observer.log.warn({ part: 'copies', copy: copy.id, error: messageOf(error) }, 'a viewing copy was not made');
    const isForGood = error instanceof StreamFailure || error instanceof BoxError || error instanceof CitywatchError;
    if (!isForGood || (error instanceof CitywatchError && error.code === 'stream.full')) return;
    await changeCopy(database, copy.id, ['making'], { state: 'failed', detail: messageOf(error) }).catch(() => {});
    await rm(this.#folder(copy), { recursive: true, force: true });
  }

  async #exportReady(id: string): Promise<RecordingExport> {
    const made = await exportOf(this.#deps.database, id);
    if (!made) throw new CitywatchError('not-found');
    const isOver = (made.expiresAtMs ?? Number.POSITIVE_INFINITY) <= this.#deps.clock.nowMs();
    if (made.bundle) throw new CitywatchError('conflict.state', { detail: 'A bundle of an alert has no such copies.' });
    if (made.state === 'ready' && !isOver) return made;
    throw new CitywatchError('conflict.state', { detail: 'The export is not ready, or no longer.' });
  }

  async #letters(): Promise<LetterFile> {
    const letters = await this.#deps.letters();
    if (letters) return letters;
    const detail =
      'The names in the picture need a font with Chinese letters on the machine of the gateway: install one there ' +
      '(Debian: apt-get install fonts-wqy-microhei fontconfig).';
    throw new CitywatchError('labels.no-font', { detail });
  }

  async #refuseTooMuch(files: readonly ExportFile[]): Promise<void> {
    const lengthMs = files.reduce((sum, { startsAtMs, endsAtMs }) => sum + endsAtMs - startsAtMs, 0);
    const room = (await this.#deps.freeBytes(this.#deps.directory)) - RESERVE_BYTES;
    if (room >= (lengthMs / 1_000) * BYTES_PER_S) return;
    throw new CitywatchError('store.full', { detail: 'The disk of exports has no room for the copy.' });
  }

  #folder({ id, export: made }: ViewingCopy): string {
    return join(this.#deps.directory, made, `viewing-${id}`);
  }
}

interface Burning {
  copy: ViewingCopy;
  letters: Letters;
  text: string;
  signal: AbortSignal;
}

function copied(files: readonly ExportFile[]): ExportFile[] {
  return files.filter(({ state }) => state === 'copied');
}

interface Told {
  made: RecordingExport;
  copy: ViewingCopy;
  atMs: number;
}

function entriesOf(caller: Caller, action: string, { made, copy, atMs }: Told) {
  return made.cameras.map(({ id, jurisdiction }) => ({
    caller,
    action,
    subject: `device/${id}`,
    jurisdiction,
    before: null,
    after: { export: made.id, copy: copy.id, purpose: made.purpose, case: made.case },
    atMs,
  }));
}
