import { z } from 'zod';
import { oneLine, remark } from '../file/words.ts';
import { macsOf, serialOf } from './identity.ts';

const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

const label = (max: number) => oneLine(max).transform((text) => text.trim());

export const macAddress = z
  .string()
  .regex(MAC, 'must be a hardware address such as 02:00:5e:10:00:01')
  .transform((text) => text.toLowerCase().replaceAll('-', ':'));

const told = label(128).nullable().default(null);

const labelFields = { serial: told, maker: told, model: told, firmware: told, endpoint: told };

/** A unit as a person reads it off its label. All text: a serial "007" is not 7. Absent fields are null afterwards. */
export const unitInput = z
  .strictObject({ ...labelFields, mac: macAddress.nullable().default(null) })
  .refine((unit) => serialOf(unit) !== null || macsOf(unit) !== null, {
    path: ['serial'],
    message: 'must tell this unit from others; where it is a stand-in or missing, send the hardware address as `mac`',
  });

/** Hardware addresses of one unit at most. */
const MACS_MAX = 8;

/** What a spreadsheet says of a unit: as {@link unitInput}, with several hardware addresses, and none of it needed. */
export const unitLabel = z.strictObject({
  ...labelFields,
  mac: z
    .array(macAddress)
    .max(MACS_MAX)
    .transform((macs) => (macs.length > 0 ? [...new Set(macs)].sort().join(',') : null))
    .nullable()
    .default(null),
});

/** Why a unit is hung or taken down, for those who read the history. */
const unitReason = remark(256);

/** The unit that the caller saw hanging there, as `unit.id` of the device shows it: what guards against a race. */
const replacedUnit = z.string().min(1).max(64);

/** What hangs a unit at a place that has none. */
export const assignInput = z.strictObject({ unit: unitInput, reason: unitReason.nullable().default(null) });

/** What puts a unit in the place of another. */
export const swapInput = z.strictObject({ unit: unitInput, replaces: replacedUnit, reason: unitReason });

/** What ends the time of a unit at its place: taking it down, or undoing the step that hung it there. */
export const unhangInput = z.strictObject({ replaces: replacedUnit, reason: unitReason });

export type UnitInput = z.output<typeof unitInput>;
export type SwapInput = z.output<typeof swapInput>;
export type UnhangInput = z.output<typeof unhangInput>;
