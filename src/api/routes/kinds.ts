import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CODEC_NAMES } from '../../core/codec-names.ts';
import type { CommandSpec, DeviceKind, EventSpec } from '../../core/types.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, moment } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

/** What people call it, where its kind says so. */
const title = z.object({ en: z.string(), zh: z.string() });

const field = z
  .object({
    title: title.optional(),
    type: z.enum(['number', 'integer', 'boolean', 'text', 'enum', 'list']),
    unit: z.string().nullable().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    precision: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    sensitive: z.string().optional(),
    tag: z.boolean().optional().meta({ description: 'The structural tag of the kind' }),
    values: z.array(z.string()).optional(),
  })
  .meta({ id: 'Field' });

const fields = z.record(z.string(), field);

const command = z.object({
  title: title.optional(),
  args: fields,
  required: z.array(z.string()),
  timeoutS: z.number().meta({ description: 'Until the deadline, where no other is asked for' }),
  expiresS: z.number().meta({ description: 'The furthest deadline that may be asked for' }),
  role: z
    .enum(['technician', 'operator', 'admin', 'gateway'])
    .meta({ description: 'Who may ask for it, and those above; `gateway`: it is told by the gateway itself' }),
});

const codec = z.enum(CODEC_NAMES);

const kind = z
  .object({
    kind: z.string(),
    version: z.int(),
    title,
    stream: z.boolean(),
    hangsOn: z.array(z.string()).optional().meta({ description: 'Kinds that its parent may have; any without it' }),
    codec: codec.meta({ description: 'In what its devices write payloads' }),
    periodS: z.number(),
    staleAfterS: z.number(),
    fields,
    events: z.record(z.string(), z.object({ title: title.optional(), fields, required: z.array(z.string()) })),
    commands: z.record(z.string(), command),
  })
  .meta({ id: 'DeviceKind' });

const HOURS_MAX = 24;
const YAML_CHARACTERS_MAX = 256_000;

const dryRunBody = z.strictObject({
  yaml: z.string().min(1).max(YAML_CHARACTERS_MAX).meta({ description: 'Text of the changed kind file' }),
  hours: z.number().positive().max(HOURS_MAX).default(HOURS_MAX),
});

const count = z.int().nonnegative();
const outcomes = z.object({ decoded: count, deadLettered: count });
const dryRun = z.object({
  kind: z.string(),
  version: z.int(),
  codec: codec.meta({ description: 'In what the changed kind reads payloads' }),
  from: moment,
  to: moment,
  complete: z.boolean().meta({ description: 'False when it took too long: nothing received after `to` was judged' }),
  messages: count,
  before: outcomes.meta({ description: 'Records as they were judged when they came' }),
  after: outcomes.meta({ description: 'Records as the changed kind judges them' }),
  valuesChanged: count,
  reasons: z.array(z.object({ reason: z.string(), path: z.string(), before: count, after: count })),
  differences: z.array(
    z.object({
      receipt: z.string(),
      device: z.string(),
      index: z.int().nullable(),
      before: z.string(),
      after: z.string(),
    }),
  ),
});

function answer({ codec = 'json', fields: own, events, commands, ...rest }: DeviceKind): z.output<typeof kind> {
  const print = ({ fields: all, required, ...more }: EventSpec) => {
    return { ...more, fields: Object.fromEntries(all), required: [...required] };
  };
  const told = ({ args, required, ...more }: CommandSpec) => {
    return { ...more, args: Object.fromEntries(args), required: [...required] };
  };
  return {
    ...rest,
    codec,
    fields: Object.fromEntries(own),
    events: Object.fromEntries([...events].map(([name, event]) => [name, print(event)])),
    commands: Object.fromEntries([...commands].map(([name, spec]) => [name, told(spec)])),
  };
}

export const kindRoutes: RoutePart = (app, context) => {
  const { kinds } = context;
  const tags = ['registry'];

  app.get(
    '/kinds',
    {
      config: { right: 'registry.read', displays: ['wall', 'map', 'desk'] },
      schema: { tags, summary: 'What devices of each kind send and can be told', response: { 200: listOf(kind) } },
    },
    async () => ({ items: kinds.all().map(answer) }),
  );

  dryRunRoute(app, context);
};

function dryRunRoute(app: ApiApp, { kindDryRun, heavy }: RouteContext): void {
  app.post(
    '/kinds/dry-run',
    {
      config: { right: 'kinds.try' },
      schema: {
        tags: ['registry'],
        summary: 'What a changed kind file would make of what was received lately',
        body: dryRunBody,
        response: { 200: dryRun },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { yaml, hours } = request.body;
      const { fromMs, toMs, ...rest } = await heavy.run(caller, () => kindDryRun.run(caller, yaml, hours));
      return { ...rest, from: toRfc3339(fromMs), to: toRfc3339(toMs) };
    },
  );
}
