import { z } from 'zod';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import { HEALTHS } from '../../devices/health/judge.ts';
import { FEATURES_MAX } from '../../devices/search/geojson.ts';
import { DeviceMap } from '../device-map.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import type { RoutePart } from './route.ts';

/** Each waits for one statement. An alert makes every window that shows a map ask at the same moment. */
const MAPS = { total: 128, perCaller: 4, retryAfterS: 2 };

const JSON_TYPE = 'application/json; charset=utf-8';
/** It is JSON already, and checked as it was made: to check it again takes longer than to make it. */
const asItIs = (text: unknown) => text as string;

const numbers = z.array(z.number());
const places = z.array(z.int());
const names = z.array(z.string());

const devices = z.object({
  truncated: z.boolean().meta({ description: `Whether there are more than ${FEATURES_MAX}` }),
  kinds: names.meta({ description: 'What `kind` counts' }),
  areas: names.meta({ description: 'What `area` counts: codes of jurisdictions' }),
  healths: z.array(z.enum(HEALTHS)).meta({ description: 'What `health` counts' }),
  id: names,
  name: z.array(z.string().nullable()).meta({ description: 'null where it is the id' }),
  lon: numbers,
  lat: numbers,
  kind: places,
  area: places,
  health: places.meta({ description: '-1 for a device that does not stand' }),
  alerts: z
    .object({
      device: places.meta({ description: 'Its place in the columns of devices' }),
      worst: z.array(z.enum(SEVERITIES)),
      open: places.meta({ description: 'How many alerts of it are open' }),
    })
    .meta({ description: 'Devices with open alerts on a desk that you see' }),
});

const moving = z.object({
  id: names,
  lon: numbers,
  lat: numbers,
  atMs: numbers.meta({ description: 'When each said it, Unix ms' }),
});

/** What a map of the console is drawn from. */
export const mapRoutes: RoutePart = (app, context) => {
  const map = new DeviceMap(context);
  const shares = new Shares(MAPS);
  const tags = ['map'];

  app.get(
    '/map/devices',
    {
      config: { right: 'registry.read', displays: ['map', 'desk'] },
      schema: {
        tags,
        summary: 'Every device of your area in columns: where it stands (WGS-84), how it is, and its open alerts',
        response: { 200: devices },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      reply.type(JSON_TYPE).serializer(asItIs);
      return (await shares.run(caller, () => map.devices(caller))) as never;
    },
  );

  app.get(
    '/map/moving',
    {
      config: { right: 'telemetry.read', displays: ['map', 'desk'] },
      schema: {
        tags,
        summary: 'Where the devices of your area are that report where they are, such as vehicles (WGS-84)',
        response: { 200: moving },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      reply.type(JSON_TYPE).serializer(asItIs);
      return (await shares.run(caller, async () => map.moving(caller))) as never;
    },
  );
};
