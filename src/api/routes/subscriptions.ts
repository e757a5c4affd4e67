import { z } from 'zod';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, label, listOf, moment, noContent } from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const KEEPERS = ['admin', 'operator'] as const;
const URL_LENGTH_MAX = 2_000;
const DEAD_LETTERS_MAX = 500;
const HTTP = /^https?:\/\//i;

const params = z.strictObject({ id: z.string().max(64) });

const newSubscription = z.strictObject({
  name: label(128),
  url: z
    .string()
    .max(URL_LENGTH_MAX)
    .refine((text) => HTTP.test(text), 'use an http or https address')
    .meta({ description: 'An http or https address' }),
  jurisdiction,
  severities: z.array(z.enum(SEVERITIES)).min(1).max(SEVERITIES.length).optional(),
  secret: z.string().max(128).optional().meta({ description: 'whsec_…; made by us when absent' }),
});

const subscription = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  jurisdiction: z.string(),
  severities: z.array(z.string()),
  state: z.enum(['active', 'disabled', 'removed']),
  stateReason: z.string().nullable(),
  createdBy: z.string(),
  createdAt: moment,
  version: z.int(),
});

const created = subscription.extend({
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

const counted = subscription.extend({
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

const deadDelivery = z.object({
  webhookId: z.string(),
  alert: z.string(),
  attempts: z.int(),
  raisedAt: moment,
  lastStatus: z.int().nullable(),
  lastError: z.string().nullable(),
});

const tags = ['alerts'];

export const subscriptionRoutes: RoutePart = (app, context) => {
  keepingRoutes(app, context);
  takeOverRoute(app, context);
  deadLetterRoutes(app, context);
};

function keepingRoutes(app: ApiApp, { alerts: { subscriptions } }: RouteContext): void {
  app.get(
    '/subscriptions',
    {
      config: { allow: KEEPERS },
      schema: { tags, summary: 'Who is told of alerts', response: { 200: listOf(counted) } },
    },
    async (request) => {
      const items = await subscriptions.list(callerOf(request));
      return { items: items.map((item) => ({ ...item, version: ONLY_VERSION })) };
    },
  );

  app.post(
    '/subscriptions',
    {
      config: { allow: KEEPERS, oneTimeSecret: 'secret', errors: ['outbound.refused', 'outbound.failed'] },
      schema: {
        tags,
        summary: 'Have alerts sent to a webhook (Standard Webhooks 1.0); the answer carries the secret once',
        body: newSubscription,
        response: { 201: created },
      },
    },
    async (request, reply) => {
      const { subscription: made, secret } = await subscriptions.create(callerOf(request), defined(request.body));
      setEtag(reply.code(201), ONLY_VERSION);
      reply.header('location', `/api/v1/subscriptions/${made.id}`);
      return { ...made, version: ONLY_VERSION, secret };
    },
  );

  app.delete(
    '/subscriptions/:id',
    {
      config: { allow: KEEPERS },
      schema: { tags, summary: 'End a subscription', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await subscriptions.remove(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function takeOverRoute(app: ApiApp, { alerts: { subscriptions } }: RouteContext): void {
  app.post(
    '/subscriptions/:id/take-over',
    {
      config: { allow: KEEPERS },
      schema: {
        tags,
        summary: 'Become the owner of a subscription whose owner is gone',
        params,
        body: z.strictObject({}).nullish(),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await subscriptions.takeOver(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function deadLetterRoutes(app: ApiApp, { alerts: { subscriptions } }: RouteContext): void {
  app.get(
    '/subscriptions/:id/dead-letters',
    {
      config: { allow: KEEPERS },
      schema: { tags, summary: 'What could not be delivered', params, response: { 200: listOf(deadDelivery) } },
    },
    async (request) => ({
      items: await subscriptions.deadLetters(callerOf(request), request.params.id, DEAD_LETTERS_MAX),
    }),
  );

  app.post(
    '/subscriptions/:id/dead-letters',
    {
      config: { allow: KEEPERS },
      schema: {
        tags,
        summary: 'Send the dead letters again',
        params,
        body: z.strictObject({}).nullish(),
        response: { 200: z.object({ count: z.int() }) },
      },
    },
    async (request) => ({ count: await subscriptions.redrive(callerOf(request), request.params.id) }),
  );
}
