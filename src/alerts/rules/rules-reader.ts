import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { JournalReader } from '../../core/journal-reader.ts';
import { InTurn, Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DecodedBatch, Lane } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { WorkDesk } from '../../platform/work/work.ts';
import type { Committed } from '../desk/log.ts';
import type { AskedPlaces } from '../desk/places.ts';
import type { AlertTables } from '../desk/tables.ts';
import { subjectOf, subjectText } from './conditions/subject.ts';
import { RULES_READER } from './cursors.ts';
import type { RulesEngine, StoredStates, SubjectStates } from './engine.ts';
import type { Finding } from './findings.ts';
import type { PlateBox } from './plates.ts';
import type { OwnersOfSubjects } from './rule-states.ts';
import type { Rule } from './rules.ts';
import { storeVerdicts } from './store.ts';

export interface RulesReaderDeps extends OwnersOfSubjects {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  engine: RulesEngine;
  /** Offset behind the newest durable record of the live lane: at the head, clocks run by the wall. */
  head(): number;
  committed(committed: Committed): void;
  /** After a commit: this rule raised an alert. */
  raised(rule: string): void;
  work: WorkDesk;
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'self' | 'ownerOf' | 'write' | 'refused'>;
  plates: PlateBox;
  /** Where devices are, for whoever makes alerts of what was found; without it they ask themselves. */
  places?: AskedPlaces;
  /** Whether the rules know of every time the wall clock was set; until then no clock runs by it. */
  isClockKnown(): boolean;
  /** How long changed states may wait for their transaction. */
  saveMs: number;
}

type Offsets = Record<Lane, number>;

/** How long the states of a gateway may wait: a crash judges what came in meanwhile once more. */
export const RULES_SAVE_MS = 10_000;

/** A record received before a clock ran out may still be on its way into the journal; give it this long. */
const HEAD_MARGIN_MS = 1_000;
const TICK_MS = 250;

/**
 * The reader "rules" of both lanes: they share the states of rules, so states and both cursors are saved together.
 * After a crash it judges again from the saved cursors, and the same findings get the same ids.
 */
export class RulesReader implements JournalReader {
  readonly name = RULES_READER;
  readonly lanes = ['live', 'bulk'] as const;
  /** An alert is not to wait. */
  readonly restMs = 5;
  readonly #deps: RulesReaderDeps;
  readonly #findings: Counter;
  readonly #cursors: Offsets = { live: 0, bulk: 0 };
  readonly #saved: Offsets = { live: 0, bulk: 0 };
  #savedAtMs = 0;
  readonly #loading = new Joined();
  #loaded = false;
  readonly #turns = new InTurn();
  #stopTick: (() => void) | null = null;
  readonly #ticking = new Joined();

