import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { Signer } from '../../platform/records/signing.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { View } from '../pool/types.ts';
import type { GapTable } from '../recordings/gap-table.ts';
import type { PinInput } from '../recordings/pins.ts';
import type { Recordings } from '../recordings/recordings.ts';
import { copyRecording, type FileReader } from './copy.ts';
import type { ExportAsked, ExportCamera, RecordingExport } from './export.ts';
import { exportHoles, filesToCopy } from './export-plan.ts';
import { actorOf, auditExport, beginExport, KEPT_MS, PINNED_MS, refuseTooMany, roomFor } from './export-steps.ts';
import {
  addExport,
  changeExport,
  endFile,
  exportOf,
  exportsOf,
  exportsPast,
  filesOf,
  forgetExports,
} from './export-table.ts';
import { recordingManifest } from './manifest.ts';
import { archiveOf, writeProof } from './proof.ts';
import type { Tar } from './tar.ts';

/** Keeps recordings of a time, whatever their class says. */
interface PinsPort {
  add(caller: Caller, of: Pick<DeviceIdentity, 'id' | 'jurisdiction'>, pin: PinInput): Promise<unknown>;
}

/** What is asked for, before anybody has looked up how its cameras are called. */
export type Unnamed = Omit<ExportAsked, 'cameras'> & { cameras: Omit<ExportCamera, 'name'>[] };

export interface ExportsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  recordings: Pick<Recordings, 'within'>;
  gaps: Pick<GapTable, 'within'>;
  pins: PinsPort;
  /** Who reads the disks of recordings. */
  readers(): readonly FileReader[];
  /** Where exports are made; nothing else may be kept there. */
  directory: string;
  /** Free bytes of the disk of a directory. */
  freeBytes(directory: string): Promise<number>;
  signer: Signer;
  /** Whether another person has to approve an export before anything is copied. */
  needsApproval: boolean;
  /** Those of `ids` behind whom the same person stands as behind `id`. */
  samePersonAmong(tables: Tables, id: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** How devices are called. */
  namesOf(ids: DeviceId[]): Promise<ReadonlyMap<DeviceId, { name: string }>>;
  /** Enters a look into the access register before the first byte. */
  register(view: View): Promise<void>;
}

/** How long the row of an export is kept. */
const ROW_KEPT_MS = 365 * DAY_MS;
const SPAN_MAX_MS = 7 * DAY_MS;
const GiB = 1024 ** 3;
const BYTES_MAX = 64 * GiB;
const UNFINISHED_MAX = 8;
const LISTED_MAX = 200;
/** A claim of work is worth a minute; then it goes on with the next. */
const TURN_MS = 15_000;

/**
 * Exports of recordings: copies of the files as they were recorded, with a manifest that says what they are, why they
 * were taken, and what is missing, signed by the key of the gateway. The right to each camera is checked before.
 */
export class RecordingExports {
  readonly #deps: ExportsDeps;

  constructor(deps: ExportsDeps) {
    this.#deps = deps;
  }

  /** The public key, for those who verify. */
  get publicKey(): { id: string; pem: string } {
    const { keyId, publicPem } = this.#deps.signer;
    return { id: keyId, pem: publicPem };
  }

