import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { AuditEntry } from '../../platform/records/audit.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, moment, pageQuery } from '../schemas.ts';
import { pageOf, type RoutePart } from './route.ts';

const query = z.strictObject({
  subject: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ examples: ['device/kiosk-7'] }),
  ...pageQuery,
});

const entry = z.object({
  seq: z.int(),
  at: moment,
  caller: z.object({ type: z.string(), id: z.string(), name: z.string() }),
  action: z.string(),
  subject: z.string(),
  jurisdiction: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  requestId: z.string().nullable(),
});

function answer({ atMs, callerType, callerId, callerName, ...rest }: AuditEntry): z.output<typeof entry> {
  return { ...rest, at: toRfc3339(atMs), caller: { type: callerType, id: callerId, name: callerName } };
}

const key = z.object({
  id: z.string().meta({ description: '`key` of the lines that it signed' }),
  pem: z.string().meta({ description: 'Ed25519, SubjectPublicKeyInfo' }),
});

export const auditRoutes: RoutePart = (app, context) => {
  app.get(
    '/audit/keys',
    {
      config: { right: 'audit.read' },
      schema: {
        tags: ['people'],
        summary: 'The public keys by which checkpoints of the registers are verified, the present one last',
        response: { 200: z.object({ items: z.array(key) }) },
      },
    },
    async () => ({ items: await context.audit.keys() }),
  );

  app.get(
    '/audit',
    {
      config: { right: 'audit.read' },
      schema: {
        tags: ['people'],
        summary: 'Who changed what; reading this leaves an entry in the access register',
        querystring: query,
        response: { 200: listOf(entry) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit, subject } = request.query;
      const page = pageOf(context, 'audit', caller, request.query);
      const beforeSeq = page.request.after === undefined ? undefined : Number(page.request.after);
      const entries = await context.audit.list(caller, { limit, subject, beforeSeq });
      const last = entries.length < limit ? undefined : entries.at(-1);
      return { items: entries.map(answer), ...page.seal(last ? String(last.seq) : null) };
    },
  );
};
