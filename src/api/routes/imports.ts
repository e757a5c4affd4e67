import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { ImportRow, ImportStatus } from '../../devices/import-export/jobs/import-list.ts';
import { TABLE_LIMITS } from '../../devices/import-export/reading/table.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { FILE_ARRIVES_MS, mayArriveSlowly, takeSlowFiles } from '../guards/slow-files.ts';
import { label, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { requirePlainBody } from '../server/bodies.ts';
import { validatorCompiler } from '../server/validation.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

/** What browsers, curl and spreadsheet programs call such files. What a file is, its first bytes say. */
const TYPES = [
  'text/csv',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/octet-stream',
];
/** Files that are read at the same time. */
const FILES = { total: 4, perCaller: 1, retryAfterS: 5 };
/** A dry run of 20,000 rows on a machine that has other things to do, when all are here. */
const READING_MS = FILE_ARRIVES_MS + 180_000;

const VERDICTS = ['create', 'change', 'same', 'error'] as const;
const fault = z.object({
  column: z.string().nullable().meta({ description: 'Null where it is the row as a whole' }),
  message: z.string().meta({ description: 'What is wrong, and what would be right' }),
});
export const rowFields = {
  line: z.int().meta({ description: 'As the spreadsheet counts lines' }),
  id: z.string().nullable(),
  verdict: z.enum(VERDICTS),
  fields: z.array(z.string()).meta({ description: 'Columns that differ, of a change' }),
  faults: z.array(fault),
};
export const counts = z.object({ create: z.int(), change: z.int(), same: z.int(), error: z.int() });
const unknownColumns = z
  .array(z.string())
  .meta({ description: 'Titles that are no column: what stands below them is left out' });
const dryRunAnswer = z
  .object({ columns: z.array(z.string()), unknownColumns, counts, items: z.array(z.object(rowFields)) })
  .meta({ description: 'Of a dry run: what would become of each row, in the order of the file' });
export const status = z
  .object({
    id: z.string(),
    by: z.string(),
    fileName: z.string().nullable(),
    change: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Filter and change, of a change of many devices (`POST /device-changes`)' }),
    mode: z.enum(['rows', 'whole']),
    state: z.enum(['planned', 'waiting', 'done', 'refused', 'undoing', 'undone']).meta({
      description: '`refused`: a file that is taken whole had a row that was not; nothing of it was applied',
    }),
    rows: z.int(),
    done: z.int().meta({ description: 'Rows that are behind it: applied, or undone' }),
    unknownColumns,
    counts,
    undone: z.int(),
    conflicts: z.int().meta({ description: 'Rows that were not undone: their devices were changed since' }),
    secretsWaiting: z.int().meta({ description: 'New devices whose secrets nobody has taken yet' }),
    secretsTakenAt: moment.nullable(),
    createdAt: moment,
    endedAt: moment.nullable(),
  })
  .meta({ id: 'Import' });
const importRow = z.object({
  ...rowFields,
  undone: z.enum(['undone', 'conflict']).nullable(),
  why: z.string().nullable().meta({ description: 'Why it could not be undone' }),
});
const secrets = z.object({
  items: z.array(z.object({ id: z.string(), secret: z.string() })).meta({ description: 'Shown this once' }),
});

const importParams = z.strictObject({ id: z.uuid() });
const importQuery = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: '`true` writes nothing' }),
  mode: z
    .enum(['rows', 'whole'])
    .default('rows')
    .meta({ description: '`whole`: one row that is refused keeps out all others' }),
  fileName: label(200).optional(),
});
const rowsQuery = z.strictObject({
  verdict: z.enum([...VERDICTS, 'conflict']).optional(),
  ...pageQuery,
});

export const importRoutes: RoutePart = (app, context) => {
  fileRoute(app, context);
  statusRoutes(app, context);
  actionRoutes(app, context);
};

