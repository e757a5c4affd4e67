import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { AuditEntry } from '../../platform/records/audit.ts';
import type { CheckedRegisters } from '../../platform/records/check/register-check.ts';
import { FAULT_CODES } from '../../platform/records/judge.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['people'];

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

const fault = z.object({
  code: z.enum(FAULT_CODES).meta({
    description:
      '`changed`, `missing`: the row; `cut`, `rewritten`: against a signed checkpoint; `prune-…`: the proof of pruning',
  }),
  row: z.int().meta({ description: 'The first row that does not hold, or has gone' }),
  text: z.string().nullable().meta({
    description: 'In a sentence, which may say what the row says: for who sees the whole country, null for others',
  }),
});

const checkedRegister = z.object({
  register: z.enum(['audit', 'access']),
  rows: z.int().meta({ description: 'Rows that were looked at and hold' }),
  prunedTo: z.int().nullable().meta({ description: 'Up to this row old ones were pruned, with a proof' }),
  unsealed: z.int().meta({ description: 'Rows of the last moments, which cannot be checked yet' }),
  head: z.string().meta({ description: 'Hash of the last row that holds: keep it elsewhere' }),
  vouched: z
    .object({ rows: z.int(), at: moment })
    .nullable()
    .meta({ description: 'The checkpoint with the most rows that the chain bears out' }),
  holds: z.boolean(),
  faults: z.array(fault),
});

const verification = z
  .object({
    state: z.enum(['running', 'done', 'failed']),
    begunAt: moment,
    endedAt: moment.nullable(),
    checked: z.int().meta({ description: 'Rows that were gone through' }),
    total: z.int().meta({ description: 'Rows that there were when it began' }),
    holds: z.boolean().nullable().meta({ description: 'Both registers and all checkpoints; null until it is done' }),
    checkpoints: z.object({ read: z.int(), faults: z.array(z.string()) }),
    registers: z.array(checkedRegister),
    reason: z.string().nullable().meta({ description: 'Why it failed' }),
  })
  .meta({ id: 'RegisterVerification', description: 'A check of the audit trail and the access register, row by row' });

function verified({ begunAtMs, endedAtMs, ...run }: CheckedRegisters): z.output<typeof verification> {
  const registers = run.registers.map((one) => ({ ...one, holds: one.faults.length === 0 }));
  const holds = registers.every((one) => one.holds) && run.checkpoints.faults.length === 0;
  return {
    ...run,
    begunAt: toRfc3339(begunAtMs),
    endedAt: momentOrNull(endedAtMs),
    holds: run.state === 'done' ? holds : null,
    registers,
  };
}

const VERIFYING = { right: 'audit.read' } as const;

export const auditRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  verificationRoutes(app, context);
};

function verificationRoutes(app: ApiApp, { audit: { check } }: RouteContext): void {
  app.post(
    '/audit/verification',
    {
      config: { ...VERIFYING, asksOnly: true },
      schema: {
        tags,
        summary: 'Check both registers row by row, as a job; where one is under way it is joined. It changes nothing',
        body: z.strictObject({}).nullish(),
        response: { 202: verification },
      },
    },
    async (request, reply) => reply.code(202).send(verified(check.begin(callerOf(request)))),
  );

  app.get(
    '/audit/verification',
    {
      config: { ...VERIFYING, errors: ['not-found'] },
      schema: {
        tags,
        summary: 'How far the check of the registers is, or what the last one of this process found',
        response: { 200: verification },
      },
    },
    async (request) => {
      const last = check.last(callerOf(request));
      if (!last) throw new CitywatchError('not-found', { detail: 'The registers were not checked yet.' });
      return verified(last);
    },
  );
}

const readingRoutes: RoutePart = (app, context) => {
  app.get(
    '/audit/keys',
    {
      config: { right: 'audit.read' },
      schema: {
        tags,
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
        tags,
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
