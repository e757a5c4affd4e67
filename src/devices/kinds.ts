import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError, type Issue } from '../core/errors.ts';
import type { DeviceKind } from '../core/types.ts';
import { type Database, jsonb } from '../platform/database.ts';
import { type KindFile, kindFile, parseKindFile, toDeviceKind } from './kind-file.ts';

export interface KindTables {
  device_kind_version: { kind: string; version: number; definition: unknown; stored_at_ms: number };
}

/**
 * What devices can send: the kinds of `config/kinds/*.yaml`, and every version that was ever in force, because a stored
 * message names the version it fits.
 */
export class Kinds {
  readonly #files: ReadonlyMap<string, KindFile>;
  readonly #latest = new Map<string, DeviceKind>();
  readonly #versions = new Map<string, Map<number, DeviceKind>>();

  private constructor(files: ReadonlyMap<string, KindFile>) {
    this.#files = files;
    for (const file of files.values()) {
      const kind = toDeviceKind(file);
      this.#latest.set(kind.kind, kind);
      this.#keep(kind);
    }
  }

  /** Reads every `*.yaml` of `directory`. Fails with `config.invalid` that names file and line of everything wrong. */
  static async load(directory: string): Promise<Kinds> {
    const names = await readdir(directory).catch(() => []);
    const files = new Map<string, KindFile>();
    const issues: Issue[] = [];
    for (const name of names.filter((entry) => /\.ya?ml$/.test(entry)).sort()) {
      const path = join(directory, name);
      const parsed = parseKindFile(path, await readFile(path, 'utf8'));
      if ('issues' in parsed) issues.push(...parsed.issues);
      else if (name !== `${parsed.kind.kind}.yaml`) {
        issues.push({
          path,
          message: `kind is "${parsed.kind.kind}", so the file must be named ${parsed.kind.kind}.yaml`,
        });
      } else files.set(parsed.kind.kind, parsed.kind);
    }
    if (issues.length === 0 && files.size === 0) issues.push({ path: directory, message: 'holds no kind (*.yaml)' });
    if (issues.length > 0) throw new CitywatchError('config.invalid', { issues });
    return new Kinds(files);
  }

  /**
   * Stores the versions that are new and learns those stored before. A version that was stored with other content is
   * refused: messages already judged by it would change their meaning.
   */
  async remember(database: Database): Promise<void> {
    const db = database.tables<KindTables>();
    for (const file of this.#files.values()) {
      await db
        .insertInto('device_kind_version')
        .values({
          kind: file.kind,
          version: file.version,
          definition: jsonb(file),
          stored_at_ms: database.clock.nowMs(),
        })
        .onConflict((conflict) => conflict.columns(['kind', 'version']).doNothing())
        .execute();
    }
    const stored = await db.selectFrom('device_kind_version').selectAll().execute();
    for (const row of stored) {
      const current = this.#files.get(row.kind);
      if (current?.version !== row.version) this.#keep(toDeviceKind(kindFile.parse(row.definition)));
      else if (canonical(row.definition) !== canonical(current)) throw changed(current);
    }
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

  #keep(kind: DeviceKind): void {
    const versions = this.#versions.get(kind.kind) ?? new Map<number, DeviceKind>();
    this.#versions.set(kind.kind, versions.set(kind.version, kind));
  }
}

function changed({ kind, version }: KindFile): CitywatchError {
  const message = `version ${version} was in force with other content: raise version to ${version + 1}`;
  return new CitywatchError('config.invalid', { issues: [{ path: `${kind}.yaml`, message }] });
}

/** JSON with sorted keys: the order of keys in a file is not content. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
