import { CitywatchError, type Issue } from '../../core/errors.ts';
import type { DeviceKind } from '../../core/types.ts';
import { type Database, jsonb } from '../../platform/database/database.ts';
import { type MadeBefore, NOTHING_MADE_BEFORE } from '../../platform/files/made-before.ts';
import { parseKindFile } from './kind-extends.ts';
import { type KindFolder, readKindFolder } from './kind-folder.ts';
import { type KindFile, kindFile } from './kind-schema.ts';
import { toDeviceKind } from './kind-spec.ts';

export interface KindTables {
  device_kind_version: { kind: string; version: number; definition: unknown; stored_at_ms: number };
}

/** A kind that is in force since a reload; `from` is the version before, 0 for a new kind. */
export interface KindChange {
  kind: string;
  from: number;
  to: number;
}

/**
 * What devices can send: the kinds of `config/kinds/*.yaml`, and every version that was ever in force, because a stored
 * message names the version it fits.
 */
export class Kinds {
  readonly directory: string;
  readonly #before: MadeBefore;
  #folder: KindFolder;
  readonly #files: Map<string, KindFile>;
  readonly #latest = new Map<string, DeviceKind>();
  readonly #versions = new Map<string, Map<number, DeviceKind>>();

  private constructor(directory: string, folder: KindFolder, before: MadeBefore) {
    this.directory = directory;
    this.#before = before;
    this.#folder = folder;
    this.#files = new Map(folder.kinds);
    for (const file of folder.kinds.values()) this.#enforce(file);
  }

  /** Reads every `*.yaml` of `directory`. Fails with `config.invalid` that names file and line of everything wrong. */
  static async load(directory: string, before: MadeBefore = NOTHING_MADE_BEFORE): Promise<Kinds> {
    const folder = await readKindFolder(directory, before);
    const issues = [...folder.issues];
    if (issues.length === 0 && folder.kinds.size === 0) {
      issues.push({ path: directory, message: 'holds no kind (*.yaml)' });
    }
    if (issues.length > 0) throw new CitywatchError('config.invalid', { issues });
    return new Kinds(directory, folder, before);
  }

