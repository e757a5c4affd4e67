import { type Clock, HOUR_MS } from '../../core/clock.ts';
import type { CodecName } from '../../core/codec-names.ts';
import { CitywatchError, type Issue } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DecodedRecord, DeviceKind, FieldSpec, FieldValue, Message, Refusal } from '../../core/types.ts';
import { Decoder } from '../decode/decoder.ts';
import type { KindSource } from '../readers/journal-feed.ts';
import { receiptOf } from '../uplinks/common/intake.ts';

/** What a dry run reads; the journal's own reader, beside whatever is being written. */
export interface DryRunJournal {
  readonly head: number;
  readonly tail: number;
  read(
    offset: number,
    limits: { maxBytes: number; maxMessages: number },
  ): Promise<{ messages: Message[]; next: number }>;
}

export interface KindDryRunDeps {
  journal: DryRunJournal;
  kinds: KindSource & {
    /** What the text of a kind file says, or what is wrong with it, by line. */
    candidate(text: string): { kind: DeviceKind } | { issues: Issue[] };
  };
  /** Knows what may not be decoded because the process died of it. */
  guard: { isPoison(message: Message): boolean };
  clock: Clock;
}

interface Outcomes {
  decoded: number;
  deadLettered: number;
}

export interface KindDryRunAnswer {
  kind: string;
  version: number;
  /** In what the changed kind reads payloads. */
  codec: CodecName;
  /** Times of receipt between which messages were judged. */
  fromMs: number;
  toMs: number;
  /** False when it took too long: what was received after `toMs` was not judged. */
  complete: boolean;
  /** Messages of the kind that the caller may see. */
  messages: number;
  /** Of their records: as they were judged when they came, and as the changed kind would judge them. */
  before: Outcomes;
  after: Outcomes;
  /** Records that are decoded either way, with other values. */
  valuesChanged: number;
  /** Refusals by reason and path, where the two differ most first. */
  reasons: { reason: string; path: string; before: number; after: number }[];
  /** The first records that come out differently; texts are not shown. */
  differences: { receipt: string; device: string; index: number | null; before: string; after: string }[];
}

/** Well within the time the API gives one request. */
const LIMIT_MS = 18_000;
const BATCH = { maxBytes: 1024 * 1024, maxMessages: 1000 };
const DIFFERENCES_MAX = 20;
const REASONS_MAX = 50;
/** Reasons and paths that are counted; a device makes up paths as it likes. */
const REASONS_KEPT_MAX = 5000;

/** Judges what was received lately once more by a kind that is not in force, and changes nothing. */
export class KindDryRun {
  readonly #deps: KindDryRunDeps;

  constructor(deps: KindDryRunDeps) {
    this.#deps = deps;
  }

  /**
   * Judges by the text of a kind file; `hours` looks back at most as far as the journal is kept. Ends within about
   * {@link LIMIT_MS}, complete or not. Errors: `request.invalid` naming the lines that are wrong.
   */
  async run(caller: Caller, text: string, hours: number): Promise<KindDryRunAnswer> {
    const { journal, kinds, guard, clock } = this.#deps;
    const candidate = kinds.candidate(text);
    if ('issues' in candidate) throw new CitywatchError('request.invalid', { issues: candidate.issues });
    const { kind } = candidate;
    const sinceMs = clock.nowMs() - hours * HOUR_MS;
    const trial = new Trial(kind, kinds, sinceMs);
    const endMs = clock.monotonicMs() + LIMIT_MS;
    const { head } = journal;
    for (let offset = journal.tail; offset < head; ) {
      if (clock.monotonicMs() > endMs) return trial.answer(false);
      const { messages, next } = await journal.read(offset, BATCH);
      if (next === offset) break;
      for (const message of messages) {
        if (message.receivedAtMs < sinceMs || guard.isPoison(message)) continue;
        trial.toMs = Math.max(trial.toMs, message.receivedAtMs);
        if (message.device.kind !== kind.kind || !covers(ownArea(caller), message.device.jurisdiction)) continue;
        if (message.channel === 'telemetry' || message.channel === 'event') trial.judge(message);
      }
      offset = next;
      // What was just taken in is read from memory: without this, nobody else would have a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return trial.answer(true);
  }
}

type Judged = { record: DecodedRecord } | { refusal: Refusal };

class Trial {
  readonly #decoder = new Decoder();
  readonly #kind: DeviceKind;
  readonly #kinds: KindSource;
  readonly #sinceMs: number;
  readonly #before: Outcomes = { decoded: 0, deadLettered: 0 };
  readonly #after: Outcomes = { decoded: 0, deadLettered: 0 };
  readonly #reasons = new Map<string, KindDryRunAnswer['reasons'][number]>();
  readonly #differences: KindDryRunAnswer['differences'] = [];
  #messages = 0;
  #valuesChanged = 0;
  toMs: number;

