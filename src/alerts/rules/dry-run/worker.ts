import type { Clock } from '../../../core/clock.ts';
import { isInternal } from '../../../core/internal-records.ts';
import { covers, ownArea } from '../../../core/jurisdiction.ts';
import type { Caller, DecodedMessage, DeviceId, DeviceIdentity, Message } from '../../../core/types.ts';
import { type Database, jsonb } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { DONE, type WorkResult } from '../../../platform/work/work.ts';
import type { DevicesPort, Watch } from '../engine.ts';
import { RESTARTS } from '../restarts.ts';
import type { ParsedRule, Rule } from '../rules.ts';
import { RecordedSource, type UnheardPort, WatchOfNobody } from './recorded-source.ts';
import type { Recordings } from './recordings.ts';
import { seesTheSame } from './same-area.ts';
import type { DryRunRow, DryRunTables } from './tables.ts';
import { Trial, type TrialAnswer } from './trial.ts';

/** What was received, decoded as it was then. */
export interface PastPort {
  decoded(of: { fromMs: number; toMs: number; wants(message: Message): boolean }): AsyncGenerator<DecodedMessage[]>;
}

export interface DryRunWorkerDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  past: PastPort;
  /** Lines of recorded files, and what reads their messages. */
  recordings: Pick<Recordings, 'has' | 'lines'>;
  unheard: UnheardPort;
  parse(text: string): ParsedRule;
  /** The rule of this name that is in force; null where there is none. */
  inForce(rule: string): Rule | null;
  watch: Watch;
  devices: DevicesPort;
  /** Who a device is now, and where; undefined for one that is unknown or retired. */
  identityOf(device: DeviceId): DeviceIdentity | undefined;
  /** Who asked, as they stand now; null where they may not do this any more. */
  standing(caller: Caller): Promise<Caller | null>;
}

/** One turn of the worker; its claim is worth a minute. The trial goes on in the next turn. */
const TURN_MS = 20_000;
const CALLED_OFF = { state: 'cancelled' } as const;
/** For errors. */
const WHAT = 'a dry run of a rule';

interface Running {
  run: DryRunRow;
  trial: Trial;
  messages: AsyncGenerator<DecodedMessage[]>;
  /** At the end. */
  answer(): TrialAnswer;
  /** Up to where messages were judged. */
  reachedMs: number;
}

/** Judges what was received by drafts, one after the other. Nothing of it but the answer is kept. */
export class DryRunWorker {
  readonly #deps: DryRunWorkerDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: DryRunWorkerDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue of dry runs; the key is the id of one. After a restart it begins again. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { clock } = this.#deps;
    const running = await this.#take(id);
    if (!running) return DONE;
    // The border is the one it was begun with, and must still be theirs.
    const caller = await this.#deps.standing(running.run.caller);
    if (caller === null || !seesTheSame(caller, running.run.caller)) {
      await this.#save(running, { ...CALLED_OFF, ended_at_ms: clock.nowMs() });
      return this.#leave(id);
    }
    const endMs = clock.monotonicMs() + TURN_MS;
    while (clock.monotonicMs() < endMs && this.#running.has(id)) {
      if (signal.aborted) return { again: { atMs: clock.nowMs() } };
      const { value: portion, done } = await running.messages.next();
      if (done || running.trial.isFull) {
        const change = (await this.#isThere(running)) ? { state: 'done', answer: jsonb(running.answer()) } : CALLED_OFF;
        await this.#save(running, { ...change, ended_at_ms: clock.nowMs() });
        return this.#leave(id);
      }
      for (const message of portion) running.trial.judge(message);
      running.reachedMs = portion.at(-1)?.message.receivedAtMs ?? running.reachedMs;
    }
    await this.#save(running, { reached_ms: running.reachedMs });
    return { again: { atMs: clock.nowMs() } };
  }

  /** Nobody wants this one any more. */
  cancelled(id: string): void {
    this.#leave(id);
  }

  #leave(id: string): typeof DONE {
    void this.#running.get(id)?.messages.return(undefined);
    this.#running.delete(id);
    return DONE;
  }

  async #take(id: string): Promise<Running | null> {
    const { database, parse } = this.#deps;
    const all = database.tables<DryRunTables>().selectFrom('rule_dry_run').selectAll();
    const run = await all.where('id', '=', id).executeTakeFirst();
    const parsed = run?.state === 'running' ? parse(run.yaml) : null;
    // What it was written for may be gone since: a kind, or a field of one.
    if (!run || !parsed || 'issues' in parsed) {
      if (run && parsed) await this.#save({ run }, { ...CALLED_OFF, ended_at_ms: this.#deps.clock.nowMs() });
      this.#leave(id);
      return null;
    }
    const known = this.#running.get(id);
    if (known) return known;
    const running = run.recording === null ? this.#ofPast(run, parsed.rule) : this.#ofFile(run, parsed.rule);
    this.#running.set(id, running);
    return running;
  }

  #ofPast(run: DryRunRow, draft: Rule): Running {
    const { past, inForce, watch, devices } = this.#deps;
    const trial = new Trial({ draft, inForce: inForce(run.rule), watch, devices });
    const messages = past.decoded({
      fromMs: run.from_ms,
      toMs: run.to_ms,
      wants: (message) =>
        isOfTheClock(message) || (trial.kinds.has(message.device.kind) && !!this.#theirs(run, message.device.id)),
    });
    return { run, trial, messages, answer: () => trial.answer(), reachedMs: run.from_ms };
  }

  #ofFile(run: DryRunRow, draft: Rule): Running {
    const { recordings, unheard, inForce, devices, clock } = this.#deps;
    const watch = new WatchOfNobody();
    const trial = new Trial({ draft, inForce: inForce(run.rule), watch, devices });
    const id = run.recording!;
    const source = new RecordedSource({
      id,
      lines: recordings.lines(id),
      unheard,
      clock,
      theirs: (device) => this.#theirs(run, device),
      kinds: trial.kinds,
    });
    const answer = (): TrialAnswer => {
      const found = trial.answer();
      const warnings = watch.wasAsked ? [...found.warnings, 'watchlists-not-asked' as const] : found.warnings;
      return { ...found, warnings, recording: source.counts };
    };
    return { run, trial, messages: source.decoded(), answer, reachedMs: run.from_ms };
  }

  /** Lines of a file that was deleted meanwhile end early, and would be taken for all there were. */
  async #isThere({ run: { recording } }: Running): Promise<boolean> {
    return recording === null || (await this.#deps.recordings.has(recording));
  }

  #theirs({ caller }: DryRunRow, device: DeviceId): DeviceIdentity | undefined {
    const identity = this.#deps.identityOf(device);
    return identity && covers(ownArea(caller), identity) ? identity : undefined;
  }

  async #save({ run }: Pick<Running, 'run'>, change: object): Promise<void> {
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, WHAT, async (tx) => {
      const mine = tx.tables<DryRunTables>().updateTable('rule_dry_run').set(change).where('id', '=', run.id);
      await mine.where('state', '=', 'running').execute();
    });
  }
}

/** The gateway started, or its clock was set: no device's word, and all clocks of rules begin anew by it. */
function isOfTheClock(message: Message): boolean {
  return isInternal(message) && RESTARTS[message.topic] !== undefined;
}
