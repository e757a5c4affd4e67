import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AlertFilter } from '../../alerts/desk/filter.ts';
import { HANDLINGS } from '../../alerts/desk/tables.ts';
import { LEVELS } from '../../alerts/ladder/levels.ts';
import { type Rule, SEVERITIES } from '../../alerts/rules/rules.ts';
import { policeCode } from '../../devices/police/input.ts';
import { defined, type RouteContext } from '../routes/route.ts';
import { deviceId, instant, jurisdiction, label } from '../schemas.ts';
import { deskQuery, wantedOf } from './alert-desks.ts';
import { callerOf } from './auth.ts';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Which alerts a list, its counts, and what is done with many are of. */
export const alertFilter = {
  open: flag.optional().meta({ description: '`true`: those that are not closed' }),
  handling: z.enum(HANDLINGS).optional(),
  condition: z.enum(['active', 'recovering', 'cleared', 'stale']).optional(),
  visibility: z.enum(['normal', 'silenced', 'inhibited', 'shelved', 'test']).optional(),
  severity: z.enum(SEVERITIES).optional(),
  ...deskQuery,
  rule: label(64).optional(),
  device: deviceId.optional(),
  incident: z.uuid().optional().meta({ description: 'Those that are part of it' }),
  jurisdiction: jurisdiction.optional().meta({ description: 'What lies in this area' }),
  kind: label(64).optional().meta({ description: 'Of rules for devices of this kind' }),
  from: instant.optional().meta({ description: 'First seen then or later' }),
  to: instant.optional().meta({ description: 'First seen before' }),
  mine: flag.optional().meta({ description: '`true`: those that you acknowledged, or that are assigned to you' }),
  parts: flag.optional().meta({ description: '`false`: without those that another one stands for' }),
  storm: z.uuid().optional().meta({ description: 'Those that this one stands for' }),
  level: z.enum(LEVELS).optional().meta({ description: 'Those that came so far up, or further' }),
  police: policeCode.optional().meta({
    description: 'Of devices that belonged to this agency, or to one below it, when they were opened',
  }),
};

const asked = z.object(alertFilter);
type Asked = Partial<z.output<typeof asked>>;

type FilterContext = Pick<RouteContext, 'authority' | 'police' | 'jurisdictions'> & {
  alerts: Pick<RouteContext['alerts'], 'rules'>;
};

/** The alerts that are asked for so. Errors: `auth.forbidden` as {@link wantedOf}. */
export function filterFor(
  context: FilterContext,
  request: FastifyRequest,
  { police: agency, class: of, desk, jurisdiction: code, kind, from: fromMs, to: toMs, mine, ...filter }: Asked,
): AlertFilter {
  const caller = callerOf(request);
  const isNamed =
    filter.rule !== undefined ||
    filter.device !== undefined ||
    filter.incident !== undefined ||
    filter.storm !== undefined;
  const wanted = wantedOf(context, caller, { class: of, desk }, { isNamed });
  const police = agency === undefined ? undefined : context.police.below(agency);
  const rules = kind === undefined ? undefined : rulesFor(context.alerts.rules(), kind);
  const area = code === undefined ? undefined : context.jurisdictions.area(code);
  const own = mine ? { id: caller.id, username: request.session?.username ?? '' } : undefined;
  return { ...defined({ ...filter, police, rules, area, fromMs, toMs, mine: own }), wanted };
}

function rulesFor(rules: readonly Pick<Rule, 'rule' | 'kinds'>[], kind: string): string[] {
  return rules.filter(({ kinds }) => kinds.includes(kind)).map(({ rule }) => rule);
}
