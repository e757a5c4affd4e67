import type { FieldValue } from '../../core/types.ts';
import { type Hash, NumberBits } from './hash.ts';
import { printable, printableUnknown, type RefusalReason } from './refusals.ts';

export type Values = Map<string, FieldValue | string[]>;

/** Why a value was refused; the caller copies what it needs before the next one. */
export interface Problem {
  reason: RefusalReason;
  path: string;
  value: string;
}

/**
 * What the parts of one decoding leave for each other, without an object made for each value. It serves one message
 * at a time.
 */
export class Scratch {
  /** Of the last {@link fail}. */
  readonly problem: Problem = { reason: 'empty', path: '', value: '' };
  /** For the hash of a number. */
  readonly bits = new NumberBits();
  /** Hash of the value that is being read. */
  readonly one: Hash = { a: 0, b: 0 };
  /** Sum of the hashes of all fields read since {@link startValues}, whatever their order. */
  readonly content: Hash & { zeros: boolean } = { a: 0, b: 0, zeros: false };
  /** Hash of the record. */
  readonly hash: Hash = { a: 0, b: 0 };
  /** The fields of the record that is being read. */
  values: Values = new Map();
  /** `ts` and `id` of a maker's payload, as its walk found them. */
  ts: unknown = undefined;
  id: unknown = undefined;
  /** Identity of the record read last; beside it because records in `core/types` do not carry it. */
  identity: string | null = null;

  /** Notes the refusal of a value. Returns null, for the caller to return. */
  fail(reason: RefusalReason, path: string, value: unknown): null {
    const { problem } = this;
    problem.reason = reason;
    problem.path = path;
    problem.value = reason.startsWith('unknown-') ? printableUnknown(value) : printable(value);
    return null;
  }

  /** Forgets the values of the record before. */
  startValues(): void {
    const { content } = this;
    content.a = 0;
    content.b = 0;
    content.zeros = false;
    this.ts = undefined;
    this.id = undefined;
    this.values = new Map();
  }
}
