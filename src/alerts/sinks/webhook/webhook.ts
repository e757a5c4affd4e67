import { createHash } from 'node:crypto';
import { z } from 'zod';
import { objectIn, type Posted, post } from '../http/post.ts';
import { caseNumberIn } from '../receipts.ts';
import type { Destination, SendResult, Sink, SinkDeps, SinkEntry, SinkProbe, SinkType } from '../sink.ts';
import { judgeReceiver, type ReceiverAsked } from './judge.ts';
import { createWebhookSecret, isWebhookSecret, signWebhook } from './signature.ts';

const HTTP = /^https?:\/\//i;
const URL_LENGTH_MAX = 2_000;
const SECRET_LENGTH_MAX = 128;
const SECRET_FORM = 'must be whsec_ followed by the base64 of 24 to 64 random bytes; leave it out to have one made';
const SETTING = 'CITYWATCH_WEBHOOK_NETWORKS';

const WEBHOOK_SETTINGS = {} as const;

interface WebhookTarget {
  [field: string]: unknown;
  url: string;
}

/** Fields of every target that is signed by Standard Webhooks. */
export const SIGNED_FIELDS = {
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
};

const schema = z.strictObject(SIGNED_FIELDS);

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
    ...signedParts(deps),
    send: async (entry, to) => {
      const posted = await postSigned(deps, to, { id: entry.id, body: bodyOf(entry) });
      return withReceipt(posted, entry);
    },
    test: async (probe, to) => (await postSigned(deps, to, { id: probe.id, body: testBodyOf(probe) })).result,
    judge: (probe, to) => judging(deps, to, { id: probe.id, body: testBodyOf(probe) }),
  };
}

/** What sinks have in common that post what they sign. */
export function signedParts({ outbound, webhooks }: SinkDeps) {
  return {
    secretFields: ['secret'],
    ownSecret: { field: 'secret', make: createWebhookSecret },
    check: ({ url }: { url: string }) => outbound.check({ url, networks: webhooks, setting: SETTING }),
    endpoint: ({ target, secrets }: Destination): string =>
      createHash('sha256')
        .update(JSON.stringify([target.url, secrets]))
        .digest('hex'),
  };
}

/** How a receiver treats this message, repeated, forged and old. */
export function judging(deps: SinkDeps, to: Destination, message: SignedMessage) {
  const post = (each: Parameters<ReceiverAsked['post']>[0]) => postRaw(deps, to, each);
  return judgeReceiver(message, { nowMs: () => deps.clock.nowMs(), post }, to);
}

function bodyOf({ type, at, alert, event }: SinkEntry): string {
  return JSON.stringify({ type, timestamp: at, data: alert, event });
}

function testBodyOf({ id, at }: SinkProbe): string {
  return JSON.stringify({ type: 'subscription.test', timestamp: at, data: null, event: id });
}

/** What is sent under an id, signed by each live secret. */
export interface SignedMessage {
  id: string;
  body: string;
  /** JSON when absent. */
  contentType?: string;
}

export function postSigned(deps: SinkDeps, to: Destination, { id, body, contentType }: SignedMessage): Promise<Posted> {
  const timestampS = Math.floor(deps.clock.nowMs() / 1000);
  const headers = {
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signWebhook(to.secrets.secret ?? [], { id, timestampS, body }),
  };
  return postRaw(deps, to, { headers, body });
}

function postRaw(
  { clock, outbound, webhooks }: SinkDeps,
  { target }: Destination,
  { headers, body, deadlineMs }: { headers: Record<string, string>; body: string; deadlineMs?: number },
): Promise<Posted> {
  const url = String(target.url);
  const request = { url, headers: { 'content-type': 'application/json', ...headers }, body, networks: webhooks };
  const limited = deadlineMs === undefined ? request : { ...request, deadlineMs };
  return post(outbound, { ...limited, setting: SETTING }, () => clock.nowMs());
}

/** With the case number that the receiver answered with, if it did; never to the news of a case number itself. */
function withReceipt({ result, body }: Posted, { type }: SinkEntry): SendResult {
  if (result.outcome !== 'taken' || type === 'alert.receipt') return result;
  const caseNumber = caseNumberIn(objectIn(body));
  return caseNumber === null ? result : { ...result, caseNumber };
}
