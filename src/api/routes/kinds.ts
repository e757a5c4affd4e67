import { z } from 'zod';
import type { DeviceKind, EventSpec } from '../../core/types.ts';
import { callerOf } from '../auth.ts';
import { listOf } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const READERS = ['admin', 'operator', 'technician', 'viewer'] as const;

const field = z
  .object({
    type: z.enum(['number', 'integer', 'boolean', 'text', 'enum', 'list']),
    unit: z.string().nullable().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    precision: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    sensitive: z.string().optional(),
    values: z.array(z.string()).optional(),
  })
  .meta({ id: 'Field' });

const fields = z.record(z.string(), field);

const kind = z
  .object({
    kind: z.string(),
    version: z.int(),
    title: z.object({ en: z.string(), zh: z.string() }),
    stream: z.boolean(),
    periodS: z.number(),
    staleAfterS: z.number(),
    fields,
    events: z.record(z.string(), z.object({ fields, required: z.array(z.string()) })),
  })
  .meta({ id: 'DeviceKind' });

const jurisdictionRow = z
  .object({
    code: z.string(),
    name: z.object({ zh: z.string(), en: z.string() }),
    parent: z.string().nullable(),
    validFrom: z.string().nullable(),
    validTo: z.string().nullable().meta({ description: 'Abolished on that day' }),
    successor: z.string().nullable().meta({ description: 'The code that took its area over' }),
  })
  .meta({ id: 'Jurisdiction' });

function answer({ fields: own, events, ...rest }: DeviceKind): z.output<typeof kind> {
  const print = (event: EventSpec) => ({ fields: Object.fromEntries(event.fields), required: [...event.required] });
  const eventList = [...events].map(([name, event]) => [name, print(event)] as const);
  return { ...rest, fields: Object.fromEntries(own), events: Object.fromEntries(eventList) };
}

export const kindRoutes: RoutePart = (app, { kinds, jurisdictions }) => {
  const tags = ['registry'];

  app.get(
    '/kinds',
    {
      config: { allow: READERS },
      schema: { tags, summary: 'What devices of each kind send', response: { 200: listOf(kind) } },
    },
    async () => ({ items: kinds.all().map(answer) }),
  );

  app.get(
    '/jurisdictions',
    {
      config: { allow: READERS },
      schema: { tags, summary: 'The areas you may see', response: { 200: listOf(jurisdictionRow) } },
    },
    async (request) => ({ items: jurisdictions.list(callerOf(request)) }),
  );
};
