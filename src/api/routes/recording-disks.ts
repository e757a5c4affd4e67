import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, moment, noContent } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['streams'];
const config = { right: 'recordings.disks' } as const;

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be 1 to 31 small letters, digits and hyphens, a letter first')
  .meta({ description: 'What it is called: `recordings` is the one that the settings name' });
const params = z.strictObject({ name });
const confirm = z.boolean().default(false);
const use = z.enum(['active', 'draining']);

const disk = z
  .object({
    name,
    directory: z.string(),
    use: use.meta({ description: '`draining`: nothing new is written there' }),
    problem: z.string().nullable().meta({ description: 'What is wrong with it, and what to do' }),
    freeBytes: z.number().nullable(),
    queueBytes: z.number().meta({ description: 'What waits to be written' }),
    files: z.int().meta({ description: 'Files that are kept there; at most 100,000 are counted' }),
  })
  .meta({ id: 'RecordingDisk' });

const checked = z.object({
  files: z.int().meta({ description: 'That were looked at' }),
  adopted: z.int().meta({ description: 'Files that had no row' }),
  missing: z.int().meta({ description: 'Rows whose file is not there, or has another length' }),
  back: z.int().meta({ description: 'Rows whose file was missed before' }),
  strangers: z.int().meta({ description: 'Files that are none of ours, or not whole' }),
  next: moment.nullable(),
});

/** The disks that recordings lie on. */
export const recordingDiskRoutes: RoutePart = (app, context) => {
  const { disks } = context.recordings;
  app.get(
    '/recordings/disks',
    {
      config,
      schema: { tags, summary: 'The disks of recordings', response: { 200: z.object({ items: z.array(disk) }) } },
    },
    async () => ({ items: await disks.list() }),
  );

  app.post(
    '/recordings/disks',
    {
      config: { ...config, errors: ['conflict.exists', 'conflict.state', 'request.confirm'] },
      schema: {
        tags,
        summary: 'Record on one more disk',
        description:
          'The disk is mounted first. It gets a file with its identity: without that nothing is written there. A ' +
          'directory on a disk that is used already is refused unless `confirm` is true.',
        body: z.strictObject({ name, directory: z.string().min(1).max(500), confirm }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await disks.add(callerOf(request), request.body);
      return reply.code(204).send(null);
    },
  );

  useRoutes(app, context);
  checkRoute(app, context);
};

function checkRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/recordings/disks/:name/check',
    {
      config,
      schema: {
        tags,
        summary: 'Hold the files of a disk against their rows',
        description:
          'Files without a row get one; rows without a file are holes until it is back. ' +
          'No file is changed. It goes on for some seconds; ask again with `from` as long as `next` is not null.',
        params,
        body: z.strictObject({ from: instant.nullable().default(null) }),
        response: { 200: checked },
      },
    },
    async (request) => {
      const asked = { ...request.params, fromMs: request.body.from };
      const { nextMs, ...found } = await context.recordings.disks.check(callerOf(request), asked);
      return { ...found, next: nextMs === null ? null : toRfc3339(nextMs) };
    },
  );
}

function useRoutes(app: ApiApp, context: RouteContext): void {
  const { disks } = context.recordings;
  app.post(
    '/recordings/disks/:name',
    {
      config: { ...config, errors: ['request.confirm'] },
      schema: {
        tags,
        summary: 'Write nothing new on a disk, or do so again',
        params,
        body: z.strictObject({ use, confirm }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await disks.use(callerOf(request), { ...request.params, ...request.body });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/recordings/disks/:name/retire',
    {
      config: { ...config, errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Use a disk no more',
        description:
          'Refused while files with rows lie there. With `lost` these are given up, each time of a camera a hole ' +
          'that says so: some at a time, so ask again until `retired` is true.',
        params,
        body: z.strictObject({ lost: z.boolean().default(false) }),
        response: { 200: z.object({ retired: z.boolean(), lost: z.int() }) },
      },
    },
    async (request) => disks.retire(callerOf(request), { ...request.params, ...request.body }),
  );
}
