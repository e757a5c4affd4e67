import { createHmac, timingSafeEqual } from 'node:crypto';

export type Verdict = 'right' | 'missing' | 'stale' | 'wrong';

/** How old a delivery may be (Standard Webhooks 1.0 recommends five minutes). */
const AGE_MAX_S = 300;

export interface Delivery {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
  body: Buffer;
}

/**
 * Checks a delivery after Standard Webhooks 1.0: HMAC-SHA256 with the base64 part of `whsec_...` over
 * `id.timestamp.body`. The header may hold several signatures while a secret is being replaced; one right one will do.
 */
export function verifyDelivery(delivery: Delivery, secrets: readonly string[], nowMs: number): Verdict {
  const { id, timestamp, signature, body } = delivery;
  if (!id || !timestamp || !signature) return 'missing';
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > AGE_MAX_S) return 'stale';
  const given = signature.split(' ').flatMap((part) => (part.startsWith('v1,') ? [part.slice(3)] : []));
  const expected = secrets.map((secret) =>
    createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
      .update(`${id}.${timestamp}.`)
      .update(body)
      .digest(),
  );
  const right = given.some((text) => {
    const bytes = Buffer.from(text, 'base64');
    return expected.some((sum) => sum.length === bytes.length && timingSafeEqual(sum, bytes));
  });
  return right ? 'right' : 'wrong';
}
