import { type Clock, chinaDayAt } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { codeAlone, covers, isZone, type Jurisdiction, ownArea, significantDigits } from '../../core/jurisdiction.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { AccessTables } from '../tables.ts';
import type { EndInput, JurisdictionInput, NameInput } from './input.ts';
import type { JurisdictionInfo, Jurisdictions } from './jurisdictions.ts';

export interface TreeEditsDeps {
  database: Database;
  clock: Clock;
  jurisdictions: Jurisdictions;
}

/** They are held in memory; a province with all its communities has fewer. */
const JURISDICTIONS_MAX = 50_000;

/** Adds nodes to the civil tree, each below one that is in the caller's area. */
export class TreeEdits {
  readonly #deps: TreeEditsDeps;

  constructor(deps: TreeEditsDeps) {
    this.#deps = deps;
  }

  /**
   * Adds a division or a zone. Errors: `request.invalid`, alike for what is not there and what is not the caller's;
   * `conflict.exists`.
   */
  async add(caller: Caller, input: JurisdictionInput): Promise<JurisdictionInfo> {
    const { jurisdictions } = this.#deps;
    const { code, name, validFrom, members, replaces } = input;
    await this.#change(caller, { action: 'jurisdiction.add', code, after: input }, async (tx) => {
      const parent = this.#parentOf(caller, code);
      if (jurisdictions.exists(code)) throw new CitywatchError('conflict.exists');
      if (jurisdictions.size >= JURISDICTIONS_MAX) {
        throw new CitywatchError('conflict.state', { detail: `There are ${JURISDICTIONS_MAX} areas, the most.` });
      }
      this.#checkMembers(code, parent, members);
      for (const [place, old] of replaces.entries()) this.#checkReplaced(caller, code, { place, old });
      const names = { name_zh: name.zh, name_en: name.en ?? name.zh };
      const days = { valid_from: validFrom, valid_to: null, successor: null };
      const values = { code, parent: parent.code, members, shipped: null };
      const db = tx.tables<AccessTables>();
      await db
        .insertInto('jurisdiction')
        .values(Object.assign(values, names, days))
        .execute();
      const set = { valid_to: validFrom, successor: code };
      if (replaces.length > 0) await db.updateTable('jurisdiction').set(set).where('code', 'in', replaces).execute();
    });
    return jurisdictions.get(code)!;
  }

  /** Says what belongs to a zone, in place of what was said before. Errors: `not-found`, `request.invalid`. */
  async setMembers(caller: Caller, zone: Jurisdiction, members: Jurisdiction[]): Promise<JurisdictionInfo> {
    const { jurisdictions } = this.#deps;
    if (!isZone(zone)) throw invalid('code', 'is no zone: only what has no code of its own has members');
    await this.#change(caller, { action: 'jurisdiction.members', code: zone, after: { members } }, async (tx) => {
      if (!jurisdictions.exists(zone)) throw new CitywatchError('not-found');
      this.#checkMembers(zone, this.#parentOf(caller, zone), members);
      const all = tx.tables<AccessTables>().updateTable('jurisdiction').set({ members });
      await all.where('code', '=', zone).execute();
    });
    return jurisdictions.get(zone)!;
  }

  /** Errors: `not-found`, also for what is not the caller's. */
  async rename(caller: Caller, code: Jurisdiction, name: NameInput): Promise<JurisdictionInfo> {
    const { jurisdictions } = this.#deps;
    await this.#change(caller, { action: 'jurisdiction.name', code, after: { name } }, async (tx) => {
      this.#requireOwn(caller, code);
      const names = { name_zh: name.zh, name_en: name.en ?? name.zh };
      await tx.tables<AccessTables>().updateTable('jurisdiction').set(names).where('code', '=', code).execute();
    });
    return jurisdictions.get(code)!;
  }

  /** Draws where an area lies; null takes that away. What stands there stays where it is. Errors: `not-found`. */
  async setBounds(caller: Caller, code: Jurisdiction, bounds: readonly Point[] | null): Promise<JurisdictionInfo> {
    const { jurisdictions } = this.#deps;
    await this.#change(caller, { action: 'jurisdiction.bounds', code, after: { bounds } }, async (tx) => {
      this.#requireOwn(caller, code);
      const set = { bounds: bounds && JSON.stringify(bounds) };
      await tx.tables<AccessTables>().updateTable('jurisdiction').set(set).where('code', '=', code).execute();
    });
    return jurisdictions.get(code)!;
  }

  /**
   * Ends an area below the caller's own: nothing is registered there any more, and what stands there stays. Errors:
   * `not-found`; `conflict.state` where it has ended; `request.invalid` for a day to come, and for a successor that is
   * not there, is not the caller's or has ended.
   */
  async end(caller: Caller, code: Jurisdiction, { on, successor }: EndInput): Promise<JurisdictionInfo> {
    const { jurisdictions, clock } = this.#deps;
    await this.#change(caller, { action: 'jurisdiction.end', code, after: { on, successor } }, async (tx) => {
      const { validFrom, validTo } = this.#requireOwn(caller, code);
      if (validTo !== null) throw new CitywatchError('conflict.state', { detail: `It ended on ${validTo}.` });
      if (code === caller.jurisdiction) throw new CitywatchError('not-found');
      if (on > chinaDayAt(clock.nowMs())) throw invalid('on', 'lies in the future: end it when that day has come');
      if (validFrom !== null && on <= validFrom) throw invalid('on', `must be later than ${validFrom}, its first day`);
      const next = successor === null ? null : jurisdictions.get(successor);
      const isOpen = next === null || (next && next.validTo === null && covers(ownArea(caller), next.code));
      if (!isOpen || successor === code) throw invalid('successor', 'is no area of yours that is there now');
      const set = { valid_to: on, successor };
      await tx.tables<AccessTables>().updateTable('jurisdiction').set(set).where('code', '=', code).execute();
    });
    return jurisdictions.get(code)!;
  }

  #requireOwn(caller: Caller, code: Jurisdiction): JurisdictionInfo {
    const found = this.#deps.jurisdictions.get(code);
    if (!found || !covers(ownArea(caller), code)) throw new CitywatchError('not-found');
    return found;
  }

  /** Alone with the tree: two edits that each look harmless could let two zones belong to each other. */
  async #change(
    caller: Caller,
    said: { action: string; code: Jurisdiction; after: unknown },
    edit: (tx: Tables) => Promise<void>,
  ): Promise<void> {
    const { database, clock, jurisdictions } = this.#deps;
    const { action, code, after } = said;
    await database.transaction(async (tx) => {
      await sql`lock table jurisdiction in share row exclusive mode`.execute(tx.tables());
      await jurisdictions.load(database);
      await edit(tx);
      const atMs = clock.nowMs();
      await recordAudit(tx, { caller, action, subject: `jurisdiction/${code}`, jurisdiction: code, after, atMs });
    });
    await jurisdictions.load(database);
  }

  #parentOf(caller: Caller, code: Jurisdiction): JurisdictionInfo {
    const parent = this.#deps.jurisdictions.parentOf(code);
    const digits = parent && significantDigits(parent.code);
    // Read as one that is not there: nobody is told of the tree of others.
    if (digits === undefined || digits === '' || !covers(ownArea(caller), parent!.code)) {
      throw invalid('code', 'lies in no area of yours: see GET /jurisdictions');
    }
    if (!code.startsWith(isZone(code) ? `${digits}z` : digits)) {
      throw invalid('code', `must begin with ${digits}, the digits of the area that it lies in`);
    }
    if (parent!.validTo !== null) throw invalid('code', `lies in ${parent!.code}, which ended on ${parent!.validTo}`);
    return parent!;
  }

  #checkMembers(zone: Jurisdiction, parent: JurisdictionInfo, members: readonly Jurisdiction[]): void {
    const { jurisdictions } = this.#deps;
    if (members.length > 0 && !isZone(zone)) throw invalid('members', 'are for a zone: a code has what lies below it');
    for (const [place, member] of members.entries()) {
      const isBelow = member !== parent.code && member !== zone && covers(codeAlone(parent.code), member);
      if (!isBelow || !jurisdictions.exists(member)) {
        throw invalid(`members.${place}`, `is no area or zone below ${parent.code}: see GET /jurisdictions`);
      }
      if (jurisdictions.area(member).members.includes(zone)) {
        throw invalid(`members.${place}`, 'is a zone that this one belongs to itself');
      }
    }
  }

  #checkReplaced(caller: Caller, code: Jurisdiction, { place, old }: { place: number; old: Jurisdiction }): void {
    const found = this.#deps.jurisdictions.get(old);
    if (!found || old === code || old === caller.jurisdiction || !covers(ownArea(caller), old)) {
      throw invalid(`replaces.${place}`, 'is no area below yours: see GET /jurisdictions');
    }
    if (found.validTo !== null) throw invalid(`replaces.${place}`, `ended on ${found.validTo}`);
  }
}
