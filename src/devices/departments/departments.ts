import { randomUUID } from 'node:crypto';
import { type Clock, HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import {
  covers,
  type Jurisdiction,
  NATIONWIDE,
  ownArea,
  significantDigits,
  type Tree,
  wholeAreas,
} from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import { writeShipped } from '../../platform/database/shipped.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { DepartmentEnd, DepartmentInput } from './input.ts';
import { SHIPPED_DEPARTMENTS, type ShippedDepartment } from './shipped.ts';

/** A department that answers for positions. Days are texts like 2018-04-16; null = as far as we look. */
export interface Department {
  id: string;
  /** Where its names mean it. */
  jurisdiction: Jurisdiction;
  name: { zh: string; en: string | null };
  /** Other names by which the files of positions call it. */
  names: string[];
  validFrom: string | null;
  /** Not null: ended on that day. */
  validTo: string | null;
  successor: string | null;
}

export interface DepartmentsDeps {
  database: Database;
  clock: Clock;
  jurisdictions: Tree & { exists(code: Jurisdiction): boolean };
}

/** Table of migration 0241; what each column means stands there. */
interface DepartmentTables {
  department: Omit<ShippedDepartment, 'name_en'> & {
    name_en: string | null;
    jurisdiction: string;
    shipped: RawBuilder<unknown> | null;
  };
}

/** They are held in memory; a city has some dozens. */
const DEPARTMENTS_MAX = 5_000;
/** Longer chains of successors are mistakes. */
const STEPS_MAX = 16;

/** Who answers for positions: departments with their days and successors, in memory. */
export class Departments {
  readonly #deps: DepartmentsDeps;
  #byId = new Map<string, Department>();
  #byName = new Map<string, Department[]>();

  constructor(deps: DepartmentsDeps) {
    this.#deps = deps;
  }

  /** Writes those we ship, without touching one that was changed here by hand, then reads what stands there. */
  async seed(): Promise<void> {
    const columns = ['id', 'name_zh', 'name_en', 'names', 'valid_from', 'valid_to', 'successor'];
    const table = { name: 'department', key: 'id', columns, also: { jurisdiction: NATIONWIDE } };
    await writeShipped(this.#deps.database, table, SHIPPED_DEPARTMENTS);
    await this.load();
  }

  /** Reads what stands in the database. */
  async load(): Promise<void> {
    const all = this.#deps.database.tables<DepartmentTables>().selectFrom('department').selectAll().orderBy('id');
    const departments = (await all.execute()).map(({ name_zh, name_en, valid_from, valid_to, shipped: _, ...row }) => {
      return { ...row, name: { zh: name_zh, en: name_en }, validFrom: valid_from, validTo: valid_to };
    });
    const byName = new Map<string, Department[]>();
    for (const one of departments) {
      for (const name of namesOf(one)) byName.set(name, [...(byName.get(name) ?? []), one]);
    }
    this.#byId = new Map(departments.map((one) => [one.id, one]));
    this.#byName = byName;
  }

  /** Those of the caller's area and above it, in order of id; `on` leaves out what was not in force on that day. */
  list(caller: Caller, on?: string): Department[] {
    const seen = [...this.#byId.values()].filter(
      (one) => covers(wholeAreas(caller), one.jurisdiction) || this.#covers(one, caller.jurisdiction),
    );
    return on === undefined ? seen : seen.filter((one) => isInForce(one, on));
  }

  /** The department that the file of a position there calls `owner`: of several that of the smallest area. */
  named(owner: string, jurisdiction: Jurisdiction): Department | null {
    const all = (this.#byName.get(owner.trim()) ?? []).filter((one) => this.#covers(one, jurisdiction));
    return all.reduce<Department | null>((best, one) => (best && sizeOf(best) >= sizeOf(one) ? best : one), null);
  }

  /** What stands in its place on that day, today unless told: itself, or what followed it. */
  inForce(department: Department, on: string = this.today()): Department {
    let now = department;
    for (let step = 0; step < STEPS_MAX && now.validTo !== null && now.validTo <= on; step += 1) {
      now = this.#byId.get(now.successor ?? '') ?? now;
    }
    return now;
  }

  /** What stands today in the place of the department that is called so there, or has this id; null where none is. */
  meant(nameOrId: string, jurisdiction: Jurisdiction): Department | null {
    const found = this.named(nameOrId, jurisdiction) ?? this.#byId.get(nameOrId) ?? null;
    return found && this.inForce(found);
  }

  /** Id of what stands today in the place of this one; the same where there is no such department. */
  standsFor(id: string): string {
    const found = this.#byId.get(id);
    return found ? this.inForce(found).id : id;
  }

  /** Whether it is one of the caller's area or of an area above it. */
  isSeen(caller: Caller, id: string): boolean {
    return this.list(caller).some((one) => one.id === id);
  }

  /** Every name by which files call it or what it followed. */
  namesOf(id: string): string[] {
    return [...this.#byId.values()].filter((one) => this.#leadsTo(one, id)).flatMap(namesOf);
  }

  /** Whether a file there that calls its owner so means this department, or one that it followed. */
  owns(id: string, owner: string, jurisdiction: Jurisdiction): boolean {
    const named = this.named(owner, jurisdiction);
    return named !== null && this.#leadsTo(named, id);
  }

  /** The day it is in China. */
  today(): string {
    return toRfc3339(this.#deps.clock.nowMs() + 8 * HOUR_MS).slice(0, 10);
  }

  /**
   * Adds one. Errors: `request.invalid`, alike for an area, a successor or a department it replaces that is not there
   * and that is not the caller's; `conflict.exists` for a name that another one of the same area has.
   */
  async add(caller: Caller, input: DepartmentInput): Promise<Department> {
    const { jurisdictions } = this.#deps;
    const { replaces, ...rest } = input;
    if (!covers(ownArea(caller), rest.jurisdiction) || !jurisdictions.exists(rest.jurisdiction)) {
      throw invalid('jurisdiction', 'is no code within your jurisdiction: see GET /jurisdictions');
    }
    const added: Department = { id: randomUUID(), ...rest };
    await this.#change(caller, { action: 'department.add', department: added, after: input }, async (tx) => {
      const db = tx.tables<DepartmentTables>();
      this.#check(caller, added, replaces);
      const { name, validFrom, validTo, ...row } = added;
      await db
        .insertInto('department')
        .values({
          ...row,
          name_zh: name.zh,
          name_en: name.en,
          valid_from: validFrom,
          valid_to: validTo,
          shipped: null,
        })
        .execute();
      for (const id of replaces) {
        await db
          .updateTable('department')
          .set({ valid_to: validFrom, successor: added.id })
          .where('id', '=', id)
          .execute();
      }
    });
    return added;
  }

  /**
   * Calls it otherwise; files that call it by its former name still mean it. Errors: `not-found`, also for what is not
   * the caller's; `conflict.exists` for a name that another one of the same area has.
   */
  async rename(caller: Caller, id: string, name: Department['name']): Promise<Department> {
    const before = this.#requireOwn(caller, id);
    await this.#change(caller, { action: 'department.name', department: before, after: { name } }, async (tx) => {
      const now = this.#requireOwn(caller, id);
      this.#checkNames({ ...now, name, names: [] });
      const names = namesOf(now).filter((one) => one !== name.zh && one !== name.en);
      const set = { name_zh: name.zh, name_en: name.en, names };
      await tx.tables<DepartmentTables>().updateTable('department').set(set).where('id', '=', id).execute();
    });
    return this.#byId.get(id)!;
  }

  /**
   * Ends it; from that day on its successor stands in its place, where it has one. Errors: `not-found`;
   * `conflict.state` where it has an end; `request.invalid`.
   */
  async end(caller: Caller, id: string, { on, successor }: DepartmentEnd): Promise<Department> {
    const before = this.#requireOwn(caller, id);
    const after = { on, successor };
    await this.#change(caller, { action: 'department.end', department: before, after }, async (tx) => {
      const { validFrom, validTo, jurisdiction } = this.#requireOwn(caller, id);
      if (validTo !== null) throw new CitywatchError('conflict.state', { detail: `It ends on ${validTo}.` });
      if (validFrom !== null && on <= validFrom) throw invalid('on', `must be later than ${validFrom}, its first day`);
      const next = successor === null ? null : this.#byId.get(successor);
      if (next === undefined || (next && (!this.#covers(next, jurisdiction) || this.#leadsTo(next, id)))) {
        throw invalid('successor', 'is no department of this area: see GET /departments');
      }
      const set = { valid_to: on, successor };
      await tx.tables<DepartmentTables>().updateTable('department').set(set).where('id', '=', id).execute();
    });
    return this.#byId.get(id)!;
  }

  #requireOwn(caller: Caller, id: string): Department {
    const found = this.#byId.get(id);
    if (!found || !covers(ownArea(caller), found.jurisdiction)) throw new CitywatchError('not-found');
    return found;
  }

  /** Alone with all of them, and read anew before and after. */
  async #change(
    caller: Caller,
    said: { action: string; department: Department; after: unknown },
    edit: (tx: Tables) => Promise<void>,
  ): Promise<void> {
    const { database, clock } = this.#deps;
    const { action, department, after } = said;
    await database.transaction(async (tx) => {
      await sql`lock table department in share row exclusive mode`.execute(tx.tables());
      await this.load();
      await edit(tx);
      const { id, jurisdiction } = department;
      const subject = `department/${id}`;
      await recordAudit(tx, { caller, action, subject, jurisdiction, after, atMs: clock.nowMs() });
    });
    await this.load();
  }

  #check(caller: Caller, added: Department, replaces: readonly string[]): void {
    if (this.#byId.size >= DEPARTMENTS_MAX) {
      throw new CitywatchError('conflict.state', { detail: `There are ${DEPARTMENTS_MAX} departments, the most.` });
    }
    this.#checkNames(added);
    const successor = added.successor === null ? null : this.#byId.get(added.successor);
    if (successor === undefined || (successor && !this.#covers(successor, added.jurisdiction))) {
      throw invalid('successor', 'is no department of this area: see GET /departments');
    }
    for (const [place, id] of replaces.entries()) {
      const old = this.#byId.get(id);
      const path = `replaces.${place}`;
      if (!old || !covers(ownArea(caller), old.jurisdiction) || !this.#covers(added, old.jurisdiction)) {
        throw invalid(path, 'is no department of your area: see GET /departments');
      }
      if (old.validTo !== null) throw invalid(path, `ended on ${old.validTo}`);
    }
  }

  #checkNames(department: Department): void {
    const { id, jurisdiction } = department;
    for (const name of namesOf(department)) {
      const others = (this.#byName.get(name) ?? []).filter((one) => one.id !== id);
      if (!others.some((one) => one.jurisdiction === jurisdiction)) continue;
      throw new CitywatchError('conflict.exists', { detail: `Another department of this area is called ${name}.` });
    }
  }

  /** Whether its names mean it there. */
  #covers({ jurisdiction }: Department, code: Jurisdiction): boolean {
    return covers(this.#deps.jurisdictions.area(jurisdiction), code);
  }

  #leadsTo(from: Department, id: string): boolean {
    let now: Department | undefined = from;
    for (let step = 0; step <= STEPS_MAX && now; step += 1) {
      if (now.id === id) return true;
      now = this.#byId.get(now.successor ?? '');
    }
    return false;
  }
}

function namesOf({ name, names }: Department): string[] {
  return [...new Set([name.zh, ...(name.en === null ? [] : [name.en]), ...names])];
}

/** The higher, the smaller its area. */
function sizeOf({ jurisdiction }: Department): number {
  return significantDigits(jurisdiction).length;
}

function isInForce({ validFrom, validTo }: Department, on: string): boolean {
  return (validFrom === null || validFrom <= on) && (validTo === null || on < validTo);
}