  constructor(deps: RulesReaderDeps) {
    this.#deps = deps;
    this.#findings = new Counter({
      name: 'citywatch_findings_total',
      help: 'Findings that rules raised.',
      labelNames: ['rule', 'transition'],
      registers: [deps.observer.metrics],
    });
  }

  /** Loads states and cursors, once: what is in memory is newer. Returns where to read on. */
  async load(lane: Lane): Promise<number> {
    if (!this.#loaded) {
      await this.#loading.run(() => this.#load());
    }
    return this.#cursors[lane];
  }

  async #load(): Promise<void> {
    const db = this.#deps.database.tables<AlertTables>();
    const rows = await db.selectFrom('rule_state').selectAll().execute();
    const cursors = await db.selectFrom('rule_cursor').select(['lane', 'journal_offset']).execute();
    this.#deps.engine.load(
      rows.map(({ device, states, ...row }) => ({
        ...row,
        subject: subjectOf(device),
        states: states as StoredStates,
      })),
    );
    for (const { lane, journal_offset } of cursors) this.#cursors[lane as Lane] = journal_offset;
    Object.assign(this.#saved, this.#cursors);
    this.#loaded = true;
  }

  /** Everything of the lane before this offset is judged and saved: the journal may let it go. */
  saved(lane: Lane): number {
    return this.#saved[lane];
  }

  /** Starts the clocks of a quiet city: without messages, time passes by the wall. */
  start(): void {
    this.#stopTick = this.#deps.clock.every(TICK_MS, () => {
      void this.#ticking.run(() =>
        this.#inTurn(() => this.#tick()).catch((error: unknown) => {
          this.#deps.observer.log.warn({ part: 'rules', error: messageOf(error) }, 'clocks of rules are late');
        }),
      );
    });
  }

  /** Saves what is not saved yet. */
  async stop(): Promise<void> {
    this.#stopTick?.();
    await this.#inTurn(() => this.#commit(true));
  }

  /**
   * Puts these rules in force between two batches: what was judged before is saved first, with the rules it was judged
   * by. Throws `store.unavailable` while PostgreSQL is away; then the rules before go on.
   */
  replace(rules: readonly Rule[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#loaded) await this.#commit(true);
      this.#deps.engine.replace(rules);
    });
  }

  /**
   * Handler of the journal reader. Throws (and is called again with the same batch) when PostgreSQL does not answer.
   */
  handle(batch: DecodedBatch): Promise<void> {
    return this.#inTurn(async () => {
      // Message by message: when one cannot be judged the batch comes again in parts, and what was judged stays so.
      for (const decoded of batch.messages) {
        if (decoded.message.offset < this.#cursors[batch.lane]) continue;
        this.#unsaved.push(...this.#deps.engine.judge(decoded, this.#deps.clock.nowMs()));
        this.#cursors[batch.lane] = decoded.message.endOffset;
      }
      this.#cursors[batch.lane] = Math.max(this.#cursors[batch.lane], batch.to);
      await this.#commit(false);
    });
  }

  /** Judged and not yet committed: kept while PostgreSQL is away, because judging twice would not raise them again. */
  readonly #unsaved: Finding[] = [];

  async #tick(): Promise<void> {
    if (!this.#deps.isClockKnown()) return;
    if (!this.#loaded || this.#cursors.live < this.#deps.head()) return;
    const nowMs = this.#deps.clock.nowMs();
    this.#unsaved.push(...this.#deps.engine.advanceTo(nowMs - HEAD_MARGIN_MS, nowMs));
    await this.#commit(false);
  }

  /**
   * Commits findings at once; states and cursor with them, or at most every ten seconds when there are none. States
   * go into the same transaction as their findings: saved apart, a crash in between could forget that an absence has
   * fired and so never raise its end.
   */
  async #commit(now: boolean): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const findings = this.#unsaved.slice();
    if (findings.length === 0 && !now && nowMs - this.#savedAtMs < this.#deps.saveMs) return;
    for (const one of this.#deps.engine.takeChanged()) this.#changed.set(subjectText(one.subject), one);
    const cursors = { ...this.#cursors };
    const moved = cursors.live !== this.#saved.live || cursors.bulk !== this.#saved.bulk;
    if (findings.length === 0 && this.#changed.size === 0 && !moved) return;
    const committed = await this.#storeAll(findings, cursors);
    this.#unsaved.splice(0, findings.length);
    this.#changed.clear();
    Object.assign(this.#saved, cursors);
    this.#savedAtMs = nowMs;
    for (const { rule, transition } of findings) {
      this.#findings.inc({ rule, transition });
      if (transition === 'fired') this.#deps.raised(rule);
    }
    if (findings.length > 0) this.#deps.committed(committed);
  }

  /** A finding whose data PostgreSQL refuses is stored without it: the alert counts more than its details. */
  async #storeAll(findings: Finding[], cursors: Offsets): Promise<Committed> {
    const { observer } = this.#deps;
    try {
      return await this.#store(findings, cursors);
    } catch (error) {
      if (findings.length === 0 || !(error instanceof CitywatchError) || error.retryable) throw error;
      if (error.code === 'lease.lost') throw error;
      observer.log.error(
        { part: 'rules', error: error.message, findings: findings.length },
        'stored without their data',
      );
      const bare = findings.map((finding) => ({ ...finding, data: {} }));
      return await this.#store(bare, cursors);
    }
  }

  async #store(findings: Finding[], cursors: Offsets): Promise<Committed> {
    const states = [...this.#changed.values()];
    const at = (['live', 'bulk'] as const).map((lane) => ({ lane, offset: cursors[lane] }));
    return { tickets: await storeVerdicts(this.#deps, { findings, states, cursors: at }), entries: [], opened: [] };
  }

  /** Taken from the engine and not yet stored; survives a transaction that failed. */
  readonly #changed = new Map<string, SubjectStates>();

  /** One step at a time: a tick never runs inside a batch. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    return this.#turns.run(run);
  }
}
