import type { FieldSpec, FieldValue } from '../core/types.ts';

const PLATE_SHOWN = 2;
const PLATE_LENGTH_MIN = 6;
const STARS = '***';

/** 浙B12345 → 浙B***45; a text too short to hide anything in its middle is hidden whole. */
export function maskPlate(plate: string): string {
  const characters = [...plate];
  if (characters.length < PLATE_LENGTH_MIN) return STARS;
  return `${characters.slice(0, PLATE_SHOWN).join('')}${STARS}${characters.slice(-PLATE_SHOWN).join('')}`;
}

/**
 * A value as it may be shown without a look being registered. Text that no kind describes any more is masked too:
 * nobody can say that it is not a plate.
 */
export function shown<Value extends FieldValue | string[]>(value: Value, spec: FieldSpec | undefined): Value {
  const sensitive = spec === undefined || (spec.type === 'text' && spec.sensitive !== undefined);
  if (!sensitive) return value;
  if (typeof value === 'string') return maskPlate(value) as Value;
  return Array.isArray(value) ? (value.map(maskPlate) as Value) : value;
}
