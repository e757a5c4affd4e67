import { createHmac, randomBytes } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';

/**
 * Standard Webhooks 1.0: a secret is `whsec_` and base64 of 24 to 64 bytes; the signature is HMAC-SHA256 over
 * `id.timestamp.body`, one per live secret, separated by spaces.
 */
export function createWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function signWebhook(secrets: string[], message: { id: string; timestampS: number; body: string }): string {
  const signed = `${message.id}.${message.timestampS}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}

/** Up to this age of the entry, this pause. */
const PAUSES: { ageMs: number; pauseMs: number }[] = [
  { ageMs: 10_000, pauseMs: 1_000 },
  { ageMs: 60_000, pauseMs: 5_000 },
  { ageMs: 600_000, pauseMs: 20_000 },
  { ageMs: 3_600_000, pauseMs: 60_000 },
  { ageMs: 6 * 3_600_000, pauseMs: 300_000 },
  { ageMs: Number.POSITIVE_INFINITY, pauseMs: 1_800_000 },
];

/** After this long a delivery becomes a dead letter (contract). */
export const RETRY_FOR_MS = 72 * 3_600_000;

/**
 * Pause before the next attempt, a tenth of jitter either way. It grows with the age of the entry, not with the number
 * of attempts: each new entry of the same alert causes one, and must not push the others hours away.
 */
export function retryPauseMs(ageMs: number, random: number): number {
  const step = PAUSES.find((one) => ageMs <= one.ageMs)?.pauseMs ?? 0;
  return Math.round(step * (0.9 + random * 0.2));
}

/** Errors: `request.invalid` for what is no secret after Standard Webhooks. */
export function checkWebhookSecret(secret: string): void {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length;
  if (/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) && bytes >= 24 && bytes <= 64) return;
  const message = 'must be whsec_ followed by the base64 of 24 to 64 random bytes; leave it out to have one made';
  throw new CitywatchError('request.invalid', { issues: [{ path: 'secret', message }] });
}
