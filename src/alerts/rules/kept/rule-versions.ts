import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, invalid } from '../../../core/errors.ts';
import { covers, NATIONWIDE, ownArea } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../../platform/database/database.ts';
import { newestFirst } from '../../../platform/database/newest-first.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { requireUuid } from '../../desk/queries.ts';
import type { ParsedRule, Rule } from '../rules.ts';
import type { KeptRule } from './kept.ts';
import type { RuleVersionRow, RuleVersionState, RuleVersionTables } from './tables.ts';

export interface RuleVersionsDeps {
  database: Database;
  clock: Clock;
  /** Reads a text as a file of `config/rules` is read. */
  parse(text: string): ParsedRule;
  /** The rules in force. */
  current(): readonly Rule[];
  /** The version of a rule in the files; 0 where none has it. */
  versionOfFile(rule: string): number;
  /** Whether another person has to approve what somebody asks for. */
  needsApproval: boolean;
  /** Those of `ids` behind whom the same person stands as behind `id`. */
  samePersonAmong(tables: Tables, id: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** After a commit: puts in force what stands now. Never rejects. */
  changed(): Promise<void>;
}

/** Somebody who asked for a version or decided on it, and when (Unix ms). */
export interface RuleActor {
  id: string;
  name: string;
  atMs: number;
}

/** A version of a rule that came by the API. */
export interface RuleVersion {
  id: string;
  rule: string;
  version: number;
  /** Null where it ends the rule. */
  yaml: string | null;
  state: RuleVersionState;
  reason: string;
  asked: RuleActor;
  /** Null while nobody decided, and where nobody had to. */
  decided: (RuleActor & { why: string | null }) | null;
}

export interface RuleVersionFilter {
  rule?: string | undefined;
  state?: RuleVersionState | undefined;
  limit: number;
  /** Id of the last one of the page before. */
  after?: string | undefined;
}

/** What is in force by the API, or ended by it. */
export async function keptInForce(tables: Tables): Promise<KeptRule[]> {
  const db = tables.tables<RuleVersionTables>().selectFrom('rule_version');
  return await db.select(['rule', 'version', 'text']).where('state', '=', 'in-force').orderBy('rule').execute();
}

/** Paths of the API under `/rules`, which no rule may be called. */
const TAKEN_NAMES: readonly string[] = ['versions', 'dry-runs'];

/**
 * Rules as people keep them by the API. A version is asked for, and is in force at once, or once another person has
 * approved it; it stays on record. Nobody keeps what reaches beyond their own area.
 */
export class RuleVersions {
  readonly #deps: RuleVersionsDeps;

  constructor(deps: RuleVersionsDeps) {
    this.#deps = deps;
  }

  /**
   * Asks for a rule. Errors: `request.invalid` with line and key of every fault, for a version that is not higher than
   * all before and for devices beyond the caller's area; `conflict.state` while another version of it is asked for.
   */
  async ask(caller: Caller, { yaml, reason }: { yaml: string; reason: string }): Promise<RuleVersion> {
    const parsed = this.#deps.parse(yaml);
    if ('issues' in parsed) {
      const issues = parsed.issues.map(({ path, message }) => ({ path: `yaml${path}`, message }));
      throw new CitywatchError('request.invalid', { issues });
    }
    const { rule, version } = parsed.rule;
    if (TAKEN_NAMES.includes(rule)) throw invalid('yaml', `${rule} is no name for a rule: choose another one`);
    requireReach(caller, parsed.rule);
    return await this.#add(caller, { rule, text: yaml, reason }, version);
  }

