import { z } from 'zod';
import type { AlertFilter } from '../../alerts/desk/filter.ts';
import { HANDLINGS } from '../../alerts/desk/tables.ts';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import type { Caller } from '../../core/types.ts';
import { policeCode } from '../../devices/police/input.ts';
import { defined, type RouteContext } from '../routes/route.ts';
import { deviceId, label } from '../schemas.ts';
import { deskQuery, wantedOf } from './alert-desks.ts';

/** Which alerts a list, its counts, and what is done with many are of. */
export const alertFilter = {
  open: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: '`true`: those that are not closed' }),
  handling: z.enum(HANDLINGS).optional(),
  condition: z.enum(['active', 'recovering', 'cleared', 'stale']).optional(),
  visibility: z.enum(['normal', 'silenced', 'inhibited', 'shelved', 'test']).optional(),
  severity: z.enum(SEVERITIES).optional(),
  ...deskQuery,
  rule: label(64).optional(),
  device: deviceId.optional(),
  incident: z.uuid().optional().meta({ description: 'Those that are part of it' }),
  police: policeCode.optional().meta({
    description: 'Of devices that belonged to this agency, or to one below it, when they were opened',
  }),
};

const asked = z.object(alertFilter);

/** The alerts that are asked for so. Errors: `auth.forbidden` as {@link wantedOf}. */
export function filterFor(
  context: Pick<RouteContext, 'authority' | 'police'>,
  caller: Caller,
  { police: agency, class: of, desk, ...filter }: Partial<z.output<typeof asked>>,
): AlertFilter {
  const isNamed = filter.rule !== undefined || filter.device !== undefined || filter.incident !== undefined;
  const wanted = wantedOf(context, caller, { class: of, desk }, { isNamed });
  const police = agency === undefined ? undefined : context.police.below(agency);
  return { ...defined({ ...filter, police }), wanted };
}
