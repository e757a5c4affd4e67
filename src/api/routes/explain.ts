import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { MessageStory } from '../../ingest/explain/messages.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, inOrder, instant, listOf, moment } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const count = z.int().nonnegative();
const counts = { total: count, deadLettered: count, waiting: count };
const epoch = z.object({
  id: z.string().meta({ description: 'The incarnation of the journal, which its receipts end with' }),
  since: moment,
  countedBy: z.enum(['journal', 'ledger']).meta({ description: 'Who says how much was taken in' }),
});

const ledger = z.object({
  asOf: z.array(z.string()).meta({ description: 'The journal positions the counts are true at' }),
  balanced: z.boolean(),
  epoch: epoch.meta({ description: 'What the rows are of' }),
  epochs: z.array(epoch).meta({ description: 'All, oldest first; `citywatch adopt` begins one' }),
  rows: z.array(
    z.object({
      kind: z.string(),
      jurisdiction: z.string(),
      messages: z.object({ ...counts, decoded: count }),
      records: z.object({ ...counts, stored: count, duplicate: count }),
      difference: z.int().meta({ description: 'Messages accounted for nowhere; anything but 0 is an alert' }),
    }),
  ),
});

const receiptId = z
  .string()
  .regex(/^[a-z]{1,16}-\d{1,16}(-[0-9a-f]{8})?$/, 'is not a receipt, such as live-12345-3f9a0c1d');

const messageQuery = z
  .strictObject({
    id: receiptId.optional(),
    device: deviceId.optional(),
    from: instant.optional(),
    to: instant.optional(),
  })
  .check(inOrder())
  .superRefine(({ id, ...range }, context) => {
    const fields = ['device', 'from', 'to'] as const;
    const given = fields.filter((field) => range[field] !== undefined);
    if (id === undefined ? given.length === fields.length : given.length === 0) return;
    const either = 'send either `id`, or `device`, `from` and `to`';
    const missing = id === undefined && given.length > 0 ? fields.filter((field) => !given.includes(field)) : [];
    for (const field of missing) context.addIssue({ code: 'custom', path: [field], message: `is missing: ${either}` });
    if (missing.length === 0) context.addIssue({ code: 'custom', message: either });
  });

const story = z.object({
  receipt: z.string(),
  device: z.string(),
  uplink: z.string(),
  channel: z.string(),
  receivedAt: moment,
  stages: z.array(
    z.object({ stage: z.string(), outcome: z.string(), detail: z.string().optional(), at: moment.optional() }),
  ),
});

function storyAnswer({ receivedAtMs, stages, ...rest }: MessageStory): z.output<typeof story> {
  const printed = stages.map(({ atMs, ...stage }) => ({
    ...stage,
    ...(atMs === undefined ? {} : { at: toRfc3339(atMs) }),
  }));
  return { ...rest, receivedAt: toRfc3339(receivedAtMs), stages: printed };
}

export const explainRoutes: RoutePart = (app, context) => {
  const { ledger: books, messages, heavy } = context;
  const tags = ['explain'];

  app.get(
    '/ledger',
    {
      config: { right: 'explain.read' },
      schema: {
        tags,
        summary: 'Whether everything received is accounted for',
        querystring: z.strictObject({
          epoch: z
            .string()
            .regex(/^[0-9a-f]{8}$/)
            .optional(),
        }),
        response: { 200: ledger },
      },
    },
    async (request) => books.balance(callerOf(request), request.query.epoch),
  );

  app.get(
    '/messages',
    {
      config: { right: 'explain.read' },
      schema: { tags, summary: 'What became of it', querystring: messageQuery, response: { 200: listOf(story) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id, device, from, to } = request.query;
      const found = await heavy.run(caller, async () => {
        if (id !== undefined) return [await messages.byReceipt(caller, id)];
        return messages.byDevice(caller, device!, from!, to!);
      });
      return { items: found.filter((each) => each !== null).map(storyAnswer) };
    },
  );
};
