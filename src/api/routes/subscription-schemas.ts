import { z } from 'zod';
import { LEVELS, type Level } from '../../alerts/ladder/levels.ts';
import type { SubscriptionInput } from '../../alerts/route/subscriptions.ts';
import { type AlertClass, CLASSES } from '../../alerts/rules/classes.ts';
import { SEVERITIES, type Severity } from '../../alerts/rules/rules.ts';
import type { TargetFields } from '../../alerts/sinks/sink.ts';
import { jurisdiction, label, moment, policeLimit, policeLimited } from '../schemas.ts';
import { defined, type RouteContext } from './route.ts';

/** Fields of this sink's target may also stand beside the name: before there were other sinks, they did. */
const SHORT_FORM_OF = 'webhook';

const RULES_MAX = 200;
const DEPARTMENTS_MAX = 64;

type KnownSinks = RouteContext['alerts']['sinks'];

interface NewSubscription {
  name: string;
  jurisdiction: string;
  police?: string | null | undefined;
  severities?: Severity[] | undefined;
  classes?: AlertClass[] | undefined;
  confirms?: boolean | undefined;
  level?: Level | undefined;
  rules?: string[] | undefined;
  departments?: string[] | undefined;
  type?: string | undefined;
  target?: TargetFields | undefined;
  url?: string | undefined;
  secret?: string | undefined;
}

/** What a subscription is made of. Its target is checked by the schema of the sink that `type` names. */
export function newSubscriptionOf(sinks: KnownSinks) {
  const { url, secret } = sinks.get(SHORT_FORM_OF)!.schema.shape as { url: z.ZodString; secret: z.ZodString };
  const targets = [...sinks.values()].map(({ schema }) => z.toJSONSchema(schema, { io: 'input' }));
  return z
    .strictObject({
      name: label(128),
      type: z
        .enum([...sinks.keys()])
        .optional()
        .meta({ description: `How they are sent; ${SHORT_FORM_OF} when absent` }),
      target: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: 'Where they are sent, by `type`', anyOf: targets }),
      url: url.optional().meta({ description: 'Of a webhook, instead of `target`: an http or https address' }),
      secret: secret.optional().meta({ description: 'Beside `url`: whsec_…; made by us when absent' }),
      jurisdiction,
      police: policeLimit.optional(),
      severities: z.array(z.enum(SEVERITIES)).min(1).max(SEVERITIES.length).optional(),
      classes: z
        .array(z.enum(CLASSES))
        .min(1)
        .max(CLASSES.length)
        .optional()
        .meta({ description: 'What rings the police desk when absent' }),
      confirms: z.boolean().optional().meta({
        description: 'Tell it of uncertain reads of wanted plates as well, which are for the confirming desk alone',
      }),
      rules: z
        .array(label(64))
        .min(1)
        .max(RULES_MAX)
        .optional()
        .meta({ description: 'Names of rules: of their alerts alone' }),
      departments: z.array(label(64)).min(1).max(DEPARTMENTS_MAX).optional().meta({
        description:
          'Ids of departments: of alerts alone that concern one of them, by their rule or by the owner of their device',
      }),
      level: z.enum(LEVELS).optional().meta({
        description: '`county`, `city`: only of alerts that nobody below took in time; of all at once when absent',
      }),
    })
    .check(({ value, issues }) => {
      issues.push(...problemsOf(sinks, value));
    });
}

/** The same in its long form. */
export function subscriptionInput({ url, secret, target, type, ...rest }: NewSubscription): SubscriptionInput {
  return { ...defined(rest), type: type ?? SHORT_FORM_OF, target: target ?? defined({ url, secret }) };
}

