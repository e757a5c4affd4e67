import { z } from 'zod';
import type { Department } from '../../devices/departments/departments.ts';
import { departmentEnd, departmentId, departmentInput, departmentName } from '../../devices/departments/input.ts';
import type { DepartmentShare } from '../../devices/departments/report.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, listOf, pageQuery } from '../schemas.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['registry'];

/** A day of a query. */
export const day = z.iso.date({ error: 'use a day such as 2018-04-16' });

const name = z.object({ zh: z.string(), en: z.string().nullable() });

const department = z
  .object({
    id: z.string(),
    jurisdiction: z.string().meta({ description: 'Where its names mean it' }),
    name,
    names: z.array(z.string()).meta({ description: 'Other names by which the files of points call it' }),
    validFrom: z.string().nullable(),
    validTo: z.string().nullable().meta({ description: 'The day from which its successor stands in its place' }),
    successor: z.string().nullable(),
  })
  .meta({ id: 'Department' });

const share = z.object({
  department: z
    .object({ id: z.string(), name })
    .nullable()
    .meta({ description: 'Null: files name nobody, or somebody who is no department here' }),
  positions: z.int().meta({ description: 'All but retired ones' }),
  owners: z
    .array(z.object({ owner: z.string().nullable(), positions: z.int() }))
    .meta({ description: 'By what files call it, those of most positions first, 100 at most' }),
});

/** The department that answers for a device. */
export const answering = z
  .object({ id: z.string(), name, named: z.string().meta({ description: 'Id of the one that the file names' }) })
  .nullable()
  .meta({ description: 'The department that answers for it on that day: the owner of its file, or what followed it' });

/** Who answers for points: departments with their days, and what they own. */
export const departmentRoutes: RoutePart = (app, context) => {
  const { departments } = context;

  app.get(
    '/departments',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Departments that answer for points, with what followed them',
        querystring: z.strictObject({
          ...pageQuery,
          on: day.optional().meta({ description: 'Only those in force on that day' }),
        }),
        response: { 200: listOf(department) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'departments', caller, request.query);
      const all = departments.list(caller, request.query.on);
      const { items, next } = paged(all, page.request, (one: Department) => one.id);
      return { items, ...page.seal(next) };
    },
  );

  app.post(
    '/departments',
    {
      config: { right: 'trees.keep', errors: ['conflict.exists', 'conflict.state'] },
      schema: { tags, summary: 'Add a department of your area', body: departmentInput, response: { 201: department } },
    },
    async (request, reply) => reply.code(201).send(await departments.add(callerOf(request), request.body)),
  );

  lifeRoutes(app, context);
  reportRoute(app, context);
};

function lifeRoutes(app: ApiApp, { departments }: RouteContext): void {
  const params = z.strictObject({ id: departmentId });

  app.post(
    '/departments/:id/name',
    {
      config: { right: 'trees.keep', errors: ['conflict.exists'] },
      schema: {
        tags,
        summary: 'Call a department of your area otherwise; its former name still means it',
        params,
        body: departmentName,
        response: { 200: department },
      },
    },
    async (request) => departments.rename(callerOf(request), request.params.id, request.body.name),
  );

  app.post(
    '/departments/:id/end',
    {
      config: { right: 'trees.keep', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'End a department of your area',
        params,
        body: departmentEnd,
        response: { 200: department },
      },
    },
    async (request) => departments.end(callerOf(request), request.params.id, request.body),
  );
}

function reportRoute(app: ApiApp, context: RouteContext): void {
  const { departmentReport, heavy } = context;

  app.get(
    '/reports/departments',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'How many points each department answers for on a day, those of what it followed among them',
        querystring: z.strictObject({
          ...pageQuery,
          on: day.optional().meta({ description: 'Today unless told' }),
          jurisdiction: jurisdiction.optional(),
          kind: z.string().min(1).max(64).optional(),
        }),
        response: { 200: listOf(share) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'reports/departments', caller, request.query);
      const all = await heavy.run(caller, () => departmentReport.of(caller, defined(filter)));
      // What nobody answers for comes last.
      const { items, next } = paged(all, page.request, (one: DepartmentShare) => one.department?.id ?? '~');
      return { items, ...page.seal(next) };
    },
  );
}

/** A page of a list that is in memory, in order of its keys. */
function paged<Item>(all: Item[], { limit, after }: { limit: number; after?: string }, keyOf: (item: Item) => string) {
  const rest = after === undefined ? all : all.filter((one) => keyOf(one) > after);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? keyOf(items.at(-1)!) : null };
}