  /**
   * Stores the versions that are new and learns those stored before. A version that was stored with other content is
   * refused: messages already judged by it would change their meaning.
   */
  async remember(database: Database): Promise<void> {
    await storeMissing(database, [...this.#files.values()]);
    await this.learn(database);
  }

  /** Learns the versions that stand in the database, also those another process stored. Fails as {@link remember}. */
  async learn(database: Database): Promise<void> {
    const stored = await database.tables<KindTables>().selectFrom('device_kind_version').selectAll().execute();
    for (const row of stored) {
      const current = this.#files.get(row.kind);
      if (current?.version !== row.version) this.#keep(toDeviceKind(kindFile.parse(row.definition)));
      else if (canonical(row.definition) !== canonical(current)) {
        throw new CitywatchError('config.invalid', { issues: [changed(current)] });
      }
    }
  }

  /**
   * Reads the folder again. A file that is right and has a higher version comes into force once that version is stored;
   * any other keeps the version it had, and an issue says why. A kind whose file is gone stays until the next start.
   * `again`: the database did not answer, so not everything was looked at.
   */
  async reload(database: Database): Promise<{ changed: KindChange[]; issues: Issue[]; again: boolean }> {
    const folder = await readKindFolder(this.directory, this.#before);
    this.#folder = folder;
    const issues = [...folder.issues];
    const changes: KindChange[] = [];
    for (const file of folder.kinds.values()) {
      const current = this.#files.get(file.kind);
      if (current && canonical(current) === canonical(file)) continue;
      const lowest = this.currentVersion(file.kind);
      if (file.version <= lowest) {
        issues.push(changed(file, lowest + 1, folder));
        continue;
      }
      const stored = await store(database, file).catch(ifUnavailable);
      if (stored === null) return { changed: changes, issues, again: true };
      if (!stored) {
        issues.push(changed(file, file.version + 1, folder));
        continue;
      }
      this.#files.set(file.kind, file);
      this.#enforce(file);
      changes.push({ kind: file.kind, from: current?.version ?? 0, to: file.version });
    }
    return { changed: changes, issues, again: false };
  }

  /** Of the files as they were last read; see `folderSignature`. */
  get signature(): string {
    return this.#folder.signature;
  }

  /** What the text of a kind file would be, with the bases of the folder as they are; nothing changes. */
  candidate(text: string): { kind: DeviceKind } | { issues: Issue[] } {
    const parsed = parseKindFile('candidate.yaml', text, this.#folder.sources);
    return 'issues' in parsed ? parsed : { kind: toDeviceKind(parsed.kind) };
  }

  /** The kind as its file has it today; undefined for a kind that has no file. */
  latest(kind: string): DeviceKind | undefined {
    return this.#latest.get(kind);
  }

  /** Any version that was ever in force. */
  at(kind: string, version: number): DeviceKind | undefined {
    return this.#versions.get(kind)?.get(version);
  }

  /** The version a device of this kind sends in: today's, or the newest stored one of a kind whose file is gone. */
  currentVersion(kind: string): number {
    return this.#latest.get(kind)?.version ?? Math.max(0, ...(this.#versions.get(kind)?.keys() ?? []));
  }

  /** Every kind that has a file, by name. */
  all(): DeviceKind[] {
    return [...this.#latest.values()];
  }

  #enforce(file: KindFile): void {
    const kind = toDeviceKind(file);
    this.#latest.set(kind.kind, kind);
    this.#keep(kind);
  }

  #keep(kind: DeviceKind): void {
    const versions = this.#versions.get(kind.kind) ?? new Map<number, DeviceKind>();
    this.#versions.set(kind.kind, versions.set(kind.version, kind));
  }
}

/** Stores the versions that are not stored, in one statement: a start with a new database has all of them to store. */
async function storeMissing(database: Database, files: KindFile[]): Promise<void> {
  const db = database.tables<KindTables>();
  const stored = await db.selectFrom('device_kind_version').select(['kind', 'version']).execute();
  const known = new Set(stored.map(({ kind, version }) => `${kind}@${version}`));
  const missing = files.filter(({ kind, version }) => !known.has(`${kind}@${version}`));
  if (missing.length === 0) return;
  const atMs = database.clock.nowMs();
  const rows = missing.map((file) => rowOf(file, atMs));
  await db
    .insertInto('device_kind_version')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['kind', 'version']).doNothing())
    .execute();
}

function rowOf(file: KindFile, storedAtMs: number) {
  return { kind: file.kind, version: file.version, definition: jsonb(file), stored_at_ms: storedAtMs };
}

/** Stores a version unless it is stored; false when it is with other content. */
async function store(database: Database, file: KindFile): Promise<boolean> {
  const db = database.tables<KindTables>();
  const { kind, version } = file;
  await db
    .insertInto('device_kind_version')
    .values(rowOf(file, database.clock.nowMs()))
    .onConflict((conflict) => conflict.columns(['kind', 'version']).doNothing())
    .execute();
  const row = await db
    .selectFrom('device_kind_version')
    .select('definition')
    .where('kind', '=', kind)
    .where('version', '=', version)
    .executeTakeFirst();
  return canonical(row?.definition) === canonical(file);
}

function ifUnavailable(error: unknown): null {
  if (error instanceof CitywatchError && error.code === 'store.unavailable') return null;
  throw error;
}

function changed({ kind, version }: KindFile, raiseTo = version + 1, folder?: KindFolder): Issue {
  const message = `version ${version} was in force with other content: raise version to ${raiseTo}`;
  return { path: folder?.sources.get(kind)?.at(['version']) ?? `${kind}.yaml`, message };
}

/** JSON with sorted keys: the order of keys in a file is not content. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