function problemsOf(sinks: KnownSinks, value: NewSubscription): z.core.$ZodRawIssue[] {
  const isShort = value.target === undefined;
  const wrong = (field: string, message: string) => [{ code: 'custom' as const, path: [field], message, input: value }];
  if (!isShort && (value.url ?? value.secret) !== undefined) {
    return wrong('target', 'stands for `url` and `secret`: send it or them');
  }
  const { type, target } = subscriptionInput(value);
  if (isShort && type !== SHORT_FORM_OF)
    return wrong('target', `is needed: what a subscription of type ${type} is sent to`);
  const found = sinks.get(type)?.schema.safeParse(target);
  return (found?.error?.issues ?? []).map((issue) => ({
    ...(issue as z.core.$ZodRawIssue),
    path: isShort ? issue.path : ['target', ...issue.path],
  }));
}

export const subscription = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string().meta({ description: 'How they are sent, such as `webhook`' }),
  target: z.record(z.string(), z.unknown()).meta({ description: 'Where they are sent, without what is secret' }),
  url: z.string().nullable().meta({ description: '`target.url` of a webhook; null of others' }),
  jurisdiction: z.string(),
  police: policeLimited,
  severities: z.array(z.string()),
  level: z.enum(LEVELS).meta({ description: 'From which level on it is told' }),
  rules: z.array(z.string()).nullable().meta({ description: 'Null: all' }),
  departments: z.array(z.string()).nullable().meta({ description: 'Ids; null: alerts of all' }),
  classes: z.array(z.enum(CLASSES)).nullable().meta({ description: 'Null: what rings the police desk' }),
  state: z.enum(['active', 'disabled', 'removed']),
  stateReason: z.string().nullable(),
  createdBy: z.string(),
  createdAt: moment,
  previousSecretUntil: moment
    .nullable()
    .meta({ description: 'Until then the secret before the present one signs too; null where there was none' }),
  version: z.int(),
});

export const createdSubscription = subscription.extend({
  secret: z.string().optional().meta({ description: 'Of a webhook; shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

export const countedSubscription = subscription.extend({
  owner: z.string(),
  ownerless: z
    .boolean()
    .meta({ description: 'The account or token of its owner has ended; it goes on until somebody takes it over' }),
  lastStatus: z.int().nullable(),
  lastError: z
    .string()
    .nullable()
    .meta({ description: 'Why the newest delivery that was tried still waits; null while nothing fails' }),
  counts: z
    .record(z.string(), z.int())
    .meta({ description: 'waiting, delivered, dead, withheld; together all that was raised for it' }),
});

export const deadDelivery = z.object({
  id: z.string().meta({ description: 'The same in every try' }),
  webhookId: z.string().meta({ description: 'The same as `id`: the header `webhook-id` of a webhook' }),
  alert: z.string(),
  attempts: z.int(),
  raisedAt: moment,
  lastStatus: z.int().nullable(),
  lastError: z.string().nullable(),
});

export const testBody = z
  .strictObject({
    judge: z.boolean().optional().meta({
      description: 'Also send it again, and forged, changed and old, and say what the receiver makes of these',
    }),
  })
  .nullish();

const OVERLAP_HOURS_MAX = 168;

export const rotationBody = z.strictObject({
  secret: z.string().max(128).optional().meta({ description: 'whsec_…; made by us when absent' }),
  overlapHours: z
    .int()
    .min(0)
    .max(OVERLAP_HOURS_MAX)
    .default(24)
    .meta({ description: 'For how long the secret before signs too' }),
});

export const rotatedSecret = z.object({
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
  previousUntil: moment,
});

const receiverCheck = z.object({
  name: z.enum(['taken', 'again', 'wrong-signature', 'no-signature', 'changed-body', 'old-timestamp']),
  verdict: z.enum(['passed', 'failed', 'unclear']),
  status: z.int().nullable(),
  says: z.string().meta({ description: 'What that means, and what to do about it' }),
});

export const testResult = z.object({
  outcome: z.enum(['taken', 'failed', 'gone']),
  status: z.int().nullable().meta({ description: 'By the protocol of the sink, such as that of HTTP' }),
  reason: z.string().nullable().meta({ description: 'Why it was not taken; null where it was' }),
  checks: z.array(receiverCheck).optional().meta({ description: 'With `judge`: what the receiver did, one by one' }),
});
