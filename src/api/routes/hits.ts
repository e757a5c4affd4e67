import { z } from 'zod';
import { HANDLINGS } from '../../alerts/desk/tables.ts';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import { callerOf } from '../guards/auth.ts';
import { label, listOf, moment, pageQuery } from '../schemas.ts';
import { alertParams } from './alert-schemas.ts';
import { pageOf, type RoutePart } from './route.ts';

const TEXT_MAX = 500;
const hitFields = {
  alert: z.string(),
  state: z.enum(['raised', 'signed', 'confirmed', 'refuted', 'ordered', 'reported']),
  candidate: z.boolean().meta({ description: 'Only who confirms reads sees it until somebody has' }),
  historical: z.boolean().meta({ description: 'The passage was told more than five minutes after it happened' }),
  covert: z.boolean().meta({ description: 'The vehicle is followed and never stopped' }),
  escalated: z.int().meta({ description: 'How often it was told again because nobody had confirmed it' }),
  raisedAt: moment,
  steps: z.array(
    z.object({
      step: z.enum(['signed', 'confirmed', 'refuted', 'ordered', 'reported']),
      by: z.string(),
      at: moment,
      afterS: z.int().meta({ description: 'Seconds since it was raised' }),
      text: z.string().nullable(),
    }),
  ),
};
const hit = z.object(hitFields).meta({ id: 'Hit' });
const listedHit = z
  .object({
    ...hitFields,
    plate: z.string().meta({ description: 'Masked' }),
    place: z.string().meta({ description: 'The name of what saw it' }),
    jurisdiction: z.string(),
    severity: z.enum(SEVERITIES),
    handling: z.enum(HANDLINGS),
  })
  .meta({ id: 'ListedHit' });
const listParams = z.strictObject({ id: z.string().max(64) });

const noBody = z.strictObject({}).nullish();
const withText = z.strictObject({ text: label(TEXT_MAX) });
const STEPS = {
  sign: { right: 'alerts.handle', summary: 'Sign for a hit (签收)', body: noBody },
  confirm: { right: 'watchlists.confirm', summary: 'Say that its picture shows the wanted vehicle', body: noBody },
  refute: { right: 'watchlists.confirm', summary: 'Say that it is another vehicle; closes the alert', body: withText },
  order: { right: 'alerts.handle', summary: 'Order a unit to stop the vehicle', body: withText },
  report: { right: 'alerts.handle', summary: 'Report what came of it', body: withText },
} as const;

/** What people do with hits on watchlists. */
export const hitRoutes: RoutePart = (app, context) => {
  const { hits, lists } = context.alerts;
  const tags = ['alerts'];

  app.get(
    '/alerts/:id/hit',
    {
      config: { right: 'alerts.read' },
      schema: { tags, summary: 'How a hit on a watchlist stands', params: alertParams, response: { 200: hit } },
    },
    async (request) => hits.get(callerOf(request), request.params.id),
  );

  app.get(
    '/watchlists/:id/hits',
    {
      config: { right: 'watchlists.keep' },
      schema: {
        tags,
        summary: 'Hits on the plates of a list and how they stand, the newest first',
        params: listParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(listedHit) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, `hits of ${request.params.id}`, caller, request.query);
      const { items, next } = await lists.hits(caller, request.params.id, page.request);
      return { items, ...page.seal(next) };
    },
  );

  for (const step of Object.keys(STEPS) as (keyof typeof STEPS)[]) {
    const { right, summary, body } = STEPS[step];
    app.post(
      `/alerts/:id/hit/${step}`,
      {
        config: { right, errors: ['conflict.state'] },
        schema: { tags, summary, params: alertParams, body: body as typeof noBody, response: { 200: hit } },
      },
      async (request) => {
        const { text = null } = (request.body ?? {}) as { text?: string };
        return hits.step(callerOf(request), request.params.id, { step, text });
      },
    );
  }
};
