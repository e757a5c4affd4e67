import type { Device } from '../../core/types.ts';
import { compareUnits, type IdentityField, isBlank, serialOf, toldBy, type UnitIdentity } from '../units/identity.ts';
import { unitLabel } from '../units/input.ts';
import { printed, type UnitLabel } from '../units/places.ts';
import { Refused } from './connection-change.ts';

/** What a row says of a unit, by the keys of a label; a field that is missing stays, null clears. */
export type SaidOfUnit = Record<string, unknown>;

/** A unit is named where none was, or more is said of the one that hangs there. */
export type UnitChange = { fields: (keyof UnitLabel)[] } & (
  | { type: 'assign'; label: UnitLabel }
  | { type: 'correct'; label: Partial<UnitLabel>; replaces: string }
);

const KEYS = ['serial', 'maker', 'model', 'mac', 'endpoint', 'firmware'] as const satisfies (keyof UnitLabel)[];

const NO_MARK =
  'does not tell this unit from others: give its serial number or mac too, or leave the columns of the unit empty';

/** The unit of a device that is new; null where nothing is said of it. */
export function unitOfNew(said: SaidOfUnit): UnitLabel | Refused | null {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
  if (Object.keys(given).length === 0) return null;
  const label = labelOf(given);
  return label instanceof Refused || hasMark(label) ? label : new Refused(firstOf(given), NO_MARK);
}

/**
 * What a row says of the unit at a known device; null where all is as it is. A unit that is another than the one that
 * hangs there is refused, and never swapped in: in a file whose rows slipped by one, every row names another unit, and
 * a swap ends the secret of the old one.
 */
export function unitChange(said: SaidOfUnit, { id, unit }: Device): UnitChange | Refused | null {
  const { id: unitId, certificate: _certificate, ...current } = unit ?? { id: '', certificate: null, ...NOTHING };
  const fields = KEYS.filter((key) => said[key] !== undefined && !isSaid(said[key], current[key]));
  if (fields.length === 0) return null;
  const cleared = fields.find((key) => said[key] === null);
  if (cleared) return new Refused(cleared, `stays: what is known of a unit is corrected, not emptied. ${swapOf(id)}`);
  const parsed = labelOf(Object.fromEntries(fields.map((key) => [key, said[key]])));
  if (parsed instanceof Refused) return parsed;
  const label = { ...NOTHING };
  for (const key of KEYS) label[key] = fields.includes(key) ? parsed[key] : said[key] == null ? null : current[key];
  if (isBlank(current)) {
    return hasMark(label) ? { type: 'assign', fields, label } : new Refused(firstOf(said), NO_MARK);
  }
  if (fields.includes('serial') && serialOf(current) !== null && serialOf(label) === null) {
    return new Refused('serial', `is a stand-in, and ${current.serial} is known of the unit: leave the cell empty`);
  }
  const other = otherUnit(label, current);
  if (other) {
    const message = `is of another unit than what hangs here, ${printed(current)}. ${swapOf(id)}`;
    return new Refused(other, message);
  }
  const unclear = fields.find((key) => key !== 'firmware' && current[key] !== null);
  if (unclear && toldBy(label).length === 0) {
    const remedy = 'give the serial number or mac too, so that it is known which unit is meant';
    return new Refused(unclear, `is ${current[unclear]} here: ${remedy}`);
  }
  return { type: 'correct', fields, label: corrected(label, current, fields), replaces: unitId };
}

const NOTHING: UnitLabel = {
  serial: null,
  maker: null,
  model: null,
  mac: null,
  endpoint: null,
  firmware: null,
};

function swapOf(id: string): string {
  return `Where another one hangs there by now, swap it (POST /api/v1/devices/${id}/swap)`;
}

function labelOf(given: SaidOfUnit): UnitLabel | Refused {
  const { success, data, error } = unitLabel.safeParse(given);
  if (success) return data;
  const [{ path, message } = { path: [], message: '' }] = error.issues;
  return new Refused(String(path[0] ?? KEYS[0]), message);
}

function hasMark(label: UnitIdentity): boolean {
  return toldBy(label).some((field) => field !== 'endpoint');
}

function firstOf(said: SaidOfUnit): string {
  return KEYS.find((key) => said[key] !== undefined) ?? KEYS[0];
}

/** Whether a field stands as the row has it. Spaces at the ends do not count, and of several addresses one will do. */
function isSaid(said: unknown, current: string | null): boolean {
  if (!Array.isArray(said)) return said === (current?.trim() ?? null);
  const known = current?.split(',') ?? [];
  return said.every((mac) => known.includes(String(mac).toLowerCase().replaceAll('-', ':')));
}

/** What tells that the row means another unit; null where it may be the same. */
function otherUnit(label: UnitLabel, current: UnitLabel): IdentityField | null {
  const [said, told] = [serialOf(label), serialOf(current)];
  if (said !== null && told !== null && said !== told) return 'serial';
  if (toldBy(label).length === 0) return null;
  // What the row leaves out is as it is: it stands for no difference.
  const whole = { ...label, maker: label.maker ?? current.maker, model: label.model ?? current.model };
  const { same, differs } = compareUnits(current, whole);
  return same ? null : (differs[0] ?? 'serial');
}

/** Hardware addresses are added to those that are known. */
function corrected(label: UnitLabel, current: UnitLabel, fields: readonly (keyof UnitLabel)[]): Partial<UnitLabel> {
  const change: Partial<UnitLabel> = {};
  for (const key of fields) change[key] = label[key];
  if (change.mac) {
    const all = new Set([...(current.mac?.split(',') ?? []), ...change.mac.split(',')]);
    change.mac = [...all].sort().join(',');
  }
  return change;
}