  /** Asks that a rule ends, one of a file too. Errors: `not-found` for one that is not in force; as {@link ask}. */
  async askEnd(caller: Caller, rule: string, reason: string): Promise<RuleVersion> {
    if (!this.#deps.current().some((one) => one.rule === rule)) throw new CitywatchError('not-found');
    return await this.#add(caller, { rule, text: null, reason }, null);
  }

  /** Errors: `not-found`, `conflict.state`; `auth.forbidden` for who asked for it, where another person has to. */
  approve(caller: Caller, id: string): Promise<RuleVersion> {
    return this.#decide(caller, id, { state: 'in-force', why: null });
  }

  /** Errors as {@link approve}, but who asked for it may do it: that takes it back. */
  reject(caller: Caller, id: string, why: string): Promise<RuleVersion> {
    return this.#decide(caller, id, { state: 'rejected', why });
  }

  /** Those that were asked for within the caller's area, newest first. */
  async list(
    caller: Caller,
    { rule, state, limit, after }: RuleVersionFilter,
  ): Promise<{ items: RuleVersion[]; next: string | null }> {
    const { database } = this.#deps;
    const last = after === undefined ? null : await seenRow(database, caller, after).executeTakeFirst();
    if (last === undefined) throw new CitywatchError('not-found');
    let query = database.tables<RuleVersionTables>().selectFrom('rule_version').selectAll();
    query = withinJurisdiction(query, 'jurisdiction', ownArea(caller));
    if (rule !== undefined) query = query.where('rule', '=', rule);
    if (state !== undefined) query = query.where('state', '=', state);
    const { rows, next } = await newestFirst(query, { limit, last });
    return { items: rows.map(shown), next };
  }

  async #add(
    caller: Caller,
    { rule, text, reason }: { rule: string; text: string | null; reason: string },
    version: number | null,
  ): Promise<RuleVersion> {
    const { database, clock, needsApproval, changed } = this.#deps;
    this.#requireReachOfBefore(caller, rule);
    const row = await database.transaction(async (tx) => {
      // Those who ask for the same rule at the same moment take turns.
      await sql`lock table rule_version in share row exclusive mode`.execute(tx.tables());
      const lastVersion = await this.#lastVersion(tx, rule);
      if (version !== null && version <= lastVersion) {
        throw invalid('yaml', `version must be higher than ${lastVersion}, which this rule had: raise it`);
      }
      const made: RuleVersionRow = {
        id: randomUUID(),
        rule,
        version: version ?? lastVersion + 1,
        text,
        state: needsApproval ? 'asked' : 'in-force',
        reason,
        asked_by: caller.id,
        asked_by_name: caller.name,
        jurisdiction: caller.jurisdiction,
        created_at_ms: clock.nowMs(),
        decided_by: null,
        decided_by_name: null,
        decided_at_ms: null,
        decided_why: null,
      };
      if (!needsApproval) await replaceBefore(tx, rule);
      await tx.tables<RuleVersionTables>().insertInto('rule_version').values(made).execute();
      await this.#audit(tx, caller, made, text === null ? 'rule.ask-end' : 'rule.ask');
      return made;
    });
    if (row.state === 'in-force') await changed();
    return shown(row);
  }

  async #decide(
    caller: Caller,
    id: string,
    { state, why }: { state: 'in-force' | 'rejected'; why: string | null },
  ): Promise<RuleVersion> {
    const { database, clock, changed, samePersonAmong } = this.#deps;
    const row = await database.transaction(async (tx) => {
      const before = await seenRow(tx, caller, id).forUpdate().executeTakeFirst();
      if (!before) throw new CitywatchError('not-found');
      if (before.state !== 'asked') throw new CitywatchError('conflict.state', { detail: `It is ${before.state}.` });
      if (state === 'in-force' && (await samePersonAmong(tx, caller.id, [before.asked_by])).size > 0) {
        const detail = 'Another person than the one who asked has to approve it, and not by a token of theirs.';
        throw new CitywatchError('auth.forbidden', { detail });
      }
      this.#requireDecided(caller, before, state);
      if (state === 'in-force') await replaceBefore(tx, before.rule);
      const decided = {
        state,
        decided_by: caller.id,
        decided_by_name: caller.name,
        decided_at_ms: clock.nowMs(),
        decided_why: why,
      };
      await tx.tables<RuleVersionTables>().updateTable('rule_version').set(decided).where('id', '=', id).execute();
      const after = { ...before, ...decided };
      await this.#audit(tx, caller, after, state === 'in-force' ? 'rule.approve' : 'rule.reject');
      return after;
    });
    if (row.state === 'in-force') await changed();
    return shown(row);
  }

