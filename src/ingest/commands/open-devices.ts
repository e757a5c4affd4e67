import type { Database } from '../../platform/database/database.ts';
import type { CommandTables } from './tables.ts';

/**
 * The devices that have an open command, in memory: a district that comes back asks the database about these alone. It
 * may hold one too many for a moment, and never one too few: who writes a command adds its device before the commit,
 * and whoever finds none left takes it out before the work of the next one can be done.
 */
export class OpenDevices {
  readonly #database: Database;
  readonly #ids = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<void> {
    const rows = await this.#query().execute();
    for (const { device } of rows) this.#ids.add(device);
  }

  get size(): number {
    return this.#ids.size;
  }

  has(device: string): boolean {
    return this.#ids.has(device);
  }

  all(): string[] {
    return [...this.#ids];
  }

  note(device: string, isOpen: boolean): void {
    if (isOpen) this.#ids.add(device);
    else this.#ids.delete(device);
  }

  /** Looks at `devices` again, some of whose commands were closed. */
  async refresh(devices: string[]): Promise<void> {
    if (devices.length === 0) return;
    const rows = await this.#query().where('device', 'in', devices).execute();
    const open = new Set(rows.map(({ device }) => device));
    for (const device of devices) if (!open.has(device)) this.#ids.delete(device);
  }

  #query() {
    return this.#database
      .tables<CommandTables>()
      .selectFrom('command')
      .select('device')
      .distinct()
      .where('settled_at_ms', 'is', null);
  }
}
