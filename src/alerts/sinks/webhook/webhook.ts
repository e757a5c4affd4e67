import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../../../core/errors.ts';
import type { HttpAnswer } from '../../../platform/outbound/outbound.ts';
import {
  type Destination,
  SEND_DEADLINE_MS,
  type SendResult,
  type Sink,
  type SinkDeps,
  type SinkEntry,
  type SinkProbe,
  type SinkType,
} from '../sink.ts';
import { createWebhookSecret, isWebhookSecret, signWebhook } from './signature.ts';

const HTTP = /^https?:\/\//i;
const URL_LENGTH_MAX = 2_000;
const SECRET_LENGTH_MAX = 128;
const ANSWER_BYTES_MAX = 64 * 1024;
const SECRET_FORM = 'must be whsec_ followed by the base64 of 24 to 64 random bytes; leave it out to have one made';
const SETTING = 'CITYWATCH_WEBHOOK_NETWORKS';
/** The receiver says it is gone for good (Standard Webhooks: disable the endpoint). */
const GONE = 410;

const WEBHOOK_SETTINGS = {} as const;

interface WebhookTarget {
  [field: string]: unknown;
  url: string;
}

const schema = z.strictObject({
  url: z
    .string()
    .max(URL_LENGTH_MAX)
    .refine((text) => HTTP.test(text), 'use an http or https address')
    .meta({ description: 'An http or https address' }),
  secret: z
    .string()
    .max(SECRET_LENGTH_MAX)
    .refine(isWebhookSecret, SECRET_FORM)
    .optional()
    .meta({ description: 'whsec_…; made by us when absent' }),
});

/** Its networks are no setting of its own: they stand in `networks.webhooks`. */
export const webhook: SinkType<'webhook', typeof WEBHOOK_SETTINGS> = {
  type: 'webhook',
  settings: WEBHOOK_SETTINGS,
  check: async () => [],
  open: (_, deps) => webhookSink(deps),
};

/** Standard Webhooks 1.0: a signed POST, whose status line alone decides. */
function webhookSink(deps: SinkDeps): Sink<WebhookTarget> {
  return {
    type: 'webhook',
    schema,
    secretFields: ['secret'],
    ownSecret: { field: 'secret', make: createWebhookSecret },
    check: ({ url }) => deps.outbound.check({ url, networks: deps.webhooks, setting: SETTING }),
    endpoint: ({ target, secrets }) =>
      createHash('sha256')
        .update(JSON.stringify([target.url, secrets]))
        .digest('hex'),
    send: (entry, to) => post(deps, to, { id: entry.id, body: bodyOf(entry) }),
    test: (probe, to) => post(deps, to, { id: probe.id, body: testBodyOf(probe) }),
  };
}

function bodyOf({ type, at, alert, event }: SinkEntry): string {
  return JSON.stringify({ type, timestamp: at, data: alert, event });
}

function testBodyOf({ id, at }: SinkProbe): string {
  return JSON.stringify({ type: 'subscription.test', timestamp: at, data: null, event: id });
}

async function post(
  { clock, outbound, webhooks }: SinkDeps,
  { target, secrets }: Destination<WebhookTarget>,
  { id, body }: { id: string; body: string },
): Promise<SendResult> {
  const timestampS = Math.floor(clock.nowMs() / 1000);
  try {
    const answer = await outbound.http({
      url: target.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'citywatch',
        'webhook-id': id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': signWebhook(secrets.secret ?? [], { id, timestampS, body }),
      },
      body,
      deadlineMs: SEND_DEADLINE_MS,
      maxBytes: ANSWER_BYTES_MAX,
      statusOnly: true,
      networks: webhooks,
      setting: SETTING,
    });
    return resultOf(answer, clock.nowMs());
  } catch (error) {
    return { outcome: 'failed', status: null, reason: messageOf(error), retryable: true, retryAfterMs: null };
  }
}

function resultOf({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>, nowMs: number): SendResult {
  if (status >= 200 && status < 300) return { outcome: 'taken', status };
  if (status === GONE) return { outcome: 'gone', status, reason: 'The receiver answered 410 Gone.' };
  const redirect = ', a redirect, which is not followed: make a subscription with the address it leads to.';
  const reason = `The receiver answered with status ${status}${status >= 300 && status < 400 ? redirect : '.'}`;
  return { outcome: 'failed', status, reason, retryable: true, retryAfterMs: pauseAskedFor(headers, nowMs) };
}

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3). */
function pauseAskedFor(headers: HttpAnswer['headers'], nowMs: number): number | null {
  const text = String(headers['retry-after'] ?? '');
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const untilMs = Date.parse(text);
  return Number.isNaN(untilMs) ? null : Math.max(0, untilMs - nowMs);
}
