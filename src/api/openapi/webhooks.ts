import { alertWebhook } from '../routes/alert-schemas.ts';

function header(name: string, description: string) {
  return { name, in: 'header' as const, required: true, description, schema: { type: 'string' as const } };
}

/** What the gateway sends by itself, as the OpenAPI document describes it. */
export const WEBHOOKS = {
  alert: {
    post: {
      operationId: 'onAlert',
      tags: ['alerts'],
      summary: 'An entry of the log of alerts, sent to a subscription (Standard Webhooks 1.0)',
      description: '`POST /subscriptions/{id}/test` sends the same with the type `subscription.test` and `data` null.',
      security: [],
      parameters: [
        header('webhook-id', 'The same in every try, and for this subscription only: do the same id once'),
        header('webhook-timestamp', 'Unix time of this try in seconds'),
        header('webhook-signature', '`v1,` and the HMAC-SHA256 in base64 of `<id>.<timestamp>.<body>`, by each secret'),
      ],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${alertWebhook.meta()?.id}` } } },
      },
      responses: {
        '2XX': { description: 'Taken, whatever the body' },
        '410': { description: 'Never send here again: the subscription ends' },
        default: { description: 'Not taken: tried again for 72 h, then kept as a dead letter' },
      },
    },
  },
};
