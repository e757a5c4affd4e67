import { z } from 'zod';
import type { DeviceKind, FieldSpec, FieldValue } from '../../../../core/types.ts';
import type { Misfit } from '../condition.ts';
import { fieldName } from './names.ts';

/** A limit on one field, with the level at which it is over again. */
export const clause = z.union([
  z.strictObject({ field: fieldName, equals: z.union([z.boolean(), z.string()]) }),
  z.strictObject({ field: fieldName, above: z.number(), clear_below: z.number().optional() }),
  z.strictObject({ field: fieldName, below: z.number(), clear_above: z.number().optional() }),
]);
export type Clause = z.infer<typeof clause>;

/** Of none of the clauses it is true; shared, because that is so of most devices. */
export function noneOf(clauses: readonly Clause[]): boolean[] {
  const known = NONE[clauses.length];
  if (known) return known;
  const none = clauses.map(() => false);
  NONE[clauses.length] = none;
  return none;
}

const NONE: boolean[][] = [];

/** Whether a value is over its limit; `before`: whether the one before it was. */
export function isRaised(one: Clause, before: boolean, value: FieldValue): boolean {
  if ('equals' in one) return value === one.equals;
  if (typeof value !== 'number') return before;
  if ('above' in one) return before && one.clear_below !== undefined ? value >= one.clear_below : value > one.above;
  return before && one.clear_above !== undefined ? value <= one.clear_above : value < one.below;
}
/** What of a clause does not fit a kind; `path` leads to the clause. */
export function clauseMisfits(one: Clause, kind: DeviceKind, path: (string | number)[]): Misfit[] {
  const spec = kind.fields.get(one.field);
  if (!spec) return [{ path: [...path, 'field'], message: `kind ${kind.kind} has no field "${one.field}"` }];
  if ('equals' in one) return equalsMisfits(one.equals, spec, path);
  if (spec.type !== 'number' && spec.type !== 'integer') {
    return [{ path: [...path, 'field'], message: `${one.field} is ${spec.type}; only numbers can be above or below` }];
  }
  const limit = 'above' in one ? one.above : one.below;
  const clear = 'above' in one ? one.clear_below : one.clear_above;
  const found: Misfit[] = [];
  if (limit < spec.min || limit > spec.max) {
    found.push({ path, message: `${limit} is outside the range ${spec.min} to ${spec.max} of ${one.field}` });
  }
  if (clear !== undefined && ('above' in one ? clear > limit : clear < limit)) {
    found.push({ path, message: `the clear level ${clear} lies beyond the limit ${limit}, so it would flap` });
  }
  return found;
}
function equalsMisfits(value: boolean | string, spec: FieldSpec, path: (string | number)[]): Misfit[] {
  const fits =
    typeof value === 'boolean' ? spec.type === 'boolean' : spec.type === 'enum' && spec.values.includes(value);
  return fits ? [] : [{ path: [...path, 'equals'], message: `${JSON.stringify(value)} is no value of this field` }];
}
