import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCaller } from '../../core/callers/system-caller.ts';
import { type Clock, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { syncDirectory } from '../../platform/files/files.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import { writePart } from './bundle-files.ts';
import type { BundleAsked, BundleHole, BundlePart, BundleSource } from './bundle-source.ts';
import type { BundleSight, ExportBundle, RecordingExport } from './export.ts';
import { actorOf, auditExport, beginExport, KEPT_MS, PINNED_MS, refuseTooMany, roomFor } from './export-steps.ts';
import { addExport, changeExport, countExports, exportOf } from './export-table.ts';
import type { ExportsDeps } from './exports.ts';
import { type BundleManifest, chained, commonOf } from './manifest.ts';
import { writeProof } from './proof.ts';

export interface BundlesDeps
  extends Pick<ExportsDeps, 'directory' | 'freeBytes' | 'signer' | 'needsApproval' | 'namesOf'> {
  database: Database;
  clock: Clock;
  observer: Observer;
  source: BundleSource;
}

/** Waiting for approval, or being made. */
const UNFINISHED_MAX = 16;
/** Ready ones; each is there for three days. */
const KEPT_MAX = 500;
const MiB = 1024 ** 2;
const BYTES_MAX = 512 * MiB;
/** So long it is tried again where a part of the gateway is away; then what it has is listed as a hole. */
const PATIENCE_MS = 5 * MINUTE_MS;
const AGAIN_MS = 10_000;
/** What fails for so long is not tried again. */
const GIVEN_UP_AFTER_MS = HOUR_MS;

/** In the audit trail, for what nobody asked for. */
const ITSELF = systemCaller({ id: 'exports', name: 'citywatch', role: 'administrator' });

type Listed = Omit<BundleManifest['files'][number], 'chain'>;

/** What one making of a bundle has come to. */
interface Gathered {
  files: Listed[];
  holes: BundleManifest['holes'];
  sights: BundleSight[];
}

/**
 * Exports of what belongs to an alert: asked for here, made in one go, and from then on handled as exports of
 * recordings are. Each making has a folder of its own, and only the one whose row says that it is ready counts: a kill
 * leaves nothing that anybody is given, and the next making begins anew.
 */
export class BundleExports {
  readonly #deps: BundlesDeps;

  constructor(deps: BundlesDeps) {
    this.#deps = deps;
  }

  /**
   * Asks for a bundle. That the caller may have it is checked before. Errors: `conflict.state` while too many are under
   * way or kept, `store.full` where the disk has no room.
   */
  async ask(caller: Caller, asked: BundleAsked): Promise<RecordingExport> {
    const { database, clock, needsApproval, source } = this.#deps;
    const { fromMs, toMs, purpose, alert, jurisdiction, plates } = asked;
    const atMs = clock.nowMs();
    await this.#refuseTooMuch();
    const made: RecordingExport = {
      id: randomUUID(),
      cameras: [],
      quality: 'main',
      fromMs,
      toMs,
      purpose,
      case: asked.case,
      by: actorOf(caller),
      askedAtMs: atMs,
      approved: null,
      state: needsApproval ? 'asked' : 'copying',
      detail: null,
      bytes: 0,
      manifestSha256: null,
      expiresAtMs: null,
      bundle: { alert, jurisdiction, plates, folder: '', files: [], sights: [] },
    };
    await database.transaction(async (tx) => {
      await refuseTooMany(tx, 'alert', UNFINISHED_MAX);
      await addExport(tx, made, []);
      await source.pin(tx, alert, { bundle: made.id, untilMs: atMs + PINNED_MS });
      if (!needsApproval) await beginExport(tx, clock, made);
      await auditExport(tx, { caller, made, atMs });
    });
    return made;
  }

  /** Handler of `BUNDLES_QUEUE`: makes a bundle in a folder of its own; after a kill another one. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock, observer } = this.#deps;
    const made = await exportOf(database, id);
    // What was removed while it was being made may have left files.
    if (made?.state === 'removed') await rm(join(this.#deps.directory, id), { recursive: true, force: true });
    if (made?.state !== 'copying' || !made.bundle) return DONE;
    const run = randomUUID();
    const folder = join(this.#deps.directory, id, run);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const gathered = await this.#gather(made, made.bundle, folder);
      const isReady = gathered !== null && (await this.#finish(made, { bundle: made.bundle, run, gathered }));
      if (!isReady) await rm(folder, { recursive: true, force: true });
      return gathered === null ? { again: { atMs: clock.nowMs() + AGAIN_MS } } : DONE;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (!isEnd(error) && this.#sinceMs(made) < GIVEN_UP_AFTER_MS) throw error;
      observer.log.warn({ part: 'exports', export: id, error: messageOf(error) }, 'bundle not made');
      await this.#fail(
        made,
        isEnd(error) ? messageOf(error) : 'It could not be made: the log of the gateway says why.',
      );
      return DONE;
    }
  }

  /** Everything that there is, in files; null where something may be there soon and it is to be tried again. */
  async #gather(made: RecordingExport, bundle: ExportBundle, folder: string): Promise<Gathered | null> {
    const gathered: Gathered = { files: [], holes: [], sights: [] };
    const { fromMs, toMs, purpose, by } = made;
    const asked = { ...bundle, fromMs, toMs, purpose, case: made.case };
    let room = BYTES_MAX;
    for await (const thing of this.#deps.source.things(asked, by)) {
      if (thing.is === 'hole') {
        if (thing.isPassing && this.#sinceMs(made) < PATIENCE_MS) return null;
        gathered.holes.push(listedHole(thing));
        continue;
      }
      const written = await writePart(folder, thing, room);
      if (written) {
        room -= written.bytes;
        gathered.files.push(listedPart(thing, written));
        if (thing.sight) gathered.sights.push(thing.sight);
      } else gathered.holes.push(notWritten(thing));
    }
    return gathered;
  }

  /** How long it is being made. */
  #sinceMs({ approved, askedAtMs }: RecordingExport): number {
    return this.#deps.clock.nowMs() - (approved?.atMs ?? askedAtMs);
  }

  /** Proves it and has it count; false where it was removed meanwhile, or another making was first. */
  async #finish(
    asked: RecordingExport,
    { bundle, run, gathered }: { bundle: ExportBundle; run: string; gathered: Gathered },
  ): Promise<boolean> {
    const { database, clock, signer, source } = this.#deps;
    const atMs = clock.nowMs();
    const made = { ...asked, cameras: await this.#camerasOf(gathered.sights) };
    const { alert: id, jurisdiction, plates } = bundle;
    const place = join(this.#deps.directory, made.id);
    const files = chained(made.id, gathered.files);
    const manifestSha256 = await writeProof(join(place, run), signer, {
      citywatch: 'alert-bundle',
      ...commonOf(made, { atMs, key: signer.keyId }),
      alert: { id, jurisdiction, plates },
      files,
      holes: gathered.holes,
    });
    for (const directory of [place, this.#deps.directory]) await syncDirectory(directory);
    const expiresAtMs = atMs + KEPT_MS;
    const isReady = await database.transaction(async (tx) => {
      const change = {
        state: 'ready' as const,
        manifestSha256,
        expiresAtMs,
        cameras: made.cameras,
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        bundle: {
          ...bundle,
          folder: run,
          files: files.map(({ path, bytes }) => ({ path, bytes })),
          sights: gathered.sights,
        },
      };
      const isFirst = await changeExport(tx, made.id, ['copying'], change);
      if (isFirst) await source.pin(tx, id, { bundle: made.id, untilMs: expiresAtMs });
      return isFirst;
    });
    if (isReady) await this.#tidyBeside(place, run);
    return isReady;
  }

  /** Removes what makings have left that a kill ended. */
  async #tidyBeside(place: string, run: string): Promise<void> {
    for (const name of await readdir(place)) {
      if (name !== run) await rm(join(place, name), { recursive: true, force: true });
    }
  }

  async #camerasOf(sights: readonly BundleSight[]): Promise<RecordingExport['cameras']> {
    const places = new Map(sights.map(({ camera, jurisdiction }) => [camera, jurisdiction]));
    const names = await this.#deps.namesOf([...places.keys()]);
    return [...places].map(([id, jurisdiction]) => ({ id, name: names.get(id)?.name ?? id, jurisdiction }));
  }

  async #fail(made: RecordingExport, detail: string): Promise<void> {
    const { database, clock, directory } = this.#deps;
    const isFailed = await database.transaction(async (tx) => {
      const isFirst = await changeExport(tx, made.id, ['copying'], { state: 'failed', detail });
      if (isFirst) await auditExport(tx, { caller: ITSELF, made, step: 'failed', atMs: clock.nowMs() });
      return isFirst;
    });
    if (isFailed) await rm(join(directory, made.id), { recursive: true, force: true });
  }

  async #refuseTooMuch(): Promise<void> {
    const { database } = this.#deps;
    await refuseTooMany(database, 'alert', UNFINISHED_MAX);
    if ((await countExports(database, 'alert', ['ready'])) >= KEPT_MAX) {
      throw new CitywatchError('conflict.state', {
        detail: `${KEPT_MAX} bundles are kept: remove one that is fetched.`,
      });
    }
    const room = await roomFor(this.#deps);
    if (room >= BYTES_MAX) return;
    const free = Math.max(0, Math.floor(room / MiB));
    const detail = `A bundle may need ${BYTES_MAX / MiB} MiB, and its disk has ${free} MiB for it.`;
    throw new CitywatchError('store.full', { detail });
  }
}

