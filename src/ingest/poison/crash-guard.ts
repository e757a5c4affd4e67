import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import type { DecodedBatch, DecodedMessage, Lane, Message } from '../../core/types.ts';
import { type ReaderGuard, withoutRecords } from '../readers/reader.ts';
import { AskedFile } from './asked-file.ts';
import { type Care, MarkFile, readMark, type Stretch } from './mark-file.ts';
import { DIED_AT_ONCE, hashOf, PoisonList } from './poison-list.ts';

export interface CrashGuardDeps {
  /** A directory of its own. */
  directory: string;
  clock: Clock;
  observer: Observer;
}

/** A step that takes longer has not killed us: the timer that says so could run. */
const UNDER_WAY_MS = 1_000;
/** Messages of a suspect batch that are handled together; the next death is then among these. */
const PIECE_MESSAGES = 32;
const DECODE = 'decode';
const ENDING = '.mark';

/**
 * Finds out which message ends the whole process (memory, a crash in native code, a loop that the watchdog ends) and
 * puts it aside. Whoever works on messages notes which ones before it begins and takes the note back after; a note that
 * is found at start tells of a death. The next time its batch is taken in small pieces, then one by one, and a message
 * that stood alone in a note is put aside unread: after three deaths while it was decoded, after four while it was
 * read, or after five when timers and answers had their turn in between, so that it may have been chance. While
 * anything is suspect the readers work one at a time, so that none is blamed for the death of another.
 */
export class CrashGuard {
  readonly #deps: CrashGuardDeps;
  readonly #list: PoisonList;
  readonly #marks = new Map<string, MarkFile>();
  readonly #suspects: Map<string, Stretch>;
  readonly #asked: AskedFile;
  readonly #poisoned: Counter;
  /** Resolves when the reader before is done with its step; only while something is suspect. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(deps: CrashGuardDeps, list: PoisonList, suspects: Map<string, Stretch>) {
    this.#deps = deps;
    this.#list = list;
    this.#suspects = suspects;
    this.#asked = new AskedFile(join(deps.directory, 'asked'));
    const registers = [deps.observer.metrics];
    this.#poisoned = new Counter({
      name: 'citywatch_poison_put_aside_total',
      labelNames: ['by'],
      registers,
      help: 'Messages put aside unread because the process died of them (or of the same bytes) before.',
    });
    new Gauge({
      name: 'citywatch_poison_suspects',
      registers,
      help: 'Stretches of the journal that the process died in and that are read with care.',
      collect() {
        this.set(suspects.size);
      },
    });
  }

  /** Reads what the last life of the process left behind. */
  static async open(deps: CrashGuardDeps): Promise<CrashGuard> {
    const list = await PoisonList.open(join(deps.directory, 'poison.json'));
    const log = deps.observer.log.child({ part: 'poison' });
    const suspects = new Map<string, Stretch>();
    const found = readdirSync(deps.directory)
      .filter((file) => file.endsWith(ENDING))
      .flatMap((file) => {
        const stretch = readMark(join(deps.directory, file));
        return stretch ? [{ name: file.slice(0, -ENDING.length), stretch }] : [];
      });
    // Decoding never waits for anything: what was noted there when the process died is what it died of.
    const decoding = found.filter(({ name }) => name.startsWith(`${DECODE}.`));
    for (const { name, stretch } of decoding.length > 0 ? decoding : found) {
      const { from, to, care } = stretch;
      if (care !== 'single') {
        suspects.set(name, stretch);
        log.warn({ reader: name, from, to }, 'the process died at these messages; they are read with care');
        continue;
      }
      const [by = '', lane = ''] = name.split('.');
      const weight = by === DECODE || stretch.waits ? 1 : DIED_AT_ONCE;
      if (!(await list.add({ by, lane, offset: from, hash: null, bytes: 0 }, weight))) {
        // Noted as not tried alone, so that a death before it is tried again does not count twice.
        suspects.set(name, { ...stretch, care: by === DECODE ? 'batch' : 'piece' });
        continue;
      }
      log.error({ reader: by, lane, offset: from }, 'the process dies of this message; it is put aside unread');
    }
    const asked = AskedFile.read(join(deps.directory, 'asked'));
    if (asked) await list.add({ by: DECODE, lane: null, offset: null, ...asked });
    const guard = new CrashGuard(deps, list, suspects);
    for (const { name } of found) {
      const suspect = suspects.get(name);
      if (suspect) guard.#mark(name).set(suspect);
      else guard.#mark(name).wipe();
    }
    return guard;
  }

  /** Stretches of the journal that are read with care. */
  get suspects(): number {
    return this.#suspects.size;
  }

