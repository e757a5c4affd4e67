import { type Clock, MINUTE_MS } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { Logger, Observer } from '../../../core/observe.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database, Tables } from '../../database/database.ts';
import { lastSealed } from '../chain.ts';
import { noCheckpoints, type ReadCheckpoints, readCheckpoints } from '../checkpoint.ts';
import { type FaultCode, judge, type Source, type Verdict } from '../judge.ts';
import { REGISTERS, type RegisterName } from '../registers.ts';
import { type PublicKey, PublicKeys } from '../signing.ts';
import { databaseSource } from '../source.ts';

export interface RegisterCheckDeps {
  database: Pick<Database, 'snapshot'>;
  /** Of the checkpoints that this gateway writes. */
  file: { keys(): Promise<PublicKey[]>; lines(): AsyncIterable<string> };
  clock: Clock;
  observer: Observer;
}

/** What is wrong with a register: `row` is the first that does not hold, or has gone. */
export interface FoundFault {
  code: FaultCode;
  row: number;
  /** For people; it may say what a row says, so it is null for who does not see the whole country. */
  text: string | null;
}

export interface FoundRegister {
  register: RegisterName;
  /** Rows that were looked at and hold. */
  rows: number;
  /** Up to this row old ones were pruned, with a proof; null where none was. */
  prunedTo: number | null;
  /** Rows of the last moments, which are not sealed yet. */
  unsealed: number;
  /** Hash of the last row that holds, in hex. */
  head: string;
  /** The checkpoint with the most rows that the chain bears out. */
  vouched: { rows: number; at: string } | null;
  faults: FoundFault[];
}

/** A check of both registers, or where it has come to. */
export interface CheckedRegisters {
  state: 'running' | 'done' | 'failed';
  begunAtMs: number;
  endedAtMs: number | null;
  /** Rows that were gone through, of so many that there were when it began. */
  checked: number;
  total: number;
  /** What is wrong with the file of checkpoints, in sentences for people; how many of its lines were read. */
  checkpoints: { read: number; faults: string[] };
  registers: FoundRegister[];
  /** Why it failed. */
  reason: string | null;
}

/** Ten million rows take a fraction of it; a database that stands still is not waited for longer. */
const LONGEST_MS = 30 * MINUTE_MS;
/** Signatures that are checked in one go: each takes a tenth of a millisecond, in which nobody else is served. */
const LINES_AT_ONCE = 50;

/**
 * Checks both registers row by row beside the work of the gateway, as `citywatch audit verify` does: one check at a
 * time, whoever asks meanwhile is told of it. The last one is remembered as long as the process lives. It reads only.
 */
export class RegisterCheck {
  readonly #deps: RegisterCheckDeps;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #last: CheckedRegisters | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: RegisterCheckDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'audit' });
  }

  /** The check that is under way, or else the last one; null where there was none. */
  last(caller: Caller): CheckedRegisters | null {
    return this.#last && shownTo(caller, this.#last);
  }

  /** Begins a check where none is under way. */
  begin(caller: Caller): CheckedRegisters {
    if (this.#last?.state !== 'running') this.#start();
    return shownTo(caller, this.#last!);
  }

  #start(): void {
    const run: CheckedRegisters = {
      state: 'running',
      begunAtMs: this.#deps.clock.nowMs(),
      endedAtMs: null,
      checked: 0,
      total: 0,
      checkpoints: { read: 0, faults: [] },
      registers: [],
      reason: null,
    };
    this.#last = run;
    this.#running = this.#run(run);
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(run: CheckedRegisters): Promise<void> {
    const { database, clock } = this.#deps;
    try {
      const keys = PublicKeys.parse((await this.#deps.file.keys()).map(({ pem }) => pem).join('\n'));
      await database.snapshot(async (tx) => {
        const source = await databaseSource(tx);
        run.total = await rowsIn(tx, source);
        const read = keys ? await this.#readCheckpoints(run, keys, source.database) : noCheckpoints();
        run.checkpoints = { read: read.checkpoints.length, faults: read.faults };
        const witness = { keys, checkpoints: read.checkpoints, head: null };
        const verdicts = await judge(this.#counted(source, run), witness);
        run.registers = verdicts.map(found);
      });
      run.state = 'done';
    } catch (error) {
      run.state = 'failed';
      run.reason = messageOf(error);
      if (!this.#stop.signal.aborted) this.#log.warn({ error: run.reason }, 'the registers could not be checked');
    }
    run.endedAtMs = clock.nowMs();
  }

  async #readCheckpoints(run: CheckedRegisters, keys: PublicKeys, database: string): Promise<ReadCheckpoints> {
    let read = noCheckpoints();
    let lines: string[] = [];
    for await (const line of this.#deps.file.lines()) {
      if (lines.push(line) < LINES_AT_ONCE) continue;
      read = readCheckpoints(lines, { keys, database, sinceMs: 0 }, read);
      lines = [];
      this.#goOn(run);
      // Others have their turn.
      await this.#deps.clock.sleep(0);
    }
    return readCheckpoints(lines, { keys, database, sinceMs: 0 }, read);
  }

  /** The same rows, counted as they are gone through. */
  #counted(source: Source, run: CheckedRegisters): Source {
    const goOn = () => this.#goOn(run);
    return {
      ...source,
      rows: async function* (register, after) {
        for await (const row of source.rows(register, after)) {
          run.checked += 1;
          if (run.checked % ROWS_AT_ONCE === 0) goOn();
          yield row;
        }
      },
    };
  }

  /** Throws where the check is to end. */
  #goOn({ begunAtMs }: CheckedRegisters): void {
    this.#stop.signal.throwIfAborted();
    const { clock } = this.#deps;
    if (clock.nowMs() - begunAtMs > LONGEST_MS) throw new Error('It took longer than half an hour.');
  }
}

/** What a row says may be of any area. */
function shownTo({ jurisdiction, police }: Caller, run: CheckedRegisters): CheckedRegisters {
  if (jurisdiction === NATIONWIDE && (police ?? null) === null) return { ...run };
  const registers = run.registers.map((one) => ({
    ...one,
    faults: one.faults.map((fault) => ({ ...fault, text: null })),
  }));
  return { ...run, registers };
}

/** Rows between two looks at the time. */
const ROWS_AT_ONCE = 1_000;

async function rowsIn(tx: Tables, { proofs }: Source): Promise<number> {
  const counts = REGISTERS.map(async (register) => {
    const pruned = proofs.findLast((proof) => proof.register === register.name)?.link ?? 0;
    return (await lastSealed(tx, register)).link - pruned;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + Math.max(0, count), 0);
}

function found({ register, checked, pruned, unsealed, end, vouched, faults }: Verdict): FoundRegister {
  return {
    register: register.name,
    rows: checked,
    prunedTo: pruned?.link ?? null,
    unsealed,
    head: end.hash.toString('hex'),
    vouched,
    faults,
  };
}