function fileRoute(app: ApiApp, { imports, clock }: RouteContext): void {
  const files = new Shares(FILES);
  app.register(async (raw) => {
    takeSlowFiles(raw as never, TYPES, clock);
    raw.post(
      '/devices/import',
      {
        bodyLimit: TABLE_LIMITS.fileBytesMax,
        handlerTimeout: READING_MS,
        config: { right: 'registry.edit' },
        onRequest: async (request, reply) => {
          files.enterUntilAnswered(callerOf(request), reply);
          lastFor(request, reply, READING_MS);
          mayArriveSlowly(request, reply);
          await requirePlainBody(request);
        },
        // The body stays bytes; its schema is for the OpenAPI document.
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
        schema: {
          tags: REGISTRY_TAGS,
          summary: 'Register and change devices by a spreadsheet; a dry run says what would become of each row',
          description:
            `CSV or XLSX of at most ${TABLE_LIMITS.fileBytesMax} bytes and ${TABLE_LIMITS.rowsMax} rows. A device is ` +
            'recognised by its id; an empty cell leaves a field as it is. 202: the rows are applied after the answer.',
          consumes: TYPES,
          querystring: importQuery,
          body: z.unknown().meta({ description: 'The bytes of the file' }),
          response: { 200: dryRunAnswer, 202: status },
        },
      },
      async (request, reply) => {
        const { dryRun, mode, fileName = null } = request.query as z.output<typeof importQuery>;
        const file = fileOf(request);
        if (dryRun === 'true') {
          // Nothing was done, so there is nothing that must not happen twice.
          request.isUnfinished = true;
          return await imports.dryRun(callerOf(request), file);
        }
        const begun = await imports.start(callerOf(request), { file, fileName, mode });
        return reply.code(202).header('location', `/api/v1/imports/${begun.id}`).send(statusAnswer(begun));
      },
    );
  });
}

/** Nothing is sent while a file is judged: the connection may be silent for so long, until the answer. */
export function lastFor({ socket }: FastifyRequest, reply: FastifyReply, silentMs: number): void {
  const { timeout } = socket;
  // A request that a test injects has no connection.
  if (!socket.remotePort) return;
  socket.setTimeout(silentMs);
  reply.raw.once('finish', () => socket.setTimeout(timeout ?? 0));
}

function fileOf({ body }: FastifyRequest): Buffer {
  if (Buffer.isBuffer(body) && body.length > 0) return body;
  throw new CitywatchError('request.malformed', { detail: 'The body is empty.' });
}

function statusRoutes(app: ApiApp, context: RouteContext): void {
  const { imports } = context;

  app.get(
    '/imports',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Imports of the last 90 days, newest first',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(status) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'imports', caller, request.query);
      const { items, next } = await imports.list.newest(caller, page.request);
      return { items: items.map(statusAnswer), ...page.seal(next) };
    },
  );

  app.get(
    '/imports/:id',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How far an import is',
        params: importParams,
        response: { 200: status },
      },
    },
    async (request) => statusAnswer(await imports.list.get(callerOf(request), request.params.id)),
  );

  app.get(
    '/imports/:id/rows',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'What became of the rows that are behind an import, in the order of the file',
        params: importParams,
        querystring: rowsQuery,
        response: { 200: listOf(importRow) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const { verdict } = request.query;
      const page = pageOf(context, `imports/${id}/rows`, caller, request.query);
      const { items, next } = await imports.list.rows(caller, id, { ...defined({ verdict }), ...page.request });
      return { items: items satisfies ImportRow[], ...page.seal(next) };
    },
  );
}

function actionRoutes(app: ApiApp, { imports }: RouteContext): void {
  app.post(
    '/imports/:id/secrets',
    {
      config: { right: 'registry.edit', asksOnly: true, errors: ['auth.forbidden', 'conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Take what new devices prove themselves by; once, and only who sent the file',
        params: importParams,
        response: { 200: secrets },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'private, no-store');
      return { items: await imports.takeSecrets(callerOf(request), request.params.id) };
    },
  );

  app.post(
    '/imports/:id/undo',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Bring devices back to what they were before an import; those that were changed since stay',
        description:
          'New devices are retired; those that were never heard of are removed, so that their ids are free again.',
        params: importParams,
        response: { 202: status },
      },
    },
    async (request, reply) => {
      return reply.code(202).send(statusAnswer(await imports.undo(callerOf(request), request.params.id)));
    },
  );
}

export function statusAnswer({
  secretsTakenAtMs,
  createdAtMs,
  endedAtMs,
  ...rest
}: ImportStatus): z.input<typeof status> {
  return {
    ...rest,
    secretsTakenAt: momentOrNull(secretsTakenAtMs),
    createdAt: toRfc3339(createdAtMs),
    endedAt: momentOrNull(endedAtMs),
  };
}
