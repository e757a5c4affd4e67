import { type Clock, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { plainMetrics } from '../../core/mechanisms/plain-metrics.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import { type Database, sql } from '../database/database.ts';
import { databaseIdentity } from '../database/database-id.ts';
import { BEGINNING, type ChainPoint, lastSealed } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { proofsIn } from './prune-proof.ts';
import { ACCESS, AUDIT, type SealedRegister } from './registers.ts';

export interface CheckpointsDeps {
  database: Database;
  /** Where lines go; see `checkpoint-file.ts`. */
  file: {
    publishKey(): Promise<void>;
    last(): Promise<Checkpoint | null>;
    append(said: Omit<Checkpoint, 'previous'>): Promise<void>;
  };
  clock: Clock;
  observer: Observer;
}

const EVERY_MS = 10 * MINUTE_MS;
/** A disk that is not there is tried again this often. */
const TRY_EVERY_MS = MINUTE_MS;

/** Writes down outside the database, signed, how far both registers have come: every ten minutes and at the end. */
export class Checkpoints {
  readonly #deps: CheckpointsDeps;
  readonly #log: Logger;
  readonly #running = new Joined();
  #cancel = (): void => {};
  #trueAtMs: number;
  #isFailing = false;
  #isAstray = false;

  constructor(deps: CheckpointsDeps) {
    this.#deps = deps;
    const { clock, observer } = deps;
    this.#log = observer.log.child({ part: 'audit' });
    this.#trueAtMs = clock.nowMs();
    plainMetrics(observer.metrics, 'citywatch_').gauge(
      'checkpoint_age_seconds',
      'Seconds since the file of checkpoints was brought up to the audit trail and the access register.',
      () => Math.max(0, (clock.nowMs() - this.#trueAtMs) / 1000),
    );
  }

  start(): void {
    const { clock } = this.#deps;
    this.#cancel = clock.every(TRY_EVERY_MS, () => {
      if (this.#isFailing || clock.nowMs() - this.#trueAtMs >= EVERY_MS) void this.write();
    });
    void this.write();
  }

  /** Call it once the last rows are sealed. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
    await this.write();
  }

  /** Adds a line where something was sealed since the last; what fails is tried again by the next. */
  write(): Promise<void> {
    return this.#running.run(() =>
      this.#write().catch((error: unknown) => {
        if (!this.#isFailing) this.#log.warn({ error: messageOf(error) }, 'the checkpoint could not be written');
        this.#isFailing = true;
      }),
    );
  }

  async #write(): Promise<void> {
    const { database, file, clock } = this.#deps;
    await file.publishKey();
    const last = await file.last();
    if (last) await this.#compare(last);
    const registers = { audit: await this.#standing(AUDIT), access: await this.#standing(ACCESS) };
    const at = clock.nowMs();
    if (JSON.stringify(last?.registers) !== JSON.stringify(registers)) {
      const identity = await databaseIdentity(database);
      await file.append({ citywatch: 'checkpoint', v: 1, at: toRfc3339(at), database: identity, registers });
    }
    this.#trueAtMs = at;
    this.#isFailing = false;
  }

  async #standing(register: SealedRegister): Promise<{ rows: number; head: string }> {
    const { link, hash } = await this.#end(register);
    return { rows: link, head: hash.toString('hex') };
  }

  /** Where every row was pruned, the last of them. */
  async #end(register: SealedRegister): Promise<ChainPoint> {
    const end = await lastSealed(this.#deps.database, register);
    if (end.link > 0) return end;
    const proofs = await proofsIn(this.#deps.database);
    return proofs.findLast((proof) => proof.register === register.name) ?? BEGINNING;
  }

  /** A database that was put back, or cut, must not go on without a word; `citywatch audit verify` tells the rest. */
  async #compare({ at, registers }: Checkpoint): Promise<void> {
    const astray: string[] = [];
    for (const register of [AUDIT, ACCESS]) {
      const { rows, head } = registers[register.name];
      const isThere = sql<boolean>`exists (
        select from ${sql.table(register.table)} where link = ${rows} and hash = decode(${head}, 'hex'))`;
      const isPruned = sql<boolean>`is_pruned(${register.name}, ${rows})`;
      const { rows: found } = await sql<{ fits: boolean }>`
        select ${rows} = 0 or ${isThere} or ${isPruned} as fits`.execute(this.#deps.database.tables());
      if (!found[0]?.fits) astray.push(register.title);
    }
    if (astray.length > 0 && !this.#isAstray) {
      const message = 'rows that the last checkpoint saw are not in the database: run citywatch audit verify';
      this.#log.error({ registers: astray, checkpointAt: at }, message);
    }
    this.#isAstray = astray.length > 0;
  }
}
