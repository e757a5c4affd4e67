import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Standard Webhooks 1.0: a secret is `whsec_` and base64 of 24 to 64 bytes; the signature is HMAC-SHA256 over
 * `id.timestamp.body`, one per live secret, separated by spaces.
 */
export function createWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function signWebhook(
  secrets: readonly string[],
  message: { id: string; timestampS: number; body: string },
): string {
  const signed = `${message.id}.${message.timestampS}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}

/** Whether one of these secrets made one of the signatures, over the bytes as they came. */
export function isSignedWebhook(
  secrets: readonly string[],
  { id, timestampS, body }: { id: string; timestampS: number; body: Buffer },
  signature: string,
): boolean {
  const given = signature
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? Buffer.from(one.slice(3), 'base64') : []));
  const made = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return createHmac('sha256', key).update(`${id}.${timestampS}.`).update(body).digest();
  });
  return made.some((mac) => given.some((one) => one.length === mac.length && timingSafeEqual(one, mac)));
}

export function isWebhookSecret(secret: string): boolean {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length;
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) && bytes >= 24 && bytes <= 64;
}