/** The alert is gone, who asked for it may not have it any more, or the vault key is another one. */
const ENDS: ReadonlySet<string> = new Set(['not-found', 'auth.forbidden', 'service.failed']);

function isEnd(error: unknown): boolean {
  return error instanceof CitywatchError && ENDS.has(error.code);
}

function listedPart(
  { path, what, sight, startsAtMs, endsAtMs, ageMs, source }: BundlePart,
  written: Pick<Listed, 'bytes' | 'sha256' | 'sm3'>,
): Listed {
  const [startsAt, endsAt] = [toRfc3339(startsAtMs), toRfc3339(endsAtMs)];
  return { path, what, camera: sight?.camera ?? null, startsAt, endsAt, ageMs, source, ...written };
}

function listedHole({ what, camera, fromMs, toMs, cause, detail }: BundleHole): BundleManifest['holes'][number] {
  return { what, camera, from: toRfc3339(fromMs), to: toRfc3339(toMs), cause, detail };
}

function notWritten({ path, what, sight, startsAtMs, endsAtMs }: BundlePart): BundleManifest['holes'][number] {
  const [from, to] = [toRfc3339(startsAtMs), toRfc3339(endsAtMs)];
  const detail = `${path} is empty, or the bundle would have more than ${BYTES_MAX / MiB} MiB with it.`;
  return { what, camera: sight?.camera ?? null, from, to, cause: 'too-large', detail };
}
