import { z } from 'zod';
import { RECORDING_LIMITS } from '../../alerts/rules/dry-run/recorded-file.ts';
import type { Recording } from '../../alerts/rules/dry-run/recordings.ts';
import { MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { FILE_ARRIVES_MS, mayArriveSlowly, takeSlowFiles } from '../guards/slow-files.ts';
import { listOf, moment, noContent, pageQuery } from '../schemas.ts';
import { requirePlainBody } from '../server/bodies.ts';
import { validatorCompiler } from '../server/validation.ts';
import { lastFor } from './imports.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

/** 200,000 lines on a machine that has other things to do, when all are here. */
const FILE_MS = FILE_ARRIVES_MS + 3 * MINUTE_MS;
const FILES = { total: 2, perCaller: 1, retryAfterS: 10 };
const TYPE = 'application/x-ndjson';

const tags = ['alerts'];
const config = { right: 'rules.try' } as const;

const recording = z
  .object({
    id: z.string(),
    lines: z.int(),
    bytes: z.int(),
    from: moment.meta({ description: 'Receipt of its first line' }),
    to: moment.meta({ description: 'Receipt of its last line' }),
    createdAt: moment,
    until: moment.meta({ description: 'It is deleted then' }),
    version: z.int(),
  })
  .meta({ id: 'RuleRecording', description: 'A recorded file that drafts of rules are tried on' });

function shown({ fromMs, toMs, createdAtMs, untilMs, ...rest }: Recording): z.output<typeof recording> {
  return {
    ...rest,
    from: toRfc3339(fromMs),
    to: toRfc3339(toMs),
    createdAt: toRfc3339(createdAtMs),
    until: toRfc3339(untilMs),
    version: ONLY_VERSION,
  };
}

export const ruleRecordingRoutes: RoutePart = (app, context) => {
  fileRoute(app, context);
  keptRoutes(app, context);
};

function fileRoute(app: ApiApp, { ruleRecordings, clock }: RouteContext): void {
  const files = new Shares(FILES);
  app.register(async (raw) => {
    takeSlowFiles(raw as never, TYPE, clock);
    raw.post(
      '/rules/recordings',
      {
        bodyLimit: RECORDING_LIMITS.bytesMax,
        handlerTimeout: FILE_MS,
        config: { ...config, errors: ['conflict.state', 'request.too-large'] },
        onRequest: async (request, reply) => {
          files.enterUntilAnswered(callerOf(request), reply);
          lastFor(request, reply, FILE_MS);
          mayArriveSlowly(request, reply);
          await requirePlainBody(request);
        },
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
        schema: {
          tags,
          summary: 'Keep a recorded file for 7 days, to try drafts of rules on it',
          description:
            'NDJSON in UTF-8: each line is one message as its device sent it (`receivedAt`, `device`, `channel`, ' +
            '`payload` or `payloadBase64`), or a word of the gateway (`receivedAt`, `gateway`). At most ' +
            `${RECORDING_LIMITS.bytesMax} bytes and ${RECORDING_LIMITS.linesMax} lines, in the order of receipt. ` +
            'A line that is wrong refuses the whole file; the answer names lines and fields.',
          consumes: [TYPE],
          body: z.unknown().meta({ description: 'The bytes of the file' }),
          response: { 201: recording },
        },
      },
      async (request, reply) => {
        const kept = await ruleRecordings.keep(callerOf(request), fileOf(request.body));
        setEtag(reply, ONLY_VERSION);
        return reply.code(201).send(shown(kept));
      },
    );
  });
}

/** A request without a body has none. */
function fileOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function keptRoutes(app: ApiApp, context: RouteContext): void {
  const { ruleRecordings } = context;

  app.get(
    '/rules/recordings',
    {
      config,
      schema: {
        tags,
        summary: 'Recorded files of the caller, newest first',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(recording) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'rules/recordings', caller, request.query);
      const { items, next } = await ruleRecordings.list(caller, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );

  app.delete(
    '/rules/recordings/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Delete a recorded file; a dry run that goes on over it is called off',
        params: z.strictObject({ id: z.string().min(1).max(64) }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await ruleRecordings.remove(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