  /** Decodes what came in at the door, before it is in the journal; null for bytes that the process died of. */
  asked<Result>(raw: Buffer, decode: () => Result): Result | null {
    if (this.#list.find(DECODE, null, raw)) return null;
    this.#asked.set(raw);
    try {
      return decode();
    } finally {
      this.#asked.clear();
    }
  }

  /** Whether nobody may decode this message. */
  isPoison(message: Message): boolean {
    return this.#list.find(DECODE, message, message.raw) !== undefined;
  }

  /** How many messages from `at` on may be decoded under one note. */
  decodeStep(messages: readonly Message[], at: number): number {
    const suspect = this.#suspects.get(`${DECODE}.${messages[at]?.lane}`);
    if (!suspect) return DECODE_MESSAGES;
    const isSuspect = (index: number): boolean => {
      const { offset } = messages[index]!;
      return offset >= suspect.from && offset < suspect.to;
    };
    let count = 1;
    if (isSuspect(at)) return count;
    while (count < DECODE_MESSAGES && at + count < messages.length && !isSuspect(at + count)) count += 1;
    return count;
  }

  /** Notes that these messages are being decoded, which never waits, and clears the note after. */
  decoding<Result>(messages: readonly Message[], run: () => Result): Result {
    const [first] = messages;
    const last = messages.at(-1);
    if (!first || !last) return run();
    const name = `${DECODE}.${first.lane}`;
    const mark = this.#mark(name);
    mark.set({
      from: first.offset,
      to: last.endOffset,
      care: messages.length === 1 ? 'single' : 'batch',
      waits: false,
    });
    try {
      return run();
    } finally {
      mark.clear();
      this.#passed(name, last.endOffset);
    }
  }

  /** A message that is put aside; its bytes are remembered, so that the same ones sent again are not tried again. */
  putAside(by: string, message: Message): void {
    this.#poisoned.inc({ by });
    const known = this.#list.find(by, message, message.raw);
    if (!known || known.hash !== null) return;
    Object.assign(known, { hash: hashOf(message.raw), bytes: message.raw.length });
    this.#list.save().catch((error: unknown) => {
      this.#deps.observer.log.warn({ part: 'poison', error: messageOf(error) }, 'could not be remembered');
    });
  }

  /** What the reader `by` asks of the guard. */
  reader(by: string, lane: Lane): ReaderGuard {
    const name = `${by}.${lane}`;
    return {
      steps: (batch) => this.#steps(name, this.#cleaned(by, batch)),
      enter: (step) => this.#enter(name, step),
    };
  }

  /** The end was asked for: nothing is suspect of it. */
  close(): void {
    for (const mark of this.#marks.values()) mark.close();
    this.#marks.clear();
    this.#asked.close();
  }

  #cleaned(by: string, batch: DecodedBatch): DecodedBatch {
    if (this.#list.size === 0) return batch;
    let changed = false;
    const messages = batch.messages.map((one) => {
      if (!this.#list.find(by, one.message, one.message.raw)) return one;
      changed = true;
      this.putAside(by, one.message);
      return withoutRecords(one);
    });
    return changed ? { ...batch, messages } : batch;
  }

  #steps(name: string, batch: DecodedBatch): DecodedBatch[] {
    const suspect = this.#suspects.get(name);
    if (!suspect) return [batch];
    const size = suspect.care === 'batch' ? PIECE_MESSAGES : 1;
    const steps: DecodedMessage[][] = [];
    let careful = false;
    for (const one of batch.messages) {
      const isSuspect = one.message.offset >= suspect.from && one.message.offset < suspect.to;
      const last = steps.at(-1);
      if (last && careful === isSuspect && (!isSuspect || last.length < size)) last.push(one);
      else steps.push([one]);
      careful = isSuspect;
    }
    if (steps.length <= 1) return [batch];
    let from = batch.from;
    return steps.map((messages, index) => {
      // Where one ends the next begins, also where the journal's next file begins in between.
      const to = index === steps.length - 1 ? batch.to : messages.at(-1)!.message.endOffset;
      const step = { ...batch, from, to, messages };
      from = to;
      return step;
    });
  }

  async #enter(name: string, step: DecodedBatch): Promise<() => void> {
    const free = this.#suspects.size === 0 ? () => {} : await this.#alone();
    const mark = this.#mark(name);
    const stretch = { from: step.from, to: step.to, care: this.#careOf(name, step) };
    mark.set({ ...stretch, waits: false });
    let isOver = false;
    setImmediate(() => {
      if (!isOver) mark.set({ ...stretch, waits: true });
    });
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      mark.clear();
      free();
    };
    const cancel = this.#deps.clock.after(UNDER_WAY_MS, over);
    return () => {
      over();
      this.#passed(name, step.to);
    };
  }

  #careOf(name: string, { messages }: DecodedBatch): Care {
    const suspect = this.#suspects.get(name);
    const offset = messages[0]?.message.offset ?? -1;
    if (!suspect || offset < suspect.from || offset >= suspect.to) return 'batch';
    if (suspect.care === 'batch') return 'piece';
    return messages.length === 1 ? 'single' : 'piece';
  }

  async #alone(): Promise<() => void> {
    const before = this.#turn;
    let free = (): void => {};
    this.#turn = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    return free;
  }

  #passed(name: string, to: number): void {
    const suspect = this.#suspects.get(name);
    if (suspect && to >= suspect.to) this.#suspects.delete(name);
  }

  #mark(name: string): MarkFile {
    let mark = this.#marks.get(name);
    if (!mark) {
      mark = new MarkFile(join(this.#deps.directory, `${name}${ENDING}`));
      this.#marks.set(name, mark);
    }
    return mark;
  }
}

/** Messages decoded under one note: few enough to try one by one, many enough that the note costs nothing. */
const DECODE_MESSAGES = 256;
