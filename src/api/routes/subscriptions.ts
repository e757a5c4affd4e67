import { z } from 'zod';
import { invalid } from '../../core/errors.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, noContent } from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';
import {
  countedSubscription,
  createdSubscription,
  deadDelivery,
  newSubscriptionOf,
  rotatedSecret,
  rotationBody,
  subscriptionInput,
  testBody,
  testResult,
} from './subscription-schemas.ts';

const DEAD_LETTERS_MAX = 500;

const params = z.strictObject({ id: z.string().max(64) });

const tags = ['alerts'];

export const subscriptionRoutes: RoutePart = (app, context) => {
  keepingRoutes(app, context);
  takeOverRoute(app, context);
  testRoutes(app, context);
  deadLetterRoutes(app, context);
};

function keepingRoutes(app: ApiApp, { alerts: { subscriptions, sinks, rules } }: RouteContext): void {
  app.get(
    '/subscriptions',
    {
      config: { right: 'subscriptions.keep' },
      schema: { tags, summary: 'Who is told of alerts', response: { 200: listOf(countedSubscription) } },
    },
    async (request) => {
      const items = await subscriptions.list(callerOf(request));
      return { items: items.map((item) => ({ ...item, url: urlOf(item), version: ONLY_VERSION })) };
    },
  );

  app.post(
    '/subscriptions',
    {
      config: { right: 'subscriptions.keep', oneTimeSecret: 'secret', errors: ['outbound.refused', 'outbound.failed'] },
      schema: {
        tags,
        summary: 'Have alerts sent, such as to a webhook (Standard Webhooks 1.0); the answer carries the secret once',
        body: newSubscriptionOf(sinks),
        response: { 201: createdSubscription },
      },
    },
    async (request, reply) => {
      requireRules(rules(), request.body.rules ?? []);
      const { subscription: made, secret } = await subscriptions.create(
        callerOf(request),
        subscriptionInput(request.body),
      );
      setEtag(reply.code(201), ONLY_VERSION);
      reply.header('location', `/api/v1/subscriptions/${made.id}`);
      return { ...made, url: urlOf(made), version: ONLY_VERSION, ...(secret === null ? {} : { secret }) };
    },
  );

  app.delete(
    '/subscriptions/:id',
    {
      config: { right: 'subscriptions.keep' },
      schema: { tags, summary: 'End a subscription', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await subscriptions.remove(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Errors: `request.invalid` for a name that no rule in force has: it would never be told of anything. */
function requireRules(inForce: readonly { rule: string }[], names: readonly string[]): void {
  const known = new Set(inForce.map(({ rule }) => rule));
  const at = names.findIndex((name) => !known.has(name));
  if (at >= 0) throw invalid(`rules.${at}`, `${names[at]} is no rule in force: see GET /rules`);
}

function takeOverRoute(app: ApiApp, { alerts: { subscriptions } }: RouteContext): void {
  app.post(
    '/subscriptions/:id/take-over',
    {
      config: { right: 'subscriptions.keep' },
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

function testRoutes(app: ApiApp, { alerts: { subscriptionTools } }: RouteContext): void {
  app.post(
    '/subscriptions/:id/test',
    {
      config: { right: 'subscriptions.keep' },
      schema: {
        tags,
        summary: 'See whether it is taken there: sends something that has no effect',
        params,
        body: testBody,
        response: { 200: testResult },
      },
    },
    async (request) => {
      if (request.body?.judge) {
        const checks = await subscriptionTools.judge(callerOf(request), request.params.id);
        const [first] = checks;
        const isTaken = first?.verdict === 'passed';
        return { ...outcomeOf(isTaken), status: first?.status ?? null, reason: isTaken ? null : first!.says, checks };
      }
      const result = await subscriptionTools.test(callerOf(request), request.params.id);
      const { outcome, status } = result;
      return { outcome, status, reason: result.outcome === 'taken' ? null : result.reason };
    },
  );

  app.post(
    '/subscriptions/:id/secret',
    {
      config: { right: 'subscriptions.keep', oneTimeSecret: 'secret' },
      schema: {
        tags,
        summary: 'Give it another secret, with which what is sent is signed beside the one before for a while',
        params,
        body: rotationBody,
        response: { 200: rotatedSecret },
      },
    },
    async (request) => {
      const { secret, overlapHours } = request.body;
      const rotation = secret === undefined ? { overlapHours } : { overlapHours, secret };
      return await subscriptionTools.rotate(callerOf(request), request.params.id, rotation);
    },
  );
}

function outcomeOf(isTaken: boolean) {
  return { outcome: isTaken ? ('taken' as const) : ('failed' as const) };
}

/** Where answers told the address of a webhook before there were other sinks. */
function urlOf({ target }: { target: Readonly<Record<string, unknown>> }): string | null {
  return typeof target.url === 'string' ? target.url : null;
}

function deadLetterRoutes(app: ApiApp, { alerts: { subscriptions } }: RouteContext): void {
  app.get(
    '/subscriptions/:id/dead-letters',
    {
      config: { right: 'subscriptions.keep' },
      schema: { tags, summary: 'What could not be delivered', params, response: { 200: listOf(deadDelivery) } },
    },
    async (request) => {
      const items = await subscriptions.deadLetters(callerOf(request), request.params.id, DEAD_LETTERS_MAX);
      return { items: items.map((item) => ({ ...item, webhookId: item.id })) };
    },
  );

  app.post(
    '/subscriptions/:id/dead-letters',
    {
      config: { right: 'subscriptions.keep' },
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