  constructor(kind: DeviceKind, kinds: KindSource, sinceMs: number) {
    this.#kind = kind;
    this.#kinds = kinds;
    this.#sinceMs = sinceMs;
    this.toMs = sinceMs;
  }

  judge(message: Message): void {
    this.#messages += 1;
    const then = this.#kinds.at(message.device.kind, message.device.kindVersion);
    const before = byIndex(this.#decoder.decode(message, then));
    const after = byIndex(this.#decoder.decode(message, this.#kind));
    this.#count(before, this.#before, 'before');
    this.#count(after, this.#after, 'after');
    for (const index of new Set([...before.keys(), ...after.keys()])) {
      this.#compare(message, index, before.get(index), after.get(index));
    }
  }

  #count(judged: Map<number | null, Judged>, outcomes: Outcomes, side: 'before' | 'after'): void {
    for (const one of judged.values()) {
      if ('record' in one) {
        outcomes.decoded += 1;
        continue;
      }
      outcomes.deadLettered += 1;
      const { reason, path } = one.refusal;
      const key = `${reason} ${path}`;
      const row = this.#reasons.get(key) ?? { reason, path, before: 0, after: 0 };
      row[side] += 1;
      if (this.#reasons.has(key) || this.#reasons.size < REASONS_KEPT_MAX) this.#reasons.set(key, row);
    }
  }

  #compare(message: Message, index: number | null, before: Judged | undefined, after: Judged | undefined): void {
    const [was, is] = this.#tell(before, after);
    if (was === is) return;
    if (before && after && 'record' in before && 'record' in after) this.#valuesChanged += 1;
    if (this.#differences.length === DIFFERENCES_MAX) return;
    const { id: receipt } = receiptOf(message);
    this.#differences.push({ receipt, device: message.device.id, index, before: was, after: is });
  }

  /** Both sides in words: equal words for equal outcomes, and of values only those that differ. */
  #tell(before: Judged | undefined, after: Judged | undefined): [string, string] {
    if (!before || !after || 'refusal' in before || 'refusal' in after) return [tellOne(before), tellOne(after)];
    const [was, is] = [valuesOf(before.record), valuesOf(after.record)];
    const specs = specsOf(this.#kind, after.record);
    const changed = [...new Set([...was.keys(), ...is.keys()])].filter((name) => !same(was.get(name), is.get(name)));
    const print = (values: ReadonlyMap<string, FieldValue | string[]>) =>
      changed.map((name) => `${name}=${shown(values.get(name), specs?.get(name))}`).join(', ');
    return changed.length === 0 ? ['', ''] : [`decoded ${print(was)}`, `decoded to ${print(is)}`];
  }

  answer(complete: boolean): KindDryRunAnswer {
    const difference = ({ before, after }: { before: number; after: number }) => Math.abs(after - before);
    const reasons = [...this.#reasons.values()].sort((a, b) => difference(b) - difference(a) || b.after - a.after);
    return {
      kind: this.#kind.kind,
      version: this.#kind.version,
      codec: this.#kind.codec ?? 'json',
      fromMs: this.#sinceMs,
      toMs: this.toMs,
      complete,
      messages: this.#messages,
      before: this.#before,
      after: this.#after,
      valuesChanged: this.#valuesChanged,
      reasons: reasons.slice(0, REASONS_MAX),
      differences: this.#differences,
    };
  }
}

function byIndex({ records, refusals }: { records: DecodedRecord[]; refusals: Refusal[] }) {
  const judged = new Map<number | null, Judged>();
  for (const record of records) judged.set(record.index, { record });
  for (const refusal of refusals) judged.set(refusal.index, { refusal });
  return judged;
}

function tellOne(judged: Judged | undefined): string {
  if (!judged) return 'nothing';
  return 'record' in judged ? 'decoded' : `${judged.refusal.reason} ${judged.refusal.path}`.trim();
}

function valuesOf(record: DecodedRecord): ReadonlyMap<string, FieldValue | string[]> {
  return record.type === 'reading' ? record.values : record.type === 'event' ? record.data : new Map();
}

function specsOf(kind: DeviceKind, record: DecodedRecord): ReadonlyMap<string, FieldSpec> | undefined {
  return record.type === 'event' ? kind.events.get(record.event)?.fields : kind.fields;
}

function same(a: FieldValue | string[] | undefined, b: FieldValue | string[] | undefined): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.join('\n') === b.join('\n') : a === b;
}

/** Numbers, booleans and values of enums; a text may be a plate. */
function shown(value: FieldValue | string[] | undefined, spec: FieldSpec | undefined): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' || (typeof value === 'string' && spec?.type !== 'enum') ? 'a text' : String(value);
}
