import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { caseNumber } from '../../alerts/sinks/receipts.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { keepRawBodies } from '../server/bodies.ts';
import { validatorCompiler } from '../server/validation.ts';
import type { RoutePart } from './route.ts';

const RECEIPT_BYTES_MAX = 4 * 1024;

const params = z.strictObject({ id: z.string().max(64) });

const receipt = z.strictObject({
  delivery: z.string().min(1).max(128).meta({ description: 'The `webhook-id` under which the alert was told' }),
  caseNumber: caseNumber.meta({ description: 'Of the case that was made of it' }),
});

/** Base64 of an HMAC-SHA256 has 44 characters; a receiver has two secrets at most. */
const SIGNATURE_MAX = 512;

/** What receivers say of what they were told. */
export const receiptRoutes: RoutePart = (app, { alerts: { receipts }, rates }) => {
  app.register(async (raw) => {
    keepRawBodies(raw as never, RECEIPT_BYTES_MAX);
    raw.post(
      '/subscriptions/:id/receipts',
      {
        bodyLimit: RECEIPT_BYTES_MAX,
        // The body stays bytes until its signature is known to be right.
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
        config: { public: true, errors: ['auth.required', 'not-found', 'conflict.state'] },
        schema: {
          tags: ['alerts'],
          summary: 'Tell the number of the case that was made of an alert; signed as webhooks are, by the same secret',
          security: [],
          params,
          body: receipt,
          response: { 200: z.object({ isNew: z.boolean().meta({ description: 'False where it was told before' }) }) },
        },
      },
      async (request) => {
        const body = request.body as unknown as Buffer;
        const subscription = (request.params as { id: string }).id;
        try {
          await receipts.verify({ subscription, ...signedIn(request), body });
        } catch (error) {
          if (error instanceof CitywatchError && error.code === 'auth.required') await rates.failedAuth(request);
          throw error;
        }
        return { isNew: await receipts.add({ subscription, ...readReceipt(body) }) };
      },
    );
  });
};

function signedIn({ headers }: FastifyRequest): { id: string; timestampS: number; signature: string } {
  const text = (name: string) => String(headers[name] ?? '');
  const timestamp = text('webhook-timestamp');
  const signature = text('webhook-signature');
  const id = text('webhook-id');
  const isWhole = /^\d{1,12}$/.test(timestamp) && id !== '' && signature.length <= SIGNATURE_MAX;
  if (!isWhole) throw new CitywatchError('auth.required');
  return { id, timestampS: Number(timestamp), signature };
}

function readReceipt(body: Buffer): z.output<typeof receipt> {
  const parsed = receipt.safeParse(parsedOrNull(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'is not right');
}

function parsedOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
