import { z } from 'zod';
import { ASKED_FIELDS, type AskedField } from '../../devices/file/file-report.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, listOf, pageQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const area = {
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
};
const field = z.enum(ASKED_FIELDS);

const missing = Object.fromEntries(ASKED_FIELDS.map((name) => [name, z.int()])) as Record<AskedField, z.ZodInt>;
const counts = {
  positions: z.int().meta({ description: 'All but retired ones' }),
  complete: z.int().meta({ description: 'Of how many everything is known that is asked for' }),
  missing: z.object(missing).meta({ description: 'How many positions lack each key' }),
};

const report = listOf(z.object({ jurisdiction: z.string(), ...counts })).extend({ sum: z.object(counts) });

const incomplete = z.object({
  device: z.string(),
  name: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  missing: z.array(field),
});

/** What is not known yet of the points of an area. */
export const fileReportRoutes: RoutePart = (app, context) => {
  const { fileReport, heavy } = context;
  const tags = ['registry'];

  app.get(
    '/reports/files',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'What the files of points lack, counted by division and key',
        querystring: z.strictObject({ ...area, ...pageQuery }),
        response: { 200: report },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'reports/files', caller, request.query);
      return await heavy.run(caller, async () => {
        const sum = await fileReport.sum(caller, defined(filter));
        const { items, next } = await fileReport.byJurisdiction(caller, defined(filter), page.request);
        return { sum, items, ...page.seal(next) };
      });
    },
  );

  app.get(
    '/reports/files/devices',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Points whose files lack something',
        querystring: z.strictObject({
          ...area,
          field: field.optional().meta({ description: 'Only those that lack this' }),
          ...pageQuery,
        }),
        response: { 200: listOf(incomplete) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'reports/files/devices', caller, request.query);
      const found = fileReport.incomplete(caller, defined(filter), page.request);
      const { items, next } = await found;
      return { items, ...page.seal(next) };
    },
  );
};