  /**
   * Asks for an export. Errors: `request.invalid` for a time that is too long or too much, `not-found` where nothing
   * was recorded, `store.full` where the disk has no room, `conflict.state` while too many are under way.
   */
  async ask(caller: Caller, { cameras: unnamed, ...rest }: Unnamed): Promise<RecordingExport> {
    const { database, clock, needsApproval } = this.#deps;
    const atMs = clock.nowMs();
    const names = await this.#deps.namesOf(unnamed.map(({ id }) => id));
    const cameras = unnamed.map((camera) => ({ ...camera, name: names.get(camera.id)?.name ?? camera.id }));
    const asked: ExportAsked = { cameras, ...rest };
    if (asked.toMs > atMs) throw invalid('to', 'is still to come: only what was recorded can be taken away');
    if (asked.toMs - asked.fromMs > SPAN_MAX_MS) throw invalid('to', 'is too late: seven days at most at once');
    const files = await filesToCopy(this.#deps.recordings, asked);
    if (files.length === 0) throw new CitywatchError('not-found', { detail: 'Nothing was recorded in this time.' });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    await this.#refuseTooMuch(bytes);
    await refuseTooMany(database, 'recordings', UNFINISHED_MAX);
    const made: RecordingExport = {
      ...asked,
      id: randomUUID(),
      by: actorOf(caller),
      askedAtMs: atMs,
      approved: null,
      state: needsApproval ? 'asked' : 'copying',
      detail: null,
      bytes,
      manifestSha256: null,
      expiresAtMs: null,
      bundle: null,
    };
    await this.#pin(caller, made);
    await database.transaction(async (tx) => {
      await refuseTooMany(tx, 'recordings', UNFINISHED_MAX);
      await addExport(tx, made, files);
      if (!needsApproval) await beginExport(tx, clock, made);
      await auditExport(tx, { caller, made, atMs });
    });
    return made;
  }

  /** Approves an export. Errors: `auth.forbidden` for who asked for it, `conflict.state`, `not-found`. */
  async approve(caller: Caller, id: string): Promise<RecordingExport> {
    const made = await this.one(id);
    const { database, samePersonAmong } = this.#deps;
    if ((await samePersonAmong(database, caller.id, [made.by.id])).size > 0) {
      throw new CitywatchError('auth.forbidden', {
        detail: 'Another person than the one who asked has to approve it, and not by a token of theirs.',
      });
    }
    const approved = { ...actorOf(caller), atMs: this.#deps.clock.nowMs() };
    await database.transaction(async (tx) => {
      if (!(await changeExport(tx, id, ['asked'], { state: 'copying', approved }))) {
        throw new CitywatchError('conflict.state', { detail: 'It does not wait for approval.' });
      }
      await beginExport(tx, this.#deps.clock, made);
      await auditExport(tx, { caller, made, step: 'approve', atMs: approved.atMs });
    });
    return await this.one(id);
  }

  /** Ends an export, whatever it is, and removes its copy. */
  async remove(caller: Caller, id: string): Promise<void> {
    const made = await this.one(id);
    await this.#deps.database.transaction(async (tx) => {
      const states = ['asked', 'copying', 'ready', 'failed'] as const;
      if (!(await changeExport(tx, id, states, { state: 'removed' }))) {
        throw new CitywatchError('conflict.state', { detail: 'It is removed already.' });
      }
      await auditExport(tx, { caller, made, step: 'remove', atMs: this.#deps.clock.nowMs() });
    });
    await rm(this.#folder(id), { recursive: true, force: true });
  }

  /** Errors: `not-found`. */
  async one(id: string): Promise<RecordingExport> {
    const made = await exportOf(this.#deps.database, id);
    if (!made) throw new CitywatchError('not-found');
    return made;
  }

  /** The newest of those that may be seen: `seen` picks them. */
  list(seen: (some: RecordingExport[]) => Promise<RecordingExport[]>): Promise<RecordingExport[]> {
    return exportsOf(this.#deps.database, LISTED_MAX, seen);
  }

  /** How much of it is copied. */
  async progress({ id, bundle }: Pick<RecordingExport, 'id' | 'bundle'>): Promise<{ files: number; done: number }> {
    if (bundle) return { files: bundle.files.length, done: bundle.files.length };
    const files = await filesOf(this.#deps.database, id, 'all');
    return { files: files.length, done: files.filter(({ state }) => state !== 'waiting').length };
  }

  /** Enters looks into the access register: one for each camera. */
  async looked(views: readonly View[]): Promise<void> {
    for (const view of views) await this.#deps.register(view);
  }

  /**
   * The archive of an export, once `registered` has resolved, which enters the looks. Errors: `conflict.state` where it
   * is not ready, or its time is over, and those of `registered`.
   */
  async archive(
    id: string,
    registered: () => Promise<void>,
  ): Promise<{ name: string; tar: Pick<Tar, 'bytes' | 'read'> }> {
    const made = await this.one(id);
    const isOver = (made.expiresAtMs ?? Number.POSITIVE_INFINITY) <= this.#deps.clock.nowMs();
    if (made.state !== 'ready' || isOver) {
      const detail = isOver || made.state === 'removed' ? 'Its copy is removed: ask for it again.' : 'It is not ready.';
      throw new CitywatchError('conflict.state', { detail });
    }
    await registered();
    const name = `export-${id}.tar`;
    const { bundle } = made;
    if (bundle) return { name, tar: await archiveOf(made, join(this.#folder(id), bundle.folder), bundle.files) };
    const files = (await filesOf(this.#deps.database, id, 'all')).filter(({ state }) => state === 'copied');
    return { name, tar: await archiveOf(made, this.#folder(id), files) };
  }

  /** Handler of `EXPORTS_QUEUE`: copies for a while, then goes on; after a kill with the file it was at. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock, readers, observer } = this.#deps;
    const made = await exportOf(database, id);
    // What was removed while it was being copied may have left a file.
    if (made?.state === 'removed') await rm(this.#folder(id), { recursive: true, force: true });
    if (made?.state !== 'copying') return DONE;
    const untilMs = clock.monotonicMs() + TURN_MS;
    const waiting = await filesOf(database, id, 'waiting');
    for (const file of waiting) {
      if (clock.monotonicMs() >= untilMs) return { again: { atMs: clock.nowMs() } };
      const became = await copyRecording(readers(), this.#folder(id), file);
      if (became.state !== 'copied') observer.log.warn({ part: 'exports', path: file.path, ...became }, 'not exported');
      await endFile(database, id, { number: file.number, ...became });
    }
    if (waiting.length === 0) await this.#finish(made);
    return waiting.length === 0 ? DONE : { again: { atMs: clock.nowMs() } };
  }

  /** Removes copies whose time is over by `nowMs` (Unix ms, believed), and rows of a year ago. */
  async tidy(nowMs: number): Promise<void> {
    const { database } = this.#deps;
    for (const id of await exportsPast(database, nowMs)) {
      await rm(this.#folder(id), { recursive: true, force: true });
      await changeExport(database, id, ['ready'], { state: 'removed', detail: 'Its time was over.' });
    }
    await forgetExports(database, nowMs - ROW_KEPT_MS);
  }

  async #finish(made: RecordingExport): Promise<void> {
    const { database, clock, signer, gaps } = this.#deps;
    const files = await filesOf(database, made.id, 'all');
    const copied = files.filter(({ state }) => state === 'copied');
    if (copied.length === 0) {
      const detail = 'None of its recordings is on the disk as it was recorded.';
      await changeExport(database, made.id, ['copying'], { state: 'failed', detail });
      return;
    }
    const atMs = clock.nowMs();
    const holes = await exportHoles(gaps, made, files);
    const manifest = recordingManifest({ made, files: copied, holes, atMs }, signer.keyId);
    const manifestSha256 = await writeProof(this.#folder(made.id), signer, manifest);
    const ready = { state: 'ready', manifestSha256, expiresAtMs: atMs + KEPT_MS } as const;
    await changeExport(database, made.id, ['copying'], ready);
  }

  async #refuseTooMuch(bytes: number): Promise<void> {
    if (bytes > BYTES_MAX) throw invalid('to', `is too late: this is ${inGiB(bytes)} GiB of at most 64 at once`);
    const room = await roomFor(this.#deps);
    if (room >= bytes) return;
    const detail = `The export needs ${inGiB(bytes)} GiB, and its disk has ${inGiB(Math.max(0, room))} GiB for it.`;
    throw new CitywatchError('store.full', { detail });
  }

  async #pin(caller: Caller, made: RecordingExport): Promise<void> {
    const { fromMs, toMs } = made;
    const untilMs = made.askedAtMs + PINNED_MS;
    const pin = { fromMs, toMs, reason: `export ${made.id}`, case: made.case, untilMs };
    for (const { id, jurisdiction } of made.cameras) await this.#deps.pins.add(caller, { id, jurisdiction }, pin);
  }

  #folder(id: string): string {
    return join(this.#deps.directory, id);
  }
}

function inGiB(bytes: number): string {
  return (bytes / GiB).toFixed(1);
}
