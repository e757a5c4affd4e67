import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { DEVICES_AT_ONCE_MAX, type DeviceInput, deviceInput } from '../../devices/registry/input.ts';
import type { Created } from '../../devices/registry/registry.ts';
import { callerOf } from '../guards/auth.ts';
import { problem } from '../schemas.ts';
import { toProblem } from '../server/problems.ts';
import { toIssues } from '../server/validation.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { RoutePart } from './route.ts';

/** Wrong fields of one row that are named; the answer stays small enough to be kept for an Idempotency-Key. */
const ISSUES_MAX = 3;

/** HTTP statuses from here on are no fault of who asked: the same row may be taken when it comes again. */
const FAILURES = 500;

const body = z.strictObject({
  devices: z
    .array(z.unknown())
    .min(1)
    .max(DEVICES_AT_ONCE_MAX)
    .meta({ description: 'Each as the body of `POST /devices`; a parent stands before its children' }),
});

const outcome = z.object({
  id: z.string().nullable().meta({ description: 'Null for a refused device that came without an id' }),
  version: z.int().optional(),
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
  problem: problem.optional().meta({ description: 'Why this device was refused' }),
});

const outcomes = z.object({
  created: z.int(),
  refused: z.int(),
  items: z.array(outcome).meta({ description: 'The outcome of each device, in the order of the request' }),
});

export const deviceBatchRoutes: RoutePart = (app, { registry }) => {
  app.post(
    '/devices/batch',
    {
      config: { right: 'registry.edit', oneTimeSecret: 'secret' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Register several devices, each with an outcome of its own',
        body,
        response: { 200: outcomes },
      },
    },
    async (request) => {
      const rows = request.body.devices.map(rowOf);
      const good = rows.flatMap((row) => (row instanceof CitywatchError ? [] : [row]));
      const made = await registry.createMany(callerOf(request), good);
      const results = new Map(good.map((row, index) => [row, made[index]!]));
      const items = rows.map((row, index) => {
        const result = row instanceof CitywatchError ? row : results.get(row)!;
        return answer(result, request.body.devices[index]);
      });
      request.isUnfinished = made.some((one) => one instanceof CitywatchError && one.status >= FAILURES);
      const created = made.filter((one) => !(one instanceof CitywatchError)).length;
      return { created, refused: items.length - created, items };
    },
  );
};

function rowOf(value: unknown): DeviceInput | CitywatchError {
  const result = deviceInput.safeParse(value);
  if (result.success) return result.data;
  const issues = toIssues(result.error, 'device', Object.keys(deviceInput.shape), value).slice(0, ISSUES_MAX);
  return new CitywatchError('request.invalid', { issues });
}

function answer(result: Created | CitywatchError, row: unknown): z.input<typeof outcome> {
  if (!(result instanceof CitywatchError)) {
    const { device, secret } = result;
    return { id: device.id, version: device.version, secret };
  }
  const { success, data } = z.object({ id: deviceInput.shape.id }).safeParse(row);
  return { id: (success && data.id) || null, problem: toProblem(result) };
}