  /** What is put in force must still be right, and lie within the area of who approves it. */
  #requireDecided(caller: Caller, { rule, text }: RuleVersionRow, state: 'in-force' | 'rejected'): void {
    this.#requireReachOfBefore(caller, rule);
    if (text === null) return;
    const parsed = this.#deps.parse(text);
    if ('rule' in parsed) requireReach(caller, parsed.rule);
    else if (state === 'in-force') {
      const [first] = parsed.issues;
      const detail = `It is not right any more (${first?.path} ${first?.message}): reject it and ask anew.`;
      throw new CitywatchError('conflict.state', { detail });
    }
  }

  #requireReachOfBefore(caller: Caller, rule: string): void {
    const before = this.#deps.current().find((one) => one.rule === rule);
    if (before) requireReach(caller, before);
  }

  /** The highest version that a rule had, in the files or by the API; one that is asked for holds up others. */
  async #lastVersion(tx: Tables, rule: string): Promise<number> {
    const db = tx.tables<RuleVersionTables>().selectFrom('rule_version').select(['id', 'version', 'state']);
    const rows = await db.where('rule', '=', rule).where('state', '!=', 'rejected').execute();
    const asked = rows.find(({ state }) => state === 'asked');
    if (asked) {
      const detail = `Version ${asked.version} of this rule is asked for (${asked.id}): have it approved or rejected.`;
      throw new CitywatchError('conflict.state', { detail });
    }
    return Math.max(this.#deps.versionOfFile(rule), ...rows.map(({ version }) => version));
  }

  async #audit(tx: Tables, caller: Caller, { id, rule, version, reason, decided_why }: RuleVersionRow, action: string) {
    const after = { id, version, reason, ...(decided_why !== null && { why: decided_why }) };
    const { jurisdiction } = caller;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, { caller, action, subject: `rule/${rule}`, jurisdiction, after, atMs });
  }
}

/** Errors: `auth.forbidden` where the devices of a rule reach beyond the caller's area. */
function requireReach(caller: Caller, { areas, by }: Rule): void {
  const reached = by.hears === 'gateway' ? [NATIONWIDE] : (areas ?? [NATIONWIDE]);
  const own = ownArea(caller);
  if (reached.every((area) => covers(own, area))) return;
  const detail =
    areas === undefined
      ? `It is for devices everywhere, and your area is ${caller.jurisdiction}: name \`areas\` within it.`
      : `Its areas reach beyond yours, ${caller.jurisdiction}.`;
  throw new CitywatchError('auth.forbidden', { detail });
}

async function replaceBefore(tx: Tables, rule: string): Promise<void> {
  const db = tx.tables<RuleVersionTables>().updateTable('rule_version').set({ state: 'replaced' });
  await db.where('rule', '=', rule).where('state', '=', 'in-force').execute();
}

function seenRow(tables: Tables, caller: Caller, id: string) {
  const all = tables.tables<RuleVersionTables>().selectFrom('rule_version').selectAll();
  return withinJurisdiction(all, 'jurisdiction', ownArea(caller)).where('id', '=', requireUuid(id));
}

function shown(row: RuleVersionRow): RuleVersion {
  const { id, rule, version, text: yaml, state, reason } = row;
  const asked = { id: row.asked_by, name: row.asked_by_name, atMs: row.created_at_ms };
  const decided =
    row.decided_by === null
      ? null
      : { id: row.decided_by, name: row.decided_by_name!, atMs: row.decided_at_ms!, why: row.decided_why };
  return { id, rule, version, yaml, state, reason, asked, decided };
}
