import type { FieldSpec, FieldValue } from '../../core/types.ts';

/** A field with what the hot path needs of it worked out once. */
export interface CompiledField {
  spec: FieldSpec;
  /** Hash of its name. */
  seed: number;
  /** The values of an enum. */
  allowed: ReadonlySet<string> | null;
  /** What a maker's codes mean, each as number, text and boolean as they may stand in JSON. */
  codes: ReadonlyMap<unknown, FieldValue> | null;
  /** Whether its range lets a number through that is as long as that of a card. */
  isLong: boolean;
  /** Whether a number is scaled or rounded before it is judged. */
  converts: boolean;
  scale: number;
  offset: number;
  /** Ten to the power of the precision; 0 where nothing is rounded. */
  factor: number;
}

export type CompiledFields = ReadonlyMap<string, CompiledField>;

export interface CompiledEvent {
  fields: CompiledFields;
  required: readonly string[];
  /** Whether it has the field that is the structural tag. */
  tag: string | undefined;
  /** Its fields that hold a plate; undefined where it has none. */
  plates: readonly string[] | undefined;
}
