import { z } from 'zod';
import { isOneLine } from '../cameras/device-url.ts';
import { departmentId } from '../departments/input.ts';
import { gbId } from '../file/file-input.ts';
import { HEALTHS } from '../health/judge.ts';
import { policeCode } from '../police/input.ts';
import { deviceId, jurisdiction } from '../registry/input.ts';
import { bbox, polygon } from './area.ts';
import { FIELDS } from './fields.ts';

/** Characters of one search at most. */
const TEXT_MAX = 100;

const text = z
  .string()
  .min(1)
  .max(TEXT_MAX)
  .refine(isOneLine, 'must not hold control characters')
  .refine((said) => said.trim() !== '', 'must not be empty');

const optional = <Shape extends Record<string, z.ZodType>>(shape: Shape) => z.object(shape).partial().shape;

/** What a list of devices may be limited to, for the query of a request; all of it must hold. */
export const filterQuery = {
  ...optional(FIELDS),
  q: text.optional().meta({
    description:
      'Words, all of which must be found in id, name, address, GB/T 28181 id, pole number, serial number or ' +
      'hardware address: Chinese wherever it stands, one character too, other words by their beginning; capitals ' +
      'and full width do not matter. A device that is told exactly, as by its serial number, comes first',
  }),
  text: text.optional().meta({ deprecated: true, description: 'The same as `q`, which it was called before' }),
  jurisdiction: jurisdiction.optional(),
  department: departmentId.optional().meta({
    description: 'Id of a department: what it answers for, and what departments answered for that it followed',
  }),
  health: z.enum(HEALTHS).optional().meta({ description: 'How devices are now; none that is planned or retired' }),
  certificateBefore: z.iso
    .date({ error: 'use a day such as 2026-11-21' })
    .transform((day) => Date.parse(`${day}T00:00:00Z`))
    .optional()
    .meta({ description: 'Its unit shows a certificate over https that ends, or ended, before this day (UTC)' }),
  police: policeCode.optional().meta({ description: 'What belongs to a police agency, or to one below it' }),
  gbId: gbId.optional().meta({ description: 'The GB/T 28181 id: one device in use, or none' }),
  tag: z.string().min(1).max(32).optional().meta({ description: 'Capitals and full width do not matter' }),
  parent: deviceId.optional().meta({ description: 'What hangs on this device' }),
  below: deviceId.optional().meta({ description: 'What hangs on this device, and on what hangs there, and so on' }),
  bbox: bbox.optional().meta({ description: 'west,south,east,north in degrees of WGS-84' }),
  polygon: polygon.optional().meta({ description: 'lon,lat;lon,lat;… in degrees of WGS-84, up to 64 corners' }),
};

const filter = z.object(filterQuery);

/** As {@link filterQuery} has it once it is parsed. */
export type DeviceFilter = z.output<typeof filter>;
